import { randomUUID } from 'node:crypto';

import type { ClientBase } from 'pg';
import type { EntityManager } from 'typeorm';

import type { LoadStatus } from '../entities/index.js';
import { InvalidLoadError } from '../errors/index.js';
import { describeFault } from '../postgres/database-fault.js';
import { classifyFault } from '../postgres/sqlstate.js';
import type { LedgerAccount, LedgerEntry } from '../stats/load-ledger.js';
import { hasLooseKey } from './identify-keys.js';
import { inBatches } from './in-batches.js';
import { InFlight } from './in-flight.js';
import { LoadAccounts } from './load-accounts.js';
import type { LoadContext } from './load-context.js';
import type { LoadJob } from './load-job.js';
import { LoadTransactions, WHOLE } from './load-transactions.js';
import type { BatchCounts } from './load-result.js';
import { accountOf, type ResultShape } from './load-report.js';
import type { LoadTally } from './load-tally.js';
import { BatchBuilder, keysOf, type PreparedBatch } from './prepare-batch.js';
import { TableReplace } from './replace/table-replace.js';
import { faultOf, SourceBroken, StopLoad, toPublicError } from './stop-load.js';
import { writeBatch } from './write-batch.js';

/** A batch of large records ends early, so that memory is bounded by their size as well as by their number. */
const BATCH_BYTES = 8 * 1024 * 1024;

/** One load from its first record to its last: transactions, retries, accounts. */
export class LoadRun<Result extends object> {
  private readonly loadId = randomUUID();
  private readonly startedAt = Date.now();
  private readonly entry: LedgerEntry;
  private readonly signal: AbortSignal;
  private readonly transactions: LoadTransactions;
  private readonly accounts: LoadAccounts;

  /** @param manager - joins its transaction; then nothing is retried, and nothing counts until the caller commits */
  constructor(
    private readonly context: LoadContext,
    private readonly job: LoadJob,
    private readonly shape: ResultShape<Result>,
    private readonly manager?: EntityManager,
  ) {
    this.accounts = new LoadAccounts(context, job, this.loadId, manager === undefined);
    const { disposition, source, signal } = job.options;
    this.signal = AbortSignal.any([context.shutdown, ...(signal === undefined ? [] : [signal])]);
    this.transactions = new LoadTransactions(context, this.loadId, manager, () => this.accounts.publish('retrying'));
    this.entry = { loadId: this.loadId, table: job.name, disposition, source };
  }

  /** Loads everything in one transaction. */
  async load(records: Iterable<unknown>): Promise<Result> {
    if (this.job.options.disposition === 'replace') {
      await this.replace(records);
      return this.result();
    }
    const batch = await this.readAll(records);
    if (batch.received === 0) {
      return this.nothingToDo();
    }
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
    this.accounts.publish('completed');
    return this.result();
  }

  /** Loads in one transaction a batch, and goes on after a batch that failed by itself; a replace is one transaction. */
  async loadBatch(records: Iterable<unknown> | AsyncIterable<unknown>): Promise<Result & BatchCounts> {
    if (this.job.options.disposition === 'replace') {
      await this.replace(records, 'entered first');
      return { ...this.result(), ...this.accounts.batchCounts() };
    }
    const inFlight = new InFlight(this.parallelism());
    let waiting: PreparedBatch | undefined;
    try {
      for await (const batch of this.readBatches(records, inFlight.failure)) {
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
        this.accounts.addFailure(error, waiting);
      }
      throw await this.stop(error);
    }
    if (this.accounts.batches === 0) {
      return { ...this.nothingToDo(), ...this.accounts.batchCounts() };
    }
    await this.closeLedger('completed');
    this.accounts.publish('completed');
    return { ...this.result(), ...this.accounts.batchCounts() };
  }

