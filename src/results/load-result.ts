import type { LoadCounts } from './load-counts.js';

/** What happens to rows that exist: merge by key, insert only, or replace the table's whole content. */
export type Disposition = 'merge' | 'append' | 'replace';

/** A rejected record, without its values; the record itself is in `storage_rejected_records`. */
export interface RejectSummary {
  /** Position in the input, from 0. */
  readonly position: number;
  /** SQLSTATE, or the name of the rule. */
  readonly reason: string;
  readonly column?: string | undefined;
  readonly message: string;
}

interface LoadReport {
  readonly loadId: string;
  readonly disposition: Disposition;
  /** All records were loaded or skipped: none rejected, none failed. */
  readonly ok: boolean;
  /** A load with this `loadKey` has completed before: this is its result, and the input was not read. */
  readonly alreadyCompleted: boolean;
  /** Of `received`, the records of earlier attempts with the same `loadKey`; 0 without one. */
  readonly receivedEarlier: number;
  /** Milliseconds this call took. */
  readonly durationMs: number;
  /** How often a transaction was retried after a passing error: a deadlock, a lost connection, an unreachable server. */
  readonly retries: number;
  /** The first 20 rejected records; `rejected` counts them all. */
  readonly rejects: readonly RejectSummary[];
  /** How many records were skipped, by reason. */
  readonly skippedReasons: Readonly<Record<string, number>>;
  /**
   * How often each field without a column was captured or discarded, in committed records. At most 1,000 names are
   * counted apart, the others are summed as `(others)`; a name over 100 characters is cut and gets a digest. An object
   * without a prototype, because names are data.
   */
  readonly unknownFields: Readonly<Record<string, number>>;
  /** Of these, the discarded ones (`unknownFields: 'discard'`). */
  readonly discardedFields: Readonly<Record<string, number>>;
}

/** What one load into one table did. */
export interface LoadResult extends LoadCounts, LoadReport {
  /** Tells a load into one table from a hybrid load. */
  readonly kind: 'table';
  readonly table: string;
  /** Rows that a replace has deleted, because the load does not carry them; 0 for the other dispositions. */
  readonly deleted: number;
}

/**
 * A batch that was rolled back. With the code of a lost connection its commit outcome may be unknown, when the database
 * did not come back after the COMMIT was sent: loading again is safe with merge, or with a `loadKey`.
 */
export interface BatchFailure {
  readonly batchNo: number;
  /** Position of its first record in the input, from 0. */
  readonly firstPosition: number;
  readonly records: number;
  /** SQLSTATE or socket code. */
  readonly code: string;
  readonly message: string;
}

/** What the batches of a load did. */
export interface BatchCounts {
  readonly batches: number;
  readonly successfulBatches: number;
  readonly failedBatches: number;
  /** loaded / (loaded + failed + rejected), where loaded includes unchanged and duplicates; 0 when nothing was attempted. */
  readonly successRate: number;
  readonly failures: readonly BatchFailure[];
}

export interface BatchLoadResult extends LoadResult, BatchCounts {}

/** What a hybrid load did: counted in hybrid records, and for each of the two tables. */
export interface HybridResult
  extends LoadReport, Pick<LoadCounts, 'received' | 'duplicates' | 'skipped' | 'rejected' | 'failed'> {
  /** Tells a hybrid load from a load into one table. */
  readonly kind: 'hybrid';
  readonly table: 'hybrid';
  /** Stored hybrid records: inserted, updated or unchanged. */
  readonly stored: number;
  readonly opportunities: LoadResult;
  readonly submissions: LoadResult;
}

export interface HybridBatchResult extends HybridResult, BatchCounts {}

/** How many rejected records a result names. */
export const MAX_REJECTS_SHOWN = 20;
