import { ONLY_SHARD, type Shard } from '../../results/load-result.js';
import type { CommittedBatch } from '../../stats/committed-batches.js';
import { addTotals, emptyTotals, type LoadTotals, readTotals } from '../../stats/load-totals.js';

/** Positions from `first` up to, and without, `end`. */
interface PositionRange {
  readonly first: number;
  readonly end: number;
}

/**
 * What earlier attempts at a load have committed. Batches run side by side, so there may be gaps: a batch that was rolled
 * back before one that is committed. A gap shares no key with the committed batches behind it: two batches that share
 * one never run at the same time (InFlight), and none overtakes one that failed (BlockedKeys). So the records of a gap
 * can be written last, as if in their place, in batches of any size. Of a shard, a range also covers records of others.
 */
export class CommittedBatches {
  private constructor(
    private readonly ranges: readonly PositionRange[],
    readonly count: number,
    /** The batches of this attempt are numbered from here, */
    readonly nextBatchNo: number,
    /** in steps of this. */
    readonly batchStep: number,
    readonly totals: LoadTotals,
  ) {}

  /** @param tallies - how many counts the load keeps */
  static none(tallies: number, { index, count }: Shard = ONLY_SHARD): CommittedBatches {
    return new CommittedBatches([], 0, index, count, emptyTotals(tallies));
  }

  /**
   * @param tallies - how many counts the load keeps
   * @param shard - whose batches they are
   * @throws StorageError `COUNTS_UNREADABLE`
   */
  static async from(
    batches: AsyncIterable<CommittedBatch>,
    tallies: number,
    { index, count: step }: Shard = ONLY_SHARD,
  ): Promise<CommittedBatches> {
    const ranges: PositionRange[] = [];
    let nextBatchNo = index;
    let totals = emptyTotals(tallies);
    for await (const { first, end, counts, ...batch } of batches) {
      ranges.push({ first, end });
      nextBatchNo = batch.batchNo + step;
      totals = addTotals(totals, readTotals(counts, batch));
    }
    return new CommittedBatches(merge(ranges), ranges.length, nextBatchNo, step, totals);
  }

  /** How far into the input they reach. */
  get end(): number {
    return this.ranges.at(-1)?.end ?? 0;
  }

  /** Tells for one position after the other, in ascending order, whether its record is committed. */
  follow(): (position: number) => boolean {
    let index = 0;
    return (position) => {
      while (position >= (this.ranges[index]?.end ?? Infinity)) {
        index += 1;
      }
      return position >= (this.ranges[index]?.first ?? Infinity);
    };
  }
}

/** The same positions, in ascending order and in as few ranges as there are gaps. */
function merge(ranges: readonly PositionRange[]): PositionRange[] {
  const merged: PositionRange[] = [];
  for (const range of ranges.toSorted((a, b) => a.first - b.first)) {
    const last = merged.at(-1);
    if (last?.end === range.first) {
      merged[merged.length - 1] = { first: last.first, end: range.end };
    } else {
      merged.push(range);
    }
  }
  return merged;
}
