import type { ClientBase } from 'pg';
import type { EntityManager } from 'typeorm';

import { InvalidLoadError } from '../../errors/index.js';
import { classifyFault } from '../../postgres/sqlstate.js';
import { clientOf } from '../../postgres/with-transaction.js';
import { AnySignal } from '../model/any-signal.js';
import { CommittedBatches } from '../read/committed-batches.js';
import type { CurrentJob } from './current-job.js';
import { BlockedKeys, BlockedKeysError } from './blocked-keys.js';
import { hasLooseKey } from '../merge/identify-keys.js';
import { closeSource, inBatches } from '../read/in-batches.js';
import { InFlight } from './in-flight.js';
import { LoadAccounts } from './load-accounts.js';
import { LoadAttempt } from './load-attempt.js';
import type { LoadContext } from '../model/load-context.js';
import type { LoadJob } from '../model/load-job.js';
import type { BatchCounts, HybridResult, LoadResult } from '../../results/load-result.js';
import type { ResultShape } from './load-report.js';
import type { LoadTally } from '../model/load-tally.js';
import { BatchBuilder, keysOf, type PreparedBatch } from '../read/prepare-batch.js';
import { runReplace } from './run-replace.js';
import { createSharedStages, withSharedStages } from '../isolate/shared-stages.js';
import {
  checkInterrupt,
  endOfLoad,
  SourceBroken,
  StopLoad,
  toPublicError,
  unlessInterrupted,
} from '../model/stop-load.js';
import { writeBatch } from './write-batch.js';
import { COPY_FROM_ROWS } from '../write/write-rows.js';

/** A batch of large records ends early, so that memory is bounded by their size as well as by their number. */
const BATCH_BYTES = 8 * 1024 * 1024;

/** One load from its first record to its last: transactions, retries, accounts. */
export class LoadRun<Result extends LoadResult | HybridResult> {
  private readonly startedAt = Date.now();
  private readonly signal: AnySignal;
  private readonly attempt: LoadAttempt;
  private readonly accounts: LoadAccounts;
  private readonly blockedKeys: BlockedKeys;
  private committed: CommittedBatches;
  private replayed = false;

  /** @param manager - joins its transaction; then nothing is retried, and nothing counts until the caller commits */
  constructor(
    private readonly context: LoadContext,
    private readonly current: CurrentJob,
    private readonly shape: ResultShape<Result>,
    private readonly manager?: EntityManager,
  ) {
    const job = current.now;
    this.signal = new AnySignal([context.shutdown, job.options.signal].filter((signal) => signal !== undefined));
    this.attempt = new LoadAttempt(context, job, manager, () => this.accounts.addRetry());
    this.accounts = new LoadAccounts(context, job, this.attempt.entry, manager === undefined);
    this.blockedKeys = new BlockedKeys(job);
    this.committed = CommittedBatches.none(job.targets.length);
  }

  private get job(): LoadJob {
    return this.current.now;
  }

