import type { DataSource, EntityManager } from 'typeorm';

import { HistoryPeriodEntity, RejectedRecordEntity, type UnknownFields } from '../../entities/index.js';
import { poolSizeOf, quotedTableOf } from '../../postgres/data-source.js';
import { HistoryGap } from '../../stats/history-gap.js';
import { LoadKeys } from '../../stats/load-keys.js';
import { ledgerTablesOf } from '../../stats/ledger-tables.js';
import { LoadLedger } from '../../stats/load-ledger.js';
import { LoadShards } from '../../stats/shards/load-shards.js';
import type { LoadStats } from '../../stats/load-stats.js';
import type { LoadContext, LoadLogger } from '../model/load-context.js';
import type { RecordThreads } from '../model/record-threads.js';
import type { RetryLimits } from '../../postgres/with-retry.js';
import type { TransactionLimits } from '../../postgres/with-transaction.js';
import type { ReportedResult } from '../../results/load-result.js';
import type { LoadJob } from '../model/load-job.js';
import type { HistoryMode, ReportingLoadOptions, ResolvedLoadOptions } from '../model/load-options.js';
import type { LoadPlan } from '../model/load-plan.js';
import type { LoadTarget } from '../plan/load-plans.js';
import type { ResultShape } from './result-shapes.js';

/** Settings of every load of a module. */
export interface LoaderSettings {
  readonly batchSize: number;
  readonly parallelism: number;
  readonly unknownFields: UnknownFields;
  readonly history: HistoryMode;
  readonly retry: RetryLimits;
  readonly limits: TransactionLimits;
}

/** What all loads of a module share. */
export function contextOf(
  dataSource: DataSource,
  stats: LoadStats,
  { retry, limits, parallelism }: LoaderSettings,
  threads: RecordThreads,
  logger: LoadLogger,
  shutdown: AbortSignal,
): LoadContext {
  const tables = ledgerTablesOf(dataSource);
  const ledger = new LoadLedger(tables);
  const shards = new LoadShards(tables, ledger);
  return {
    dataSource,
    stats,
    ledger,
    shards,
    loadKeys: new LoadKeys(tables, shards),
    historyGap: new HistoryGap(quotedTableOf(dataSource, HistoryPeriodEntity)),
    rejectedTable: quotedTableOf(dataSource, RejectedRecordEntity),
    retry,
    parallelism: Math.min(parallelism, Math.max(1, poolSizeOf(dataSource) - 1)),
    limits,
    threads,
    logger,
    shutdown,
  };
}

/** Makes a job of the plans of its tables and the options of the call. */
export type JobFactory = (plans: readonly LoadPlan[], options: ResolvedLoadOptions) => LoadJob;

/** What a load is called with. */
export interface LoadCall<Result extends ReportedResult> {
  readonly targets: readonly LoadTarget[];
  readonly makeJob: JobFactory;
  readonly shape: ResultShape<Result>;
  readonly options: ReportingLoadOptions;
  /** The load joins its transaction. */
  readonly manager: EntityManager | undefined;
  /** The shutdown waits for it, as for the loads of a buffer, and does not interrupt it at once. */
  readonly isDrained?: boolean;
}
