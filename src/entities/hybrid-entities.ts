import { OpportunityEntity } from './opportunity.entity.js';
import { SubmissionEntity } from './submission.entity.js';

/** The entities of a hybrid load, in the order their tables are written and counted: no two loads deadlock. */
export const HYBRID_ENTITIES = [OpportunityEntity, SubmissionEntity];
