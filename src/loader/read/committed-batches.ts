import type { CommittedBatch } from '../../stats/load-keys.js';
import { addTallies, emptyTally, type LoadTally } from '../model/load-tally.js';

/** Positions from `first` up to, and without, `end`. */
interface Range {
  readonly first: number;
  readonly end: number;
}

/**
 * What earlier attempts at a load have committed. Batches are at work side by side, so there may be gaps: a batch that
 * was cut off before one that is in. Such a gap shares no key with the batches behind it that are in, because two
 * batches that share one are never at work at the same time (InFlight), and none overtakes one that failed (BlockedKeys).
 * So its records can be written last, as if they had been written in their place, in batches of whatever size.
 */
export class CommittedBatches {
  private constructor(
    private readonly ranges: readonly Range[],
    readonly count: number,
    /** The batches of this attempt are numbered from here. */
    readonly nextBatchNo: number,
    /** What they come to. */
    readonly tally: LoadTally,
  ) {}

  static none(targets: number): CommittedBatches {
    return new CommittedBatches([], 0, 0, emptyTally(targets));
  }

  /** @param targets - how many tables the load writes to */
  static async from(batches: AsyncIterable<CommittedBatch>, targets: number): Promise<CommittedBatches> {
    const ranges: Range[] = [];
    let nextBatchNo = 0;
    let tally = emptyTally(targets);
    for await (const { batchNo, first, end, counts } of batches) {
      ranges.push({ first, end });
      nextBatchNo = batchNo + 1;
      tally = addTallies(tally, counts as LoadTally);
    }
    return new CommittedBatches(merge(ranges), ranges.length, nextBatchNo, tally);
  }

  /** How far into the input they reach. */
  get end(): number {
    return this.ranges.at(-1)?.end ?? 0;
  }

  /** Tells for one position after the other, in ascending order, whether its record is in. */
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
function merge(ranges: readonly Range[]): Range[] {
  const merged: Range[] = [];
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
