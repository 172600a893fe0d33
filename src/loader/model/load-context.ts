import type { ClientBase } from 'pg';
import type { DataSource } from 'typeorm';

import type { RetryLimits } from '../../postgres/with-retry.js';
import type { TransactionLimits } from '../../postgres/with-transaction.js';
import type { HistoryGap } from '../../stats/history-gap.js';
import type { LoadKeys } from '../../stats/load-keys.js';
import type { LoadLedger } from '../../stats/load-ledger.js';
import type { LoadShards } from '../../stats/shards/load-shards.js';
import type { LoadStats } from '../../stats/load-stats.js';
import type { LoadObservers } from '../../stats/observe/load-observers.js';
import type { Evidence } from './evidence.js';
import type { LoadJob } from './load-job.js';
import type { RecordThreads } from './record-threads.js';

/** Takes what a result does not tell; Nest's Logger is one. */
export interface LoadLogger {
  warn(message: string): void;
  error(message: string): void;
}

/** Shared by all loads of a module. */
export interface LoadContext {
  readonly dataSource: DataSource;
  readonly ledger: LoadLedger;
  readonly shards: LoadShards;
  readonly loadKeys: LoadKeys;
  readonly historyGap: HistoryGap;
  /** Quoted name of the quarantine table. */
  readonly rejectedTable: string;
  readonly stats: LoadStats;
  readonly retry: RetryLimits;
  /** Batches of one load that run at the same time. */
  readonly parallelism: number;
  readonly limits: TransactionLimits;
  /** Prepare the records of files, if there is more than one. */
  readonly threads: RecordThreads;
  readonly logger: LoadLogger;
  /** Aborted when the application shuts down. */
  readonly shutdown: AbortSignal;
}

/** The load, for the stages that write. */
export interface WriteContext {
  readonly job: LoadJob;
  readonly loadId: string;
  /** How many records may still be rejected. */
  readonly maxRejects: number;
  /** Further batches of the transaction use its temporary tables, so these are emptied and not dropped. */
  readonly sharesTables: boolean;
  /** Which tables have taken records, of earlier batches and of this one. */
  readonly evidence: Evidence;
  readonly observers: LoadObservers;
  /** Runs `work` in a transaction of its own beside this one; undefined where the pool has no connection for it. */
  readonly aside?: (<T>(work: (client: ClientBase) => Promise<T>) => Promise<T>) | undefined;
}
