import type {
  CompetitorInput,
  MarketValidationInput,
  MonetizationPatternInput,
  OpportunityScoreInput,
} from '../records/enrichment/enrichment.record.js';
import type { LoadRecord } from '../records/load-record.js';
import type { OpportunityInput, ProfileInput } from '../records/table-records.js';
import type {
  CompetitorEntity,
  MarketValidationEntity,
  MonetizationPatternEntity,
  OpportunityScoreEntity,
} from './enrichment/index.js';
import type { OpportunityEntity } from './opportunity.entity.js';
import type { SubmissionEntity } from './submission.entity.js';

/** The records of an entity: any object where only the name of its table is known. */
export type RecordOf<E extends object> = string extends keyof E
  ? object
  : E extends OpportunityEntity
    ? OpportunityInput
    : E extends SubmissionEntity
      ? ProfileInput
      : E extends OpportunityScoreEntity
        ? OpportunityScoreInput
        : E extends MonetizationPatternEntity
          ? MonetizationPatternInput
          : E extends MarketValidationEntity
            ? MarketValidationInput
            : E extends CompetitorEntity
              ? CompetitorInput
              : LoadRecord<E>;
