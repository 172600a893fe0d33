import type { LoadCounts } from './load-counts.js';

/**
 * How existing rows are treated: `merge` updates them, `insert` leaves them as they are, `update` updates them and inserts
 * none, `append` rejects records whose key exists, `replace` exchanges the whole table content.
 */
export type Disposition = 'merge' | 'insert' | 'update' | 'append' | 'replace';

/** The share of one loader in a load that several loaders do together. */
export interface Shard {
  /** From 0 to `count` - 1. */
  readonly index: number;
  /** How many shards the load has. */
  readonly count: number;
}

/** Of a load that one loader does. */
export const ONLY_SHARD: Shard = { index: 0, count: 1 };

/** The shard that a result counts. */
export interface ShardReport extends Shard {
  /** All shards have completed, and so has the load. */
  readonly loadCompleted: boolean;
}

/** A rejected record without its values; the record itself is in `storage_rejected_records`. */
export interface RejectSummary {
  /** Input position, from 0. */
  readonly position: number;
  /** SQLSTATE, or the name of the rule. */
  readonly reason: string;
  readonly column?: string | undefined;
  readonly message: string;
}

/** What every result of a load has beside its counts. */
export interface LoadReport {
  readonly loadId: string;
  readonly disposition: Disposition;
  /** All records were loaded or skipped: none rejected, none failed. */
  readonly ok: boolean;
  /** A load with this `loadKey` completed earlier: this is its result, and the input was not read. */
  readonly alreadyCompleted: boolean;
  /** A load with the option `shard` only: the result counts the records of this shard. */
  readonly shard?: ShardReport | undefined;
  /** Records processed by earlier attempts with the same `loadKey`, included in `received`; 0 without a key. */
  readonly receivedEarlier: number;
  /** Duration of this call, in milliseconds. */
  readonly durationMs: number;
  /** Number of retries of transactions after transient errors, such as deadlocks or lost connections. */
  readonly retries: number;
  /** The first 20 rejected records; `rejected` counts all. */
  readonly rejects: readonly RejectSummary[];
  /** Number of skipped records, by reason. */
  readonly skippedReasons: Readonly<Record<string, number>>;
  /**
   * Occurrences of each field without a column that was captured or dropped, in committed batches. At most 1,000 names are
   * listed, the others are summed as `(others)`; of a name over 100 characters, only its beginning and a digest are listed.
   * An object without a prototype, because names are data.
   */
  readonly unknownFields: Readonly<Record<string, number>>;
  /** Of these, the dropped fields (`unknownFields: 'discard'`). */
  readonly discardedFields: Readonly<Record<string, number>>;
}

/** Result of a load into one table. */
export interface LoadResult extends LoadCounts, LoadReport {
  /** Distinguishes a load into one table from a hybrid or a combined load. */
  readonly kind: 'table';
  readonly table: string;
  /** Rows that a replace removed, because no record of the load has their key; 0 for other dispositions. */
  readonly removed: number;
}

/**
 * A batch that was rolled back. After a lost connection its commit outcome may be unknown, if the database stayed down or
 * busy after COMMIT was sent: loading again is safe by merge, or with a `loadKey`.
 */
export interface BatchFailure {
  readonly batchNo: number;
  /** Input position of its first record, from 0. */
  readonly firstPosition: number;
  readonly records: number;
  /** SQLSTATE or socket code. */
  readonly code: string;
  readonly message: string;
}

/** Batches of a load. */
export interface BatchCounts {
  readonly batches: number;
  readonly successfulBatches: number;
  readonly failedBatches: number;
  /** loaded / (loaded + failed + rejected), where loaded includes unchanged, deleted and duplicates; 0 when nothing was attempted. */
  readonly successRate: number;
  readonly failures: readonly BatchFailure[];
}

/** Result of a load into one table, batch by batch. */
export interface BatchLoadResult extends LoadResult, BatchCounts {}

/** Result of a hybrid load, counted in hybrid records and for each of the two tables. */
export interface HybridResult
  extends LoadReport, Pick<LoadCounts, 'received' | 'duplicates' | 'skipped' | 'rejected' | 'failed'> {
  /** Distinguishes a hybrid load from a load into one table. */
  readonly kind: 'hybrid';
  readonly table: 'hybrid';
  /** Committed hybrid records, whether inserted, updated or unchanged. */
  readonly stored: number;
  readonly opportunities: LoadResult;
  readonly submissions: LoadResult;
}

/** Result of a hybrid load, batch by batch. */
export interface HybridBatchResult extends HybridResult, BatchCounts {}

/** Result of a combined load, counted in records and for each of its tables. */
export interface CombinedResult
  extends LoadReport, Pick<LoadCounts, 'received' | 'duplicates' | 'skipped' | 'rejected' | 'failed'> {
  readonly kind: 'combined';
  /** Name of the load. */
  readonly table: string;
  /** Committed records, whether their rows were inserted, updated or unchanged. */
  readonly stored: number;
  /**
   * By table name. They count the rows of the records: a record without a row counts as skipped, and a row that an earlier
   * record has brought, too, as a duplicate.
   */
  readonly tables: Readonly<Record<string, LoadResult>>;
}

/** Result of a combined load, batch by batch. */
export interface CombinedBatchResult extends CombinedResult, BatchCounts {}

/** Result of a load of any kind. */
export type ReportedResult = LoadResult | HybridResult | CombinedResult;

/** Maximum number of rejected records in a result. */
export const MAX_REJECTS_SHOWN = 20;
