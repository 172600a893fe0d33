import { StorageError } from '../../errors/index.js';
import type { CommittedBatches } from './committed-batches.js';

/** How much one batch holds, at most; a single record always fits. */
export interface BatchLimits {
  readonly records: number;
  readonly bytes: number;
}

/** Decides where batches begin and end, and numbers them. */
export class BatchCutter {
  private batchNo: number;
  private firstPosition = 0;
  private received = 0;
  private bytes = 0;
  private readonly isCommitted: (position: number) => boolean;

  constructor(
    private readonly limits: BatchLimits,
    private readonly committed: CommittedBatches,
  ) {
    this.batchNo = committed.nextBatchNo;
    this.isCommitted = committed.follow();
  }

  /** Of the next record. */
  get position(): number {
    return this.firstPosition + this.received;
  }

  /** The batch has no record yet. */
  get isEmpty(): boolean {
    return this.received === 0;
  }

  /** Whether the next record is committed already: it is passed over, and ends the batch before it. */
  isNextCommitted(): boolean {
    return this.isCommitted(this.position);
  }

  /** Passes over the next record; the batch is empty. */
  passOver(): void {
    this.firstPosition += 1;
  }

  /**
   * Counts a record.
   * @returns whether the batch is full with it
   */
  add(bytes: number): boolean {
    this.received += 1;
    this.bytes += bytes;
    return this.received >= this.limits.records || this.bytes >= this.limits.bytes;
  }

  /** The place of the batch that ends; the next record begins another. */
  end(): { readonly batchNo: number; readonly firstPosition: number; readonly received: number } {
    const { batchNo, firstPosition, received } = this;
    this.batchNo += 1;
    this.firstPosition += received;
    [this.received, this.bytes] = [0, 0];
    return { batchNo, firstPosition, received };
  }

  /** @throws StorageError `SOURCE_CHANGED` when the input ends before what earlier attempts have committed */
  checkEnd(): void {
    if (this.position < this.committed.end) {
      throw new StorageError(
        'SOURCE_CHANGED',
        `The input ended after ${this.position} records, but earlier attempts with this load key have committed ` +
          `${this.committed.end}. Load the same input again, in the same order, or use another load key.`,
      );
    }
  }
}