  /** Loads everything in one transaction. */
  async load(records: Iterable<unknown>): Promise<Result> {
    const { attempt, context } = this;
    if (await this.isDone(records, 'whole')) {
      return this.result();
    }
    if (this.job.options.disposition === 'replace') {
      await this.replace(records);
      return this.result();
    }
    const batch = await this.readAll(records);
    if (batch === undefined) {
      await this.nothingToDo();
      return this.result();
    }
    try {
      await this.runBatch(batch, keysOf(batch), async (client, pieces) => {
        await context.ledger.open(client, attempt.entry);
        const tally = await this.writeBatch(client, batch, pieces);
        await context.ledger.close(client, attempt.entry, attempt.account('completed', tally));
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
    if (await this.isDone(records)) {
      return this.batchResult();
    }
    if (this.job.options.disposition === 'replace') {
      await this.replace(records, 'entered first');
      return this.batchResult();
    }
    const inFlight = new InFlight(this.parallelism());
    let waiting: PreparedBatch | undefined;
    try {
      for await (const batch of this.readBatches(records, inFlight.failure)) {
        waiting = batch;
        if (batch.batchNo === 0) {
          await this.attempt.open();
        }
        const keys = keysOf(batch);
        await inFlight.start(keys, () => {
          waiting = undefined;
          return this.tryBatch(batch, keys);
        });
      }
      await inFlight.finish();
    } catch (caught) {
      await inFlight.settle();
      const error: unknown = inFlight.failure.aborted ? inFlight.failure.reason : caught;
      if (waiting !== undefined) {
        // Nothing of it was sent, whatever became of the COMMIT of another.
        this.accounts.addFailure(endOfLoad(error, this.signal), waiting);
      }
      throw await this.stop(error);
    }
    if (this.accounts.batches === 0) {
      await this.nothingToDo();
      return this.batchResult();
    }
    await this.attempt.close('completed', this.accounts.tally);
    this.accounts.publish('completed');
    return this.batchResult();
  }

  private async replace(records: Iterable<unknown> | AsyncIterable<unknown>, entry?: 'entered first'): Promise<void> {
    const { context, current, attempt, accounts, signal } = this;
    const readBatches = (failure: AbortSignal): AsyncGenerator<PreparedBatch> => this.readBatches(records, failure);
    try {
      await runReplace({ context, current, attempt, accounts, signal, readBatches }, records, entry);
    } catch (error) {
      throw await this.stop(error);
    }
    this.accounts.publish('completed');
  }

  /** @param failure - ends the reading when a batch has failed, however long the source would go on */
  private readBatches(
    records: Iterable<unknown> | AsyncIterable<unknown>,
    failure: AbortSignal,
  ): AsyncGenerator<PreparedBatch> {
    return inBatches(this.job, records, {
      records: this.job.options.batchSize,
      bytes: BATCH_BYTES,
      committed: this.committed,
      signal: this.signal.or(failure),
    });
  }

  /** One connection in a caller's transaction, and where an exact number of rejected records must stop the load. */
  private parallelism(): number {
    const { maxRejects } = this.job.options;
    // Of keys that are equal in other ways than by their text, nobody here can tell which batches share one.
    const mayShareKeys = hasLooseKey(this.job);
    const alone = this.manager !== undefined || maxRejects !== Infinity || mayShareKeys;
    return alone ? 1 : this.context.parallelism;
  }

  private async tryBatch(batch: PreparedBatch, keys: ReadonlySet<string>): Promise<void> {
    try {
      await this.runBatch(batch, keys, (client, pieces) => this.writeBatch(client, batch, pieces));
    } catch (error) {
      const kind = classifyFault(error);
      const isItsOwn = kind === 'contention' || kind === 'cancelled' || error instanceof BlockedKeysError;
      if (this.manager !== undefined || !isItsOwn || !this.mayGoOnWithout(keys)) {
        throw error;
      }
    }
    this.accounts.publish('running');
  }

  /** Without a load key nobody comes back to a failed batch, and none is held back for its sake. */
  private mayGoOnWithout(keys: ReadonlySet<string>): boolean {
    return this.job.options.loadKey === undefined || this.blockedKeys.add(keys);
  }

  private async runBatch(
    batch: PreparedBatch,
    keys: ReadonlySet<string>,
    work: (client: ClientBase, pieces: number) => Promise<LoadTally>,
  ): Promise<void> {
    try {
      checkInterrupt(this.signal);
      this.blockedKeys.check(keys);
      const written = async (): Promise<LoadTally> => {
        if (this.manager !== undefined && this.sharesStages(batch)) {
          await createSharedStages(await clientOf(this.manager), this.job, this.accounts.tally.rejected > 0);
        }
        return this.attempt.transactions.runBatch(batch, work, this.signal);
      };
      this.accounts.addBatch(await this.current.withFreshPlan(written));
    } catch (caught) {
      const error = unlessInterrupted(caught, this.signal);
      if (!(error instanceof InvalidLoadError)) {
        this.accounts.addFailure(error, batch);
      }
      throw error;
    }
  }

  private async writeBatch(client: ClientBase, batch: PreparedBatch, pieces: number): Promise<LoadTally> {
    const { context } = this;
    const { entry } = this.attempt;
    const job = this.sharesStages(batch) ? withSharedStages(this.job) : this.job;
    const rejectedBefore = this.accounts.tally.rejected;
    const tally = await writeBatch(client, { ...context, job, entry, rejectedBefore, pieces }, batch);
    checkInterrupt(this.signal);
    return tally;
  }

  /** A transaction keeps a lock on each table it has ever made, so the batches of a caller's make one. */
  private sharesStages({ units }: PreparedBatch): boolean {
    return this.manager !== undefined && units.length >= COPY_FROM_ROWS;
  }

  private async readAll(records: Iterable<unknown>): Promise<PreparedBatch | undefined> {
    const builder = new BatchBuilder(this.job, { records: Infinity, bytes: Infinity }, this.committed);
    try {
      for (const record of records) {
        builder.add(record);
      }
    } catch (error) {
      throw await this.stop(new SourceBroken(error));
    }
    return builder.end();
  }

  /**
   * Enters a load that has a load key, and finds what is in already.
   * @returns whether that is all; then the source is closed unread
   */
  private async isDone(records: object, extent?: 'whole'): Promise<boolean> {
    const { attempt, accounts } = this;
    try {
      const { isDone, committed } = await attempt.begin(extent);
      this.committed = committed;
      this.replayed = isDone;
      accounts.resume(committed);
    } catch (error) {
      throw error instanceof InvalidLoadError ? error : this.publicError(error);
    }
    if (this.replayed) {
      closeSource(records);
      accounts.publish('completed');
    }
    return this.replayed;
  }

  private async nothingToDo(): Promise<void> {
    this.context.logger.warn(`nothing to load into ${this.job.name}: there are no records`);
    await this.attempt.release();
  }

  /** Ends a load that cannot go on; returns the error to throw. */
  private async stop(caught: unknown): Promise<unknown> {
    const error = endOfLoad(caught, this.signal);
    if (error instanceof InvalidLoadError) {
      return error;
    }
    const status = error instanceof StopLoad && error.reason === 'interrupt' ? 'interrupted' : 'failed';
    await this.attempt.close(status, this.accounts.tally, error);
    this.accounts.publish(status);
    return this.publicError(error);
  }

  private publicError(error: unknown): Error {
    const result: LoadResult | HybridResult = this.result(false);
    const end = { unanswered: this.accounts.unanswered, isJoined: this.manager !== undefined };
    return toPublicError(error, this.job, { ...result, ...this.accounts.batchCounts() }, end);
  }

  private batchResult(): Result & BatchCounts {
    return { ...this.result(), ...this.accounts.batchCounts() };
  }

  private result(completed = true): Result {
    return this.shape(this.job, {
      loadId: this.attempt.entry.loadId,
      tally: this.accounts.tally,
      replayed: this.replayed,
      receivedEarlier: this.accounts.receivedEarlier,
      durationMs: Date.now() - this.startedAt,
      retries: this.accounts.retries,
      completed,
    });
  }
}
