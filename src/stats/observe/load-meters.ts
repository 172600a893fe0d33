import type { LoadCounts } from '../../results/load-counts.js';
import { NO_COUNTS } from '../../results/load-counts.js';
import { LoadObservation, LoadObserver, type ObservedBatchEnd, type ObservedLoadEnd } from './load-observer.js';

/** Upper bounds of the buckets of the duration of loads, in seconds. */
export const LOAD_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800, 7_200];
/** Upper bounds of the buckets of the duration of batches, in seconds. */
export const BATCH_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

/** Instruments that measure loads. Of a load or a batch, `table` is a table name, `hybrid`, or the name of a combined load. */
export interface LoadMeters {
  records(count: number, table: string, outcome: keyof LoadCounts): void;
  retry(table: string, code: string): void;
  batch(seconds: number, table: string, outcome: string): void;
  load(seconds: number, table: string, status: string): void;
  activeLoads(change: 1 | -1): void;
}

const OUTCOMES = (Object.keys(NO_COUNTS) as (keyof LoadCounts)[]).filter((name) => name !== 'received');
const MS_PER_SECOND = 1_000;

/**
 * Measures loads. Of those in a caller's transaction only that they are active: what they have done counts, if it does,
 * when the caller has committed it, which nobody tells.
 */
export class MeteredLoads extends LoadObserver {
  private readonly tables = new Set<string>();

  constructor(private readonly meters: LoadMeters) {
    super();
  }

  override load(isJoined: boolean): LoadObservation {
    this.meters.activeLoads(1);
    return new MeteredLoad(this.meters, isJoined);
  }

  override counted(table: string, counts: LoadCounts): void {
    // A counter that begins with its first failure shows no increase: so all outcomes of a table begin at once, with 0.
    const isFirst = !this.tables.has(table);
    this.tables.add(table);
    for (const outcome of OUTCOMES) {
      if (isFirst) {
        this.meters.records(0, table, outcome);
      }
      if (counts[outcome] > 0) {
        this.meters.records(counts[outcome], table, outcome);
      }
    }
  }
}

class MeteredLoad extends LoadObservation {
  constructor(
    private readonly meters: LoadMeters,
    private readonly isJoined: boolean,
  ) {
    super();
  }

  override retried(table: string, code: string): void {
    this.meters.retry(table, code);
  }

  override batchEnded({ table, outcome, durationMs }: ObservedBatchEnd): void {
    if (!this.isJoined && outcome !== 'restarted') {
      this.meters.batch(durationMs / MS_PER_SECOND, table, outcome);
    }
  }

  override ended({ table, status, alreadyCompleted, durationMs }: ObservedLoadEnd): void {
    if (!this.isJoined && !alreadyCompleted) {
      this.meters.load(durationMs / MS_PER_SECOND, table, status);
    }
  }

  override async runLoad<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } finally {
      this.meters.activeLoads(-1);
    }
  }
}