  /**
   * Replaces the table's content in one transaction.
   * @param records - an array can be read again, so that the load outlives a lost connection
   * @param entry - whether the history shows the load while it runs, which may be long where it waits for its source
   */
  private async replace(records: Iterable<unknown> | AsyncIterable<unknown>, entry?: 'entered first'): Promise<void> {
    const { context, job, loadId, transactions, accounts } = this;
    const again = Array.isArray(records);
    let read: LoadTally | undefined;
    try {
      this.checkInterrupt();
      if (entry !== undefined) {
        await transactions.run((client) => context.ledger.open(client, this.entry));
      }
      const replace = {
        ...context,
        job,
        loadId,
        transactions,
        checkInterrupt: () => this.checkInterrupt(),
        onRead: (soFar: LoadTally) => {
          read = soFar;
          accounts.publish('running', soFar);
        },
      };
      const work = async (client: ClientBase): Promise<LoadTally> => {
        await context.ledger.open(client, this.entry);
        const tally = await new TableReplace(client, replace).run((failure) => this.readBatches(records, failure));
        await context.ledger.close(client, this.entry, this.account('completed', tally));
        return tally;
      };
      accounts.addBatch(await transactions.runReplace(() => again || read === undefined, work));
    } catch (error) {
      if (error instanceof InvalidLoadError) {
        await (entry && this.closeLedger('failed', error));
      } else {
        const soFar = read ?? accounts.tally;
        accounts.addFailure(error, { ...WHOLE, ...soFar, received: again ? records.length : soFar.received });
      }
      throw await this.stop(error);
    }
    accounts.publish('completed');
  }

  /** @param failure - ends the reading when a batch has failed, however long the source would go on */
  private readBatches(
    records: Iterable<unknown> | AsyncIterable<unknown>,
    failure: AbortSignal,
  ): AsyncGenerator<PreparedBatch> {
    return inBatches(this.job, records, {
      records: this.job.options.batchSize,
      bytes: BATCH_BYTES,
      signal: AbortSignal.any([this.signal, failure]),
    });
  }

  /** One connection in a caller's transaction, and where an exact number of refused records must stop the load. */
  private parallelism(): number {
    const { maxRejects } = this.job.options;
    // Of keys that are equal in other ways than by their text, nobody here can tell which batches share one.
    const mayShareKeys = hasLooseKey(this.job);
    const alone = this.manager !== undefined || maxRejects !== Infinity || mayShareKeys;
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
    this.accounts.publish('running');
  }

  private async runBatch(
    batch: PreparedBatch,
    work: (client: ClientBase, pieces: number) => Promise<LoadTally>,
  ): Promise<void> {
    try {
      this.checkInterrupt();
      this.accounts.addBatch(await this.transactions.runBatch(batch, work));
    } catch (error) {
      if (!(error instanceof InvalidLoadError)) {
        this.accounts.addFailure(error, batch);
      }
      throw error;
    }
  }

  private async writeBatch(client: ClientBase, batch: PreparedBatch, pieces: number): Promise<LoadTally> {
    const { context, job, loadId } = this;
    const tally = await writeBatch(
      client,
      { ...context, job, loadId, rejectedBefore: this.accounts.tally.rejected, pieces },
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
    this.context.logger.warn(`nothing to load into ${this.job.name}: there are no records`);
    return this.result();
  }

  /** Ends a load that cannot go on; returns the error to throw. */
  private async stop(error: unknown): Promise<unknown> {
    if (error instanceof InvalidLoadError) {
      return error;
    }
    const status = error instanceof StopLoad && error.reason === 'interrupt' ? 'interrupted' : 'failed';
    await this.closeLedger(status, error);
    this.accounts.publish(status);
    return toPublicError(error, this.job, { ...this.result(false), ...this.accounts.batchCounts() });
  }

  private account(status: LoadStatus, tally: LoadTally, error?: unknown): LedgerAccount {
    return { ...accountOf(this.job, tally), status, error: error === undefined ? undefined : faultOf(error) };
  }

  /** The accounts are closed even when the load failed, unless the database is away altogether. */
  private async closeLedger(status: LoadStatus, error?: unknown): Promise<void> {
    try {
      await this.transactions.run((client) =>
        this.context.ledger.close(client, this.entry, this.account(status, this.accounts.tally, error)),
      );
    } catch (failure) {
      this.context.logger.warn(
        `load ${this.loadId} ended as ${status}, which could not be noted in storage_loads: ` +
          describeFault(failure).message,
      );
    }
  }

  private result(completed = true): Result {
    return this.shape(this.job, {
      loadId: this.loadId,
      tally: this.accounts.tally,
      durationMs: Date.now() - this.startedAt,
      completed,
    });
  }
}
