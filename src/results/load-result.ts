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
  /** Everything received was loaded or meant to be skipped: nothing rejected, nothing failed. */
  readonly ok: boolean;
  /** A load with this `loadKey` has completed before: this is its result, and the input was not read. */
  readonly alreadyCompleted: boolean;
  /** Of `received`, the records that earlier attempts with the same `loadKey` have dealt with; 0 without one. */
  readonly receivedEarlier: number;
  /** Milliseconds this call took. */
  readonly durationMs: number;
  /** How often a transaction was tried again after a passing error: a deadlock, a lost connection, a server that is away. */
  readonly retries: number;
  /** The first 20 rejected records; `rejected` counts them all. */
  readonly rejects: readonly RejectSummary[];
  /** How many records were skipped, by reason. */
  readonly skippedReasons: Readonly<Record<string, number>>;
  /**
   * How often a field no column knows came in and was captured or dropped, by field, in what was committed. At most
   * 1,000 names are kept apart, the others are summed as `(others)`; of a name over 100 characters its beginning and a
   * digest are kept. An object without a prototype: names are data.
   */
  readonly unknownFields: Readonly<Record<string, number>>;
  /** Of these, the dropped ones (`unknownFields: 'discard'`). */
  readonly discardedFields: Readonly<Record<string, number>>;
}

/** What one load into one table did. */
export interface LoadResult extends LoadCounts, LoadReport {
  /** Tells a load into one table from a hybrid load. */
  readonly kind: 'table';
  readonly table: string;
  /** Rows a replace has removed, because the load does not bring them; 0 for the other dispositions. */
  readonly deleted: number;
}

/**
 * A batch that was rolled back. With the code of a lost connection it may be in all the same, when the database stayed
 * away after its COMMIT was sent, or was still at it: loading again is safe by merge, or with a `loadKey`.
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
  /** loaded / (loaded + failed + rejected), where loaded includes unchanged and duplicates; 0 when nothing was tried. */
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
  /** Hybrid records that are in, whether inserted, updated or unchanged. */
  readonly stored: number;
  readonly opportunities: LoadResult;
  readonly submissions: LoadResult;
}

export interface HybridBatchResult extends HybridResult, BatchCounts {}

/** How many rejected records a result names. */
export const MAX_REJECTS_SHOWN = 20;
