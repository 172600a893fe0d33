import { randomUUID } from 'node:crypto';

import type { ClientBase } from 'pg';
import type { EntityManager } from 'typeorm';

import type { LoadStatus } from '../entities/index.js';
import { InvalidLoadError } from '../errors/index.js';
import { describeFault } from '../postgres/database-fault.js';
import { classifyFault } from '../postgres/sqlstate.js';
import type { LedgerAccount, LedgerEntry } from '../stats/load-ledger.js';
import { hasLooseKey } from './identify-keys.js';
import { type BatchOptions, inBatches } from './in-batches.js';
import { InFlight } from './in-flight.js';
import type { LoadContext } from './load-context.js';
import type { LoadJob } from './load-job.js';
import { LoadTransactions } from './load-transactions.js';
import type { BatchCounts, BatchFailure } from './load-result.js';
import { accountOf, progressOf, type ResultShape } from './load-report.js';
import { addTallies, countsOfTarget, emptyTally, failedTally, type LoadTally } from './load-tally.js';
import { BatchBuilder, keysOf, type PreparedBatch } from './prepare-batch.js';
import { nameType } from './refused-value.js';
import { faultOf, SourceBroken, StopLoad, toPublicError } from './stop-load.js';
import { checkNotEmpty, mayEmptyTable, writeBatch } from './write-batch.js';

/** A batch of large records ends early, so that memory is bounded by their size as well as by their number. */
const BATCH_BYTES = 8 * 1024 * 1024;

/** One load from its first record to its last: transactions, retries, accounts. */
export class LoadRun<Result extends object> {
  private readonly loadId = randomUUID();
  private readonly startedAt = Date.now();
  private readonly entry: LedgerEntry;
  private readonly signal: AbortSignal;
  private readonly transactions: LoadTransactions;
  private readonly failures: BatchFailure[] = [];
  private tally: LoadTally;
  private batches = 0;

  /** @param manager - joins its transaction; then nothing is retried, and nothing counts until the caller commits */
  constructor(
    private readonly context: LoadContext,
    private readonly job: LoadJob,
    private readonly shape: ResultShape<Result>,
    private readonly manager?: EntityManager,
  ) {
    this.tally = emptyTally(job.targets.length);
    const { disposition, source, signal } = job.options;
    this.signal = AbortSignal.any([context.shutdown, ...(signal === undefined ? [] : [signal])]);
    this.transactions = new LoadTransactions(context, this.loadId, manager, () => this.emit('retrying'));
    this.entry = { loadId: this.loadId, table: job.name, disposition, source };
  }

  /** Loads everything in one transaction. */
  async load(records: Iterable<unknown>): Promise<Result> {
    const batch = await this.readAll(records);
    if (batch.received === 0 && !mayEmptyTable(this.job)) {
      return this.nothingToDo();
    }
    checkNotEmpty(this.job, batch);
    try {
      await this.runBatch(batch, async (client, pieces) => {
        await this.context.ledger.open(client, this.entry);
        const tally = await this.writeBatch(client, batch, pieces);
        await this.context.ledger.close(client, this.entry, this.account('completed', tally));
        return tally;
      });
    } catch (error) {
      throw await this.stop(error);
    }
    this.emit('completed');
    return this.result();
  }

  /** Loads in one transaction a batch, and goes on after a batch that failed by itself. */
  async loadBatch(records: Iterable<unknown> | AsyncIterable<unknown>): Promise<Result & BatchCounts> {
    const inFlight = new InFlight(this.parallelism());
    let waiting: PreparedBatch | undefined;
    try {
      for await (const batch of inBatches(this.job, records, this.batchOptions(inFlight.failure))) {
        checkNotEmpty(this.job, batch);
        waiting = batch;
        if (batch.batchNo === 0) {
          await this.transactions.run((client) => this.context.ledger.open(client, this.entry));
        }
        await inFlight.start(keysOf(batch), () => {
          waiting = undefined;
          return this.tryBatch(batch);
        });
      }
      await inFlight.finish();
    } catch (caught) {
      await inFlight.settle();
      const { failure } = inFlight;
      const error: unknown = failure.aborted ? failure.reason : caught;
      if (waiting !== undefined) {
        this.noteFailure(error, waiting);
      }
      throw await this.stop(error);
    }
    if (this.batches === 0) {
      return { ...this.nothingToDo(), ...this.batchCounts() };
    }
    await this.closeLedger('completed');
    this.emit('completed');
    return { ...this.result(), ...this.batchCounts() };
  }

  /** @param failure - ends the reading when a batch has failed, however long the source would go on */
  private batchOptions(failure: AbortSignal): BatchOptions {
    const { disposition, batchSize } = this.job.options;
    // A replace is one transaction over the whole input, however many batches were asked for.
    const whole = disposition === 'replace';
    return {
      records: whole ? Infinity : batchSize,
      bytes: whole ? Infinity : BATCH_BYTES,
      evenIfEmpty: mayEmptyTable(this.job),
      signal: AbortSignal.any([this.signal, failure]),
    };
  }

  /** One connection in a caller's transaction, and where an exact number of refused records must stop the load. */
  private parallelism(): number {
    const { disposition, maxRejects } = this.job.options;
    // Of keys that are equal in other ways than by their text, nobody here can tell which batches share one.
    const mayShareKeys = hasLooseKey(this.job);
    const alone = this.manager !== undefined || disposition === 'replace' || maxRejects !== Infinity || mayShareKeys;
    return alone ? 1 : this.context.parallelism;
  }

