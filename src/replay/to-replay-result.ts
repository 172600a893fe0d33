import type { LeftRecords, RejectedAgain, ReplayedLoad, ReplayResult } from '../results/replay-result.js';

/** Number of loaded records. */
function loadedBy(load: ReplayedLoad): number {
  const written = load.kind === 'table' ? load.inserted + load.updated + load.unchanged + load.deleted : load.stored;
  return written + load.duplicates;
}

/** Sums up the loads of a replay. */
export function toReplayResult(
  loads: readonly ReplayedLoad[],
  rejects: readonly RejectedAgain[],
  left: readonly LeftRecords[],
  durationMs: number,
): ReplayResult {
  const sum = (count: (load: ReplayedLoad) => number): number => loads.reduce((total, load) => total + count(load), 0);
  const rejected = sum((load) => load.rejected);
  const failed = sum((load) => load.failed);
  return {
    kind: 'replay',
    ok: rejected + failed + left.length === 0,
    received: sum((load) => load.received),
    loaded: sum(loadedBy),
    skipped: sum((load) => load.skipped),
    rejected,
    failed,
    loads,
    rejects,
    left,
    durationMs,
  };
}

/** Result of a replay that is not known to be committed. */
export function rolledBack(received: number, durationMs: number): ReplayResult {
  return { ...toReplayResult([], [], [], durationMs), ok: false, received, failed: received };
}
