import type { LoadRecord } from '../records/load-record.js';
import type { OpportunityInput, ProfileInput } from '../records/table-records.js';
import type { OpportunityEntity } from './opportunity.entity.js';
import type { SubmissionEntity } from './submission.entity.js';

/** The records of an entity: any object where only the name of its table is known. */
export type RecordOf<E extends object> = string extends keyof E
  ? object
  : E extends OpportunityEntity
    ? OpportunityInput
    : E extends SubmissionEntity
      ? ProfileInput
      : LoadRecord<E>;