  private async tryBatch(batch: PreparedBatch): Promise<void> {
    try {
      await this.runBatch(batch, (client, pieces) => this.writeBatch(client, batch, pieces));
    } catch (error) {
      const kind = classifyFault(error);
      if (this.manager !== undefined || (kind !== 'contention' && kind !== 'cancelled')) {
        throw error;
      }
    }
    this.emit('running');
  }

  private async runBatch(
    batch: PreparedBatch,
    work: (client: ClientBase, pieces: number) => Promise<LoadTally>,
  ): Promise<void> {
    try {
      this.checkInterrupt();
      this.addToAccounts(await this.transactions.runBatch(batch, work));
      this.batches += 1;
    } catch (error) {
      if (!(error instanceof InvalidLoadError)) {
        this.noteFailure(error, batch);
      }
      throw error;
    }
  }

  private async writeBatch(client: ClientBase, batch: PreparedBatch, pieces: number): Promise<LoadTally> {
    const { context, job, loadId } = this;
    const tally = await writeBatch(
      client,
      { ...context, job, loadId, rejectedBefore: this.tally.rejected, pieces },
      batch,
    );
    this.checkInterrupt();
    return tally;
  }

  private checkInterrupt(): void {
    if (this.signal.aborted) {
      throw new StopLoad('interrupt');
    }
  }

  private async readAll(records: Iterable<unknown>): Promise<PreparedBatch> {
    const batch = new BatchBuilder(this.job, { records: Infinity, bytes: Infinity });
    try {
      for (const record of records) {
        batch.add(record);
      }
    } catch (error) {
      throw await this.stop(new SourceBroken(error));
    }
    return batch.take();
  }

  private nothingToDo(): Result {
    if (this.job.options.disposition === 'replace') {
      throw new InvalidLoadError(
        `A replace of ${this.job.name} was given no records and would empty the table. ` +
          'Pass allowEmpty: true if that is meant.',
      );
    }
    this.context.logger.warn(`nothing to load into ${this.job.name}: there are no records`);
    return this.result();
  }

  private noteFailure(error: unknown, batch: PreparedBatch): void {
    const { code, message } = faultOf(error);
    this.addToAccounts(failedTally(batch.received, batch.skippedReasons, this.job.targets.length));
    const { batchNo, firstPosition, received } = batch;
    this.failures.push({ batchNo, firstPosition, records: received, code, message });
    this.batches += 1;
    if (this.manager === undefined) {
      this.context.stats.addError(this.job.targets.at(-1)?.plan.table ?? this.job.name, message);
    }
    this.context.logger.error(`load ${this.loadId}: batch ${batchNo} was rolled back: ${message}`);
  }

  /** Ends a load that cannot go on; returns the error to throw. */
  private async stop(error: unknown): Promise<unknown> {
    if (error instanceof InvalidLoadError) {
      return error;
    }
    const status = error instanceof StopLoad && error.reason === 'interrupt' ? 'interrupted' : 'failed';
    await this.closeLedger(status, error);
    this.emit(status);
    return toPublicError(error, this.job, { ...this.result(false), ...this.batchCounts() });
  }

  private addToAccounts(tally: LoadTally): void {
    this.tally = addTallies(this.tally, tally);
    if (this.manager === undefined) {
      this.job.targets.forEach(({ plan }, index) => this.context.stats.add(plan.table, countsOfTarget(tally, index)));
    }
  }

  private account(status: LoadStatus, tally: LoadTally, error?: unknown): LedgerAccount {
    return { ...accountOf(this.job, tally), status, error: error === undefined ? undefined : faultOf(error) };
  }

  /** The accounts are closed even when the load failed, unless the database is away altogether. */
  private async closeLedger(status: LoadStatus, error?: unknown): Promise<void> {
    try {
      await this.transactions.run((client) =>
        this.context.ledger.close(client, this.entry, this.account(status, this.tally, error)),
      );
    } catch (failure) {
      this.context.logger.warn(
        `load ${this.loadId} ended as ${status}, which could not be noted in storage_loads: ` +
          describeFault(failure).message,
      );
    }
  }

  private emit(status: LoadStatus | 'retrying'): void {
    const progress = progressOf(this.loadId, this.job.name, status, this.tally, this.batches);
    this.context.stats.publish(progress);
    try {
      this.job.options.onProgress?.(progress);
    } catch (error) {
      // What is committed is committed, whatever a listener makes of it.
      this.context.logger.warn(`load ${this.loadId}: onProgress threw ${nameType(error)}`);
    }
  }

  private result(completed = true): Result {
    return this.shape(this.job, {
      loadId: this.loadId,
      tally: this.tally,
      durationMs: Date.now() - this.startedAt,
      completed,
    });
  }

  private batchCounts(): BatchCounts {
    const { stored, duplicates, failed, rejected } = this.tally;
    const loaded = stored + duplicates;
    const tried = loaded + failed + rejected;
    return {
      batches: this.batches,
      successfulBatches: this.batches - this.failures.length,
      failedBatches: this.failures.length,
      successRate: tried === 0 ? 0 : loaded / tried,
      // Batches end in another order than they begin.
      failures: this.failures.toSorted((a, b) => a.batchNo - b.batchNo),
    };
  }
}
