import type { BatchLoadResult, CombinedBatchResult, HybridBatchResult } from './load-result.js';

/** Result of one load of a replay; the replay lists its rejected records with their ids in quarantine. */
export type ReplayedLoad =
  | Omit<BatchLoadResult, 'rejects'>
  | Omit<HybridBatchResult, 'rejects'>
  | Omit<CombinedBatchResult, 'rejects'>;

/** A record that was rejected again and stays open. */
export interface RejectedAgain {
  readonly id: string;
  /** The load that first rejected it, and its input position there, from 0. */
  readonly loadId: string;
  readonly position: number;
  readonly table: string;
  /** SQLSTATE, or the name of the rule. */
  readonly reason: string;
  readonly column: string | null;
  readonly message: string;
}

/** Records of a combined load whose loader the replay was not given; they stay open. */
export interface LeftRecords {
  /** Name of the combined load. */
  readonly table: string;
  readonly records: number;
  /** How to replay them. */
  readonly message: string;
}

/** Result of a replay: `received = loaded + skipped + rejected + failed`. */
export interface ReplayResult {
  /** Distinguishes a replay from a load, in `result` of an error. */
  readonly kind: 'replay';
  /** No record was rejected again, was left, or failed. */
  readonly ok: boolean;
  /** Open records that match the filter, except those `left`. */
  readonly received: number;
  /** Loaded now: inserted, updated, unchanged, deleted, or folded into a later record of the replay. */
  readonly loaded: number;
  /** Not meant for their table by the current rules; marked as replayed. */
  readonly skipped: number;
  /** Rejected again. */
  readonly rejected: number;
  /** Rolled back or of unknown commit outcome: all records, or none. */
  readonly failed: number;
  /** One load for each table and set of options, in execution order; each is in `storage_loads`. */
  readonly loads: readonly ReplayedLoad[];
  /** The first 20 rejected again; `rejected` counts all. */
  readonly rejects: readonly RejectedAgain[];
  /** By combined load: the records that were not replayed, because they need its loader. */
  readonly left: readonly LeftRecords[];
  /** Milliseconds. */
  readonly durationMs: number;
}
