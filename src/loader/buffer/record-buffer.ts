import type { ObjectLiteral } from 'typeorm';

import { LoadFailedError, RecordRejectedError, StorageError } from '../../errors/index.js';
import type { RowOutcome } from '../model/row-outcome.js';
import type { BufferLimits } from './buffer-options.js';

/** What became of a record that was not rejected. */
export type BufferedOutcome<E extends ObjectLiteral = ObjectLiteral, K extends keyof E = keyof E> = Exclude<
  RowOutcome<E, K>,
  { readonly outcome: 'rejected' }
>;

/** Loads records in one transaction; an outcome for each, in their order. */
type LoadRows<E extends ObjectLiteral, R, K extends keyof E> = (records: R[]) => Promise<readonly RowOutcome<E, K>[]>;

/** A record that waits or is being loaded. */
interface Pending<E extends ObjectLiteral, R, K extends keyof E> {
  readonly record: R;
  readonly resolve: (outcome: BufferedOutcome<E, K>) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Gathers records of many callers into common loads, one load at a time and in the order of {@link add}. While a load runs,
 * the next one gathers; so a busy buffer does not wait for its timer.
 */
export class RecordBuffer<
  E extends ObjectLiteral = ObjectLiteral,
  R extends object = object,
  K extends keyof E = keyof E,
> {
  private waiting: Pending<E, R, K>[] = [];
  private timer: NodeJS.Timeout | undefined;
  /** The load that runs. */
  private loading: Promise<void> | undefined;
  private added = 0;
  private settled = 0;
  private isClosed = false;

  /** @internal */
  constructor(
    private readonly limits: BufferLimits,
    private readonly load: LoadRows<E, R, K>,
    private readonly onClosed: () => void,
  ) {}

  /** Records that wait or are being loaded. */
  get pending(): number {
    return this.added - this.settled;
  }

  /**
   * Loads a record together with those of other callers. Do not change the record until the promise settles.
   * @returns what became of it, once its commit is confirmed
   * @throws RecordRejectedError when this record was rejected; it is in quarantine, and the records of others are loaded
   * @throws StorageError `BUFFER_FULL` when `maxPending` records wait or are being loaded, `BUFFER_CLOSED` after {@link close}; the
   * record was not taken
   * @throws LoadStoppedError when the whole load failed, as described at `EntityLoader.load`
   */
  add(record: R): Promise<BufferedOutcome<E, K>> {
    const { maxPending } = this.limits;
    if (this.isClosed) {
      return Promise.reject(new StorageError('BUFFER_CLOSED', 'The buffer is closed and takes no more records'));
    }
    if (this.pending >= maxPending) {
      const message = `The buffer holds ${maxPending} records (maxPending). Add the record again later, or read more slowly`;
      return Promise.reject(new StorageError('BUFFER_FULL', message));
    }
    this.added += 1;
    return new Promise((resolve, reject) => {
      this.waiting.push({ record, resolve, reject });
      if (this.waiting.length >= this.limits.maxRecords) {
        this.start();
      } else {
        this.timer ??= setTimeout(() => this.start(), this.limits.maxWaitMs);
      }
    });
  }

  /** Loads all records without waiting for more. Resolves when those added before are settled, stored or not. */
  async flush(): Promise<void> {
    const { added } = this;
    this.start();
    while (this.settled < added) {
      await this.loading;
    }
  }

  /** Takes no more records, and loads those it has. The shutdown of the application does this, too. */
  async close(): Promise<void> {
    this.isClosed = true;
    await this.flush();
    this.onClosed();
  }

  private start(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.loading === undefined) {
      void this.work();
    }
  }

  /** Never rejects: every error is one of the records. */
  private async work(): Promise<void> {
    while (this.waiting.length > 0) {
      const batch = this.waiting.splice(0, this.limits.maxRecords);
      this.loading = this.settle(batch);
      await this.loading;
    }
    this.loading = undefined;
  }

  private async settle(batch: readonly Pending<E, R, K>[]): Promise<void> {
    try {
      const outcomes = await this.load(batch.map(({ record }) => record));
      // Before the promises settle: their callers may add again at once.
      this.settled += batch.length;
      batch.forEach(({ resolve, reject }, index) => {
        const outcome = outcomes[index] as RowOutcome<E, K>;
        if (outcome.outcome === 'rejected') {
          reject(new RecordRejectedError(outcome.reason, outcome.column, outcome.message));
        } else {
          resolve(outcome);
        }
      });
    } catch (error) {
      if (batch.length > 1 && followsSomeRecords(error)) {
        const half = Math.ceil(batch.length / 2);
        await this.settle(batch.slice(0, half));
        await this.settle(batch.slice(half));
      } else {
        this.settled += batch.length;
        batch.forEach(({ reject }) => reject(error));
      }
    }
  }
}

/** A trigger that suppresses a record's row fails the load of all; the other callers must not suffer for it. */
function followsSomeRecords(error: unknown): boolean {
  return (
    error instanceof LoadFailedError && error.cause instanceof StorageError && error.cause.code === 'ROWS_SUPPRESSED'
  );
}
