import { StorageError } from '../../errors/index.js';
import type { BatchPlace } from '../../stats/load-ledger.js';
import type { CommittedBatches } from './committed-batches.js';

/** How much one batch holds, at most; a single record always fits. */
export interface BatchLimits {
  readonly records: number;
  readonly bytes: number;
}

/** How the records of an input are followed. */
export interface Following {
  /** Records to pass over. */
  readonly committed: CommittedBatches;
  /** Undefined where all records belong to the load. */
  readonly owner?: RecordOwner | undefined;
  /** Told how many records the input has, when it has ended. */
  readonly onEnd?: ((inputRecords: number) => void) | undefined;
}

/** Tells which records belong to a load. */
export interface RecordOwner {
  /** @returns the record as a batch takes it; undefined where it belongs to another load */
  own(record: unknown, position: number): object | undefined;
}

/** Builds one batch. */
export interface Builder<Batch> {
  /** @returns bytes of the record, at least */
  add(record: unknown, position: number): number;
  end(place: BatchPlace): Batch;
}

/** Decides where batches begin and end, and numbers them. */
export class BatchCutter<Batch> {
  private builder: Builder<Batch> | undefined;
  private batchNo: number;
  /** Of the next record. */
  private position = 0;
  private firstPosition = 0;
  private endPosition = 0;
  private received = 0;
  private bytes = 0;
  private readonly isCommitted: (position: number) => boolean;

  /** @param begin - called at the first record of each batch */
  constructor(
    private readonly limits: BatchLimits,
    private readonly following: Following,
    private readonly begin: () => Builder<Batch>,
  ) {
    this.batchNo = following.committed.nextBatchNo;
    this.isCommitted = following.committed.follow();
  }

  /**
   * Takes the next record. A record that is committed already is passed over, and ends the batch before it. One that belongs
   * to another load is passed over, too.
   * @returns the batch that ended with it
   */
  add(record: unknown): Batch | undefined {
    const { position, limits } = this;
    const { owner } = this.following;
    this.position += 1;
    if (this.isCommitted(position)) {
      return this.take();
    }
    const own = owner === undefined ? record : owner.own(record, position);
    if (owner !== undefined && own === undefined) {
      return undefined;
    }
    if (this.builder === undefined) {
      this.builder = this.begin();
      this.firstPosition = position;
    }
    this.bytes += this.builder.add(own, position);
    this.received += 1;
    this.endPosition = this.position;
    return this.received >= limits.records || this.bytes >= limits.bytes ? this.take() : undefined;
  }

  /**
   * The last batch, at the end of the input.
   * @throws StorageError `SOURCE_CHANGED` when the input ends before what earlier attempts have committed
   */
  end(): Batch | undefined {
    const { committed, onEnd } = this.following;
    if (this.position < committed.end) {
      throw new StorageError(
        'SOURCE_CHANGED',
        `The input ended after ${this.position} records, but earlier attempts with this load key have committed ` +
          `${committed.end}. Load the same input again, in the same order, or use another load key.`,
      );
    }
    onEnd?.(this.position);
    return this.take();
  }

  /** The batch built so far; the next record begins another. */
  private take(): Batch | undefined {
    const { builder, batchNo, firstPosition, endPosition, received } = this;
    if (builder === undefined) {
      return undefined;
    }
    this.builder = undefined;
    this.batchNo += this.following.committed.batchStep;
    [this.received, this.bytes] = [0, 0];
    return builder.end({ batchNo, firstPosition, endPosition, received });
  }
}
