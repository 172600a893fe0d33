import type { BatchLoadResult, HybridBatchResult } from './load-result.js';

/** One load of a replay; the replay names the rejected records. */
export type ReplayedLoad = Omit<BatchLoadResult, 'rejects'> | Omit<HybridBatchResult, 'rejects'>;

/** A record that was rejected again and is still open. */
export interface RejectedAgain {
  readonly id: string;
  /** The load that rejected it first, and its position in the input of that load, from 0. */
  readonly loadId: string;
  readonly position: number;
  readonly table: string;
  /** SQLSTATE, or the name of the rule. */
  readonly reason: string;
  readonly column: string | null;
  readonly message: string;
}

/** What a replay did: `received = loaded + skipped + rejected + failed`. */
export interface ReplayResult {
  /** Tells a replay from a load, in `result` of an error. */
  readonly kind: 'replay';
  /** Nothing was rejected again, and nothing failed. */
  readonly ok: boolean;
  /** Open records that matched the filter. */
  readonly received: number;
  /** Loaded now: inserted, updated, unchanged, or folded into a later record of the replay. */
  readonly loaded: number;
  /** Not for their table by the current rules; they are marked as replayed. */
  readonly skipped: number;
  /** Rejected again. */
  readonly rejected: number;
  /** Rolled back, or with an unknown commit outcome: all of them, or none. */
  readonly failed: number;
  /** One load for each table and way of loading, in the order they were done; each is in `storage_loads`. */
  readonly loads: readonly ReplayedLoad[];
  /** The first 20 that were rejected again; `rejected` counts them all. */
  readonly rejects: readonly RejectedAgain[];
  /** Milliseconds. */
  readonly durationMs: number;
}
