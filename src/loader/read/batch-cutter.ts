import { StorageError } from '../../errors/index.js';
import type { BatchPlace } from '../../stats/load-ledger.js';
import type { CommittedBatches } from './committed-batches.js';

/** How much one batch holds, at most; a single record always fits. */
export interface BatchLimits {
  readonly records: number;
  readonly bytes: number;
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
  private firstPosition = 0;
  private received = 0;
  private bytes = 0;
  private readonly isCommitted: (position: number) => boolean;

  /** @param begin - called at the first record of each batch */
  constructor(
    private readonly limits: BatchLimits,
    private readonly committed: CommittedBatches,
    private readonly begin: () => Builder<Batch>,
  ) {
    this.batchNo = committed.nextBatchNo;
    this.isCommitted = committed.follow();
  }

  /**
   * Takes the next record. A record that is committed already is passed over, and ends the batch before it.
   * @returns the batch that ended with it
   */
  add(record: unknown): Batch | undefined {
    const { position, limits } = this;
    if (this.isCommitted(position)) {
      const ended = this.take();
      this.firstPosition += 1;
      return ended;
    }
    this.builder ??= this.begin();
    this.bytes += this.builder.add(record, position);
    this.received += 1;
    return this.received >= limits.records || this.bytes >= limits.bytes ? this.take() : undefined;
  }

  /**
   * The last batch, at the end of the input.
   * @throws StorageError `SOURCE_CHANGED` when the input ends before what earlier attempts have committed
   */
  end(): Batch | undefined {
    if (this.position < this.committed.end) {
      throw new StorageError(
        'SOURCE_CHANGED',
        `The input ended after ${this.position} records, but earlier attempts with this load key have committed ` +
          `${this.committed.end}. Load the same input again, in the same order, or use another load key.`,
      );
    }
    return this.take();
  }

  /** Of the next record. */
  private get position(): number {
    return this.firstPosition + this.received;
  }

  /** The batch built so far; the next record begins another. */
  private take(): Batch | undefined {
    const { builder, batchNo, firstPosition, received } = this;
    if (builder === undefined) {
      return undefined;
    }
    this.builder = undefined;
    this.batchNo += 1;
    this.firstPosition += received;
    [this.received, this.bytes] = [0, 0];
    return builder.end({ batchNo, firstPosition, received });
  }
}
