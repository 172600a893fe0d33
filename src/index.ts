export {
  CapturedBefore,
  ExtraFields,
  HistoryPeriodEntity,
  LoadBatchEntity,
  LoadedRow,
  LoadEntity,
  LoadId,
  LoadShardEntity,
  type LoadStatus,
  NewerBy,
  OnUnknownFields,
  OpportunityEntity,
  Preserved,
  RejectedRecordEntity,
  storageEntities,
  SubmissionEntity,
  type UnknownFields,
  UpdatedAt,
} from './entities/index.js';
export {
  CompetitorEntity,
  enrichmentEntities,
  MarketValidationEntity,
  MonetizationPatternEntity,
  OpportunityScoreEntity,
} from './entities/enrichment/index.js';
export {
  ERROR_CODES,
  type ErrorCodeEntry,
  InvalidLoadError,
  LoadFailedError,
  LoadInterruptedError,
  LoadStoppedError,
  RejectLimitExceededError,
  type SchemaDifference,
  type SchemaDifferenceKind,
  SchemaMismatchError,
  StorageError,
  type StorageErrorCode,
} from './errors/index.js';
export type { CsvOptions } from './files/csv/csv-reader.js';
export type { Encoding } from './files/encoding.js';
export { type OpenedSource, openSource } from './files/open-source.js';
export { type FileRecords, readRecords, type ReadRecordsOptions } from './files/read-records.js';
export type { FileFormat } from './files/record-reader.js';
export { EnrichmentStoreService } from './enrichment/enrichment-store.service.js';
export { type HybridOptions, HybridStoreService } from './hybrid/hybrid-store.service.js';
export {
  type CombinedEntities,
  CombinedLoader,
  type CombineOptions,
  type EntityOf,
  type PartOf,
  type SplitRecord,
} from './loader/combined-loader.js';
export type { BufferOptions, CombinedBufferOptions } from './loader/buffer/buffer-options.js';
export { type BufferedOutcome, RecordBuffer } from './loader/buffer/record-buffer.js';
export { EntityLoader } from './loader/entity-loader.js';
export type { LoadTarget } from './loader/plan/load-plans.js';
export type { CombinedOptions } from './loader/model/combined-options.js';
export type { HistoryMode, LoadOptions, OnRowsOptions, ReturningOptions } from './loader/model/load-options.js';
export type {
  AnyOutcome,
  CombinedOutcome,
  DeletedOutcome,
  LoadResultWithRows,
  OutcomeBase,
  RejectedOutcome,
  RowOutcome,
  SkipReason,
  SkippedOutcome,
  StoredOutcome,
  StoredRecord,
  WrittenOutcome,
} from './loader/model/row-outcome.js';
export type {
  BatchCounts,
  BatchFailure,
  BatchLoadResult,
  CombinedBatchResult,
  CombinedResult,
  Disposition,
  HybridBatchResult,
  HybridResult,
  LoadReport,
  LoadResult,
  RejectSummary,
  Shard,
  ShardReport,
} from './results/load-result.js';
export type { UpsertConflict, UpsertEntities, UpsertResult } from './loader/upsert/upsert-entities.js';
export { LoaderService } from './loader/loader.service.js';
export type { RecordOf } from './entities/record-of.js';
export type {
  CompetitorInput,
  EnrichmentParts,
  EnrichmentRecord,
  MarketValidationInput,
  MonetizationPatternInput,
  OpportunityScoreInput,
} from './records/enrichment/enrichment.record.js';
export { CompetitorRecord } from './records/enrichment/competitor.record.js';
export { MarketValidationRecord } from './records/enrichment/market-validation.record.js';
export { MonetizationPatternRecord } from './records/enrichment/monetization-pattern.record.js';
export { OpportunityScoreRecord } from './records/enrichment/opportunity-score.record.js';
export type { HybridRecord } from './records/hybrid.record.js';
export type {
  FieldValue,
  InEitherCase,
  LoadRecord,
  ObjectFields,
  ReferenceKey,
  SnakeCase,
} from './records/load-record.js';
export type { AsyncRecordSource, RecordSource } from './records/record-source.js';
export type { LoadedFields, OpportunityAliases, OpportunityInput, ProfileInput } from './records/table-records.js';
export { RecordRejectedError } from './records/record-rejected.error.js';
export { OpportunityRecord } from './records/opportunity.record.js';
export { ProfileRecord } from './records/profile.record.js';
export { REJECT_REASONS, type RejectReason, type RejectRule, type Sqlstate } from './records/reject-reasons.js';
export type { JsonMember, JsonRecord, Reading, Rejection, SourceRecord } from './records/source-record.js';
export {
  Aliases,
  EpochSeconds,
  FillsFrom,
  LoadsFrom,
  type RecordClass,
  SkipWhenAbsent,
} from './records/record-decorators.js';
export type { CsvDialect, ExportFormat } from './quarantine/export-lines.js';
export type { QuarantinedRecord } from './quarantine/quarantined-record.js';
export type { PurgeResult, ReasonCount } from './quarantine/quarantine-store.js';
export type { RejectFilter, RejectListFilter } from './quarantine/reject-filter.js';
export { QuarantineService, type ReplayFilter } from './replay/quarantine.service.js';
export type { LeftRecords, RejectedAgain, ReplayedLoad, ReplayResult } from './results/replay-result.js';
export type { StoppedResult } from './results/stopped-result.js';
export type { ReplayOptions } from './replay/replay-run.js';
export type { LoadingRepository } from './repositories/loading-repository.js';
export { OpportunityRepository } from './repositories/opportunity.repository.js';
export { ProfileRepository } from './repositories/profile.repository.js';
export type { SchemaReport } from './schema/check-schema.js';
export type { ColumnShape, PromotedType } from './schema/propose/alter/column-types.js';
export type { EntitySource, EntityTargetNames } from './schema/propose/source/entity-source.js';
export {
  type FieldPromotion,
  type LeftInExtra,
  promoteFields,
  returnFields,
} from './schema/propose/alter/promote-fields.js';
export type { MigrationFile, MigrationOptions, MigrationTarget } from './schema/propose/source/migration-source.js';
export type { PromotedField } from './schema/propose/alter/move-statements.js';
export { KEEP_REASONS, type KeepReason } from './schema/propose/columns/keep-reasons.js';
export type { ProposeOptions, WidenOptions } from './schema/propose/columns/propose-options.js';
export type {
  FieldColumn,
  FieldCounts,
  FieldProposal,
  KeptField,
  ProposalSubject,
  SchemaProposal,
} from './schema/propose/columns/schema-proposal.js';
export type { ColumnRejections } from './schema/propose/widen/rejected-values.js';
export {
  narrowColumns,
  type TableWidening,
  widenColumns,
  type WidenedColumn,
  type WideningMethod,
} from './schema/propose/alter/widen-columns.js';
export type { ColumnWideningProposal, WideningProposal } from './schema/propose/widen/widening-proposal.js';
export {
  type MigrationSource,
  writeMigration,
  type WrittenMigration,
} from './schema/propose/source/write-migration.js';
export { SchemaService } from './schema/schema.service.js';
export type { LoadCounts } from './results/load-counts.js';
export type { HistoryFilter } from './stats/history-filter.js';
export type { HistoryEntry, HistoryPeriod } from './stats/load-history.js';
export type { HistoryPurgeOptions, HistoryPurgeResult } from './stats/history-purge.js';
export type { ShardEntry } from './stats/shards/shard-history.js';
export type { LoadProgress, ProgressFilter } from './stats/load-progress.js';
export type { StorageAsyncOptions } from './module/storage.module-definition.js';
export { LoadStats, type LoadStatistics, type StatsSnapshot } from './stats/load-stats.js';
export { LoadStatsService } from './stats/load-stats.service.js';
export type { LoaderModuleOptions, LogsMode, MigrationsMode, StorageModuleOptions } from './module/storage-options.js';
export { EnrichmentModule } from './module/enrichment.module.js';
export { StorageExceptionFilter } from './module/storage-exception.filter.js';
export {
  type StorageFeatureOptions,
  StorageModule,
  type StorageRootAsyncOptions,
  type StorageRootOptions,
} from './module/storage.module.js';
export {
  getLoaderToken,
  getStorageDataSourceName,
  getStorageToken,
  InjectLoader,
  InjectStorage,
} from './module/storage-tokens.js';
export { enrichmentMigrations, storageMigrations } from '../migrations/index.js';
