import { LoadBatchEntity } from './load-batch.entity.js';
import { HistoryPeriodEntity } from './history-period.entity.js';
import { HYBRID_ENTITIES } from './hybrid-entities.js';
import { HYBRID, LoadEntity } from './load.entity.js';
import { LoadShardEntity } from './load-shard.entity.js';
import { OpportunityEntity } from './opportunity.entity.js';
import { RejectedRecordEntity } from './rejected-record.entity.js';
import { SubmissionEntity } from './submission.entity.js';

export { CapturedBefore, ExtraFields, LoadId, NewerBy, Preserved, UpdatedAt } from './column-roles.js';
export { LoadedRow } from './loaded-row.js';
export {
  HistoryPeriodEntity,
  HYBRID,
  HYBRID_ENTITIES,
  LoadBatchEntity,
  LoadEntity,
  LoadShardEntity,
  OpportunityEntity,
  RejectedRecordEntity,
  SubmissionEntity,
};
export { OnUnknownFields, type UnknownFields } from './unknown-fields.js';
export type { LoadStatus } from './load.entity.js';

/** The entities of the history of loads and of the quarantine. */
export const ledgerEntities = [LoadEntity, LoadBatchEntity, LoadShardEntity, RejectedRecordEntity, HistoryPeriodEntity];

/** All entities of this package, for the `entities` of your own DataSource. */
export const storageEntities = [OpportunityEntity, SubmissionEntity, ...ledgerEntities];
