import type { BatchLoadResult, HybridBatchResult } from '../loader/model/load-result.js';

/** What one load of a replay did; its rejected records are named by the replay, as quarantine knows them. */
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
  /** Open records that fitted the filter. */
  readonly received: number;
  /** Loaded now: inserted, updated, unchanged, or folded into a later record of the replay. */
  readonly loaded: number;
  /** Not meant for their table by the current rules; they count as dealt with. */
  readonly skipped: number;
  /** Rejected again. */
  readonly rejected: number;
  /** Rolled back, or not known to be in: all of them, or none. */
  readonly failed: number;
  /** One load for each table and way of loading, in the order they were done; each is in `storage_loads`. */
  readonly loads: readonly ReplayedLoad[];
  /** The first 20 that were rejected again; `rejected` counts them all. */
  readonly rejects: readonly RejectedAgain[];
  /** Milliseconds. */
  readonly durationMs: number;
}

/** How many were loaded. */
function loadedBy(load: ReplayedLoad): number {
  const written = load.kind === 'hybrid' ? load.stored : load.inserted + load.updated + load.unchanged;
  return written + load.duplicates;
}

/** Puts the loads of a replay together. */
export function toReplayResult(
  loads: readonly ReplayedLoad[],
  rejects: readonly RejectedAgain[],
  durationMs: number,
): ReplayResult {
  const sum = (count: (load: ReplayedLoad) => number): number => loads.reduce((total, load) => total + count(load), 0);
  const rejected = sum((load) => load.rejected);
  const failed = sum((load) => load.failed);
  return {
    kind: 'replay',
    ok: rejected + failed === 0,
    received: sum((load) => load.received),
    loaded: sum(loadedBy),
    skipped: sum((load) => load.skipped),
    rejected,
    failed,
    loads,
    rejects,
    durationMs,
  };
}

/** What a replay comes to that is not in, as far as is known. */
export function rolledBack(received: number, durationMs: number): ReplayResult {
  return { ...toReplayResult([], [], durationMs), ok: false, received, failed: received };
}
