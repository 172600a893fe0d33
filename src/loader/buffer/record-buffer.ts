import { setImmediate as nextTurn } from 'node:timers/promises';

import type { ObjectLiteral } from 'typeorm';

import { LoadFailedError, StorageError } from '../../errors/index.js';
import { RecordRejectedError } from '../../records/record-rejected.error.js';
import type { AnyOutcome, RejectedOutcome, RowOutcome } from '../model/row-outcome.js';
import type { BufferLimits } from './buffer-options.js';
import type { HoldingBuffers } from './holding-buffers.js';

/** What became of a record that was not rejected. */
export type BufferedOutcome<E extends ObjectLiteral = ObjectLiteral, K extends keyof E = keyof E> = Exclude<
  RowOutcome<E, K>,
  { readonly outcome: 'rejected' }
>;

type Rejected = Omit<RejectedOutcome, 'key'>;

/** What a buffer hands its records to. */
export interface BufferedLoads<R, O> {
  /** Takes a record from its owner, at once. */
  take(record: R): object;
  /**
   * Loads records that are taken, in one transaction; an outcome for each, in their order.
   * @param after - nothing is sent before it settles
   */
  load(records: readonly object[], after: Promise<void> | undefined): Promise<readonly (O | Rejected)[]>;
}

/** A record that waits or is being loaded. */
interface Pending<O> {
  readonly record: object;
  readonly resolve: (outcome: O) => void;
  readonly reject: (error: unknown) => void;
}

/** So many waiting records are prepared while the load before them is written: client and server work side by side. */
const PREPARED_AHEAD = 50;

/**
 * Gathers records `R` of many callers into common loads, and tells each what became of its own: `O`. Loads are written one at
 * a time and in the order of {@link add}. While a load runs, the next one gathers; so a busy buffer does not wait for its timer.
 */
export class RecordBuffer<R extends object = object, O extends AnyOutcome = BufferedOutcome> {
  private waiting: Pending<O>[] = [];
  private timer: NodeJS.Timeout | undefined;
  /** Loads that have begun: one that is written, and one that is prepared. */
  private loads = 0;
  /** The end of the load that has begun last, and of the pause after it. */
  private written: Promise<void> | undefined;
  private ended: Promise<void> | undefined;
  private added = 0;
  private settled = 0;
  private isClosed = false;

  /** @internal */
  constructor(
    private readonly limits: BufferLimits,
    private readonly target: BufferedLoads<R, O>,
    private readonly holding: HoldingBuffers,
  ) {}

  /** Records that wait or are being loaded. */
  get pending(): number {
    return this.added - this.settled;
  }

  /**
   * Loads a record together with those of other callers, as it is now.
   * @returns what became of it, once its commit is confirmed
   * @throws RecordRejectedError when this record was rejected; it is in quarantine, and the records of others are loaded
   * @throws StorageError `BUFFER_FULL` when `maxPending` records wait or are being loaded, `BUFFER_CLOSED` after {@link close} or
   * the shutdown of the application; the record was not taken
   * @throws LoadStoppedError when the whole load failed, as described at `EntityLoader.load`
   */
  add(record: R): Promise<O> {
    // What is thrown in here rejects the promise.
    return new Promise((resolve, reject) => {
      this.checkOpen();
      this.wait({ record: this.target.take(record), resolve, reject });
    });
  }

  /** Loads all records without waiting for more. Resolves when those added before are settled, stored or not. */
  async flush(): Promise<void> {
    const { added } = this;
    this.start();
    while (this.settled < added) {
      await this.ended;
    }
  }

  /** Takes no more records, and loads those it has. The shutdown of the application does this, too. */
  async close(): Promise<void> {
    this.isClosed = true;
    await this.flush();
  }

  private checkOpen(): void {
    if (this.isClosed || this.holding.isClosed) {
      throw new StorageError('BUFFER_CLOSED', 'The buffer is closed and takes no more records');
    }
    const { maxPending } = this.limits;
    if (this.pending >= maxPending) {
      throw new StorageError(
        'BUFFER_FULL',
        `The buffer holds ${maxPending} records (maxPending). Add the record again later, or read more slowly`,
      );
    }
  }

  private wait(record: Pending<O>): void {
    const { maxRecords, maxWaitMs } = this.limits;
    this.added += 1;
    this.holding.add(this);
    this.waiting.push(record);
    if (this.waiting.length >= (this.loads === 0 ? maxRecords : PREPARED_AHEAD)) {
      this.start();
    } else {
      this.timer ??= setTimeout(() => this.start(), maxWaitMs);
    }
  }

  /** Begins loads for the waiting records, but for those that gather while one is written. */
  private start(): void {
    const { waiting, loads, limits } = this;
    const isEnough = loads === 0 ? waiting.length > 0 : loads === 1 && waiting.length >= PREPARED_AHEAD;
    if (!isEnough) {
      return;
    }
    clearTimeout(this.timer);
    this.timer = undefined;
    const isSplit = loads === 0 && waiting.length >= 2 * PREPARED_AHEAD;
    const batch = waiting.splice(0, Math.min(limits.maxRecords, isSplit ? Math.ceil(waiting.length / 2) : Infinity));
    this.loads += 1;
    this.written = this.settle(batch, this.written);
    this.ended = this.pauseAfter(this.written);
    this.start();
  }

  private async pauseAfter(written: Promise<void>): Promise<void> {
    await written;
    // Callers that have waited for it may add their next records, so that these too come into one load.
    await nextTurn();
    this.loads -= 1;
    this.start();
  }

  /** Never rejects: every error is one of the records. */
  private async settle(batch: readonly Pending<O>[], before?: Promise<void>): Promise<void> {
    try {
      const outcomes = await this.target.load(
        batch.map(({ record }) => record),
        before,
      );
      this.release(batch.length);
      batch.forEach(({ resolve, reject }, index) => {
        const outcome = outcomes[index] as O | Rejected;
        if (isRejected(outcome)) {
          reject(new RecordRejectedError(outcome.reason, outcome.column, outcome.message));
        } else {
          resolve(outcome);
        }
      });
    } catch (error) {
      // A load that fails before it is written ends in its turn all the same.
      await before;
      if (batch.length > 1 && followsSomeRecords(error)) {
        const half = Math.ceil(batch.length / 2);
        await this.settle(batch.slice(0, half));
        await this.settle(batch.slice(half));
      } else {
        this.release(batch.length);
        batch.forEach(({ reject }) => reject(error));
      }
    }
  }

  /** Makes room before the promises of these records settle: their callers may add again at once. */
  private release(records: number): void {
    this.settled += records;
    if (this.pending === 0) {
      this.holding.remove(this);
    }
  }
}

function isRejected(outcome: AnyOutcome): outcome is Rejected {
  return outcome.outcome === 'rejected';
}

/** A trigger that suppresses a record's row fails the load of all; the other callers must not suffer for it. */
function followsSomeRecords(error: unknown): boolean {
  return (
    error instanceof LoadFailedError && error.cause instanceof StorageError && error.cause.code === 'ROWS_SUPPRESSED'
  );
}
