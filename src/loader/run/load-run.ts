import type { ClientBase } from 'pg';
import type { EntityManager } from 'typeorm';

import { InvalidLoadError } from '../../errors/index.js';
import { classifyFault } from '../../postgres/sqlstate.js';
import { clientOf } from '../../postgres/with-transaction.js';
import type { LoadTotals } from '../../stats/load-totals.js';
import { resetTemporaryTables } from '../isolate/isolation-tables.js';
import { isWrittenInOrder } from '../merge/write-order.js';
import { AnySignal } from '../model/any-signal.js';
import type { LoadContext } from '../model/load-context.js';
import { type LoadJob, mayMakeTemporaryTables } from '../model/load-job.js';
import type { BatchCounts, HybridResult, LoadResult } from '../../results/load-result.js';
import { checkInterrupt, endOfLoad, StopLoad, toPublicError, unlessInterrupted } from '../model/stop-load.js';
import { keysOf, type PreparedBatch } from '../read/batch-builder.js';
import { CommittedBatches } from '../read/committed-batches.js';
import { BATCH_BYTES, closeSource, readAll, readBatches } from '../read/read-batches.js';
import { LoadSession } from '../write/load-session.js';
import { COPY_FROM_ROWS } from '../write/write-rows.js';
import { BlockedKeys, BlockedKeysError } from './blocked-keys.js';
import type { CurrentJob } from './current-job.js';
import { InFlight, withEarlierBatches } from './in-flight.js';
import { LoadAccounts } from './load-accounts.js';
import type { ResultShape } from './result-shapes.js';
import { type ReplaceInput, runReplace } from './run-replace.js';
import { SequenceCheck } from './sequence-check.js';
import { type AttemptHow, writeBatch } from './write-batch.js';

type Records = Iterable<unknown> | AsyncIterable<unknown>;
type Work = (client: ClientBase, how: AttemptHow) => Promise<LoadTotals>;

/**
 * One load, from its first record to its last. Each batch passes four stages: read, normalize, write in a transaction,
 * account.
 */
export class LoadRun<Result extends LoadResult | HybridResult> {
  private readonly startedAt = Date.now();
  private readonly signal: AnySignal;
  private readonly accounts: LoadAccounts;
  private readonly blockedKeys: BlockedKeys;
  private readonly sequences = new SequenceCheck();
  private session: LoadSession;
  private committed: CommittedBatches;
  private alreadyCompleted = false;

  /**
   * @param manager - the load joins its transaction: nothing is retried, and nothing counts until the caller commits
   * @param rollback - aborted when the caller rolls that transaction back
   */
  constructor(
    private readonly context: LoadContext,
    private readonly current: CurrentJob,
    private readonly shape: ResultShape<Result>,
    private readonly manager?: EntityManager,
    rollback?: AbortSignal,
  ) {
    const job = current.now;
    const signals = [context.shutdown, job.options.signal, rollback];
    this.signal = new AnySignal(signals.filter((signal) => signal !== undefined));
    this.session = LoadSession.create(context, job, manager, () => this.accounts.addRetry());
    this.accounts = new LoadAccounts(context, job, this.session.entry.loadId, manager === undefined);
    this.blockedKeys = new BlockedKeys(() => this.job);
    this.committed = CommittedBatches.none(job.targets.length);
  }

  private get job(): LoadJob {
    return this.current.now;
  }

  /** Loads all records in one transaction. */
  async load(records: Iterable<unknown>): Promise<Result> {
    await this.begin(records, { resumes: false });
    if (this.alreadyCompleted) {
      return this.result();
    }
    if (this.job.options.disposition === 'replace') {
      await this.replace(records, { showsWhileRunning: false });
      return this.result();
    }
    try {
      const batch = readAll(() => this.job, records, this.committed);
      if (batch === undefined) {
        await this.endWithoutRecords();
        return this.result();
      }
      this.sequences.note(this.job, batch);
      await this.write(batch, keysOf(batch), async (client, how) => {
        await this.context.ledger.open(client, this.session.entry);
        const totals = await this.writeUnlessInterrupted(client, batch, how);
        await this.session.complete(client, totals);
        return totals;
      });
    } catch (error) {
      throw await this.stop(error);
    }
    await this.finish();
    return this.result();
  }

  /** Loads in one transaction a batch, and continues after a batch that failed alone; a replace is one transaction. */
  async loadBatch(records: Records): Promise<Result & BatchCounts> {
    await this.begin(records, { resumes: true });
    if (this.alreadyCompleted) {
      return this.batchResult();
    }
    if (this.job.options.disposition === 'replace') {
      // The history shows it while it runs: it may wait long for its source.
      await this.replace(records, { showsWhileRunning: true });
      return this.batchResult();
    }
    const inFlight = new InFlight(() => this.parallelism());
    let waiting: PreparedBatch | undefined;
    try {
      for await (const batch of this.read(records, inFlight.failure)) {
        waiting = batch;
        if (batch.batchNo === 0) {
          await this.session.open();
        }
        const keys = keysOf(batch);
        await inFlight.start(keys, (untilEarlierEnd) => {
          waiting = undefined;
          return this.tryToWrite(batch, keys, untilEarlierEnd);
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
      await this.endWithoutRecords();
      return this.batchResult();
    }
    await this.session.close('completed', this.accounts.totals);
    await this.finish();
    return this.batchResult();
  }

  private async replace(records: Records, how: Pick<ReplaceInput, 'showsWhileRunning'>): Promise<void> {
    const { current, session, accounts, signal } = this;
    const read = (failure: AbortSignal): AsyncGenerator<PreparedBatch> => this.read(records, failure);
    try {
      await runReplace(current, session, accounts, signal, { records, read, ...how });
    } catch (error) {
      throw await this.stop(error);
    }
    await this.finish();
  }

  private async finish(): Promise<void> {
    await this.sequences.finish(this.session, this.job);
    this.accounts.publish('completed');
  }

  /** Claims the load key and finds what earlier attempts have committed. The source of a completed load is closed unread. */
  private async begin(records: object, options: { readonly resumes: boolean }): Promise<void> {
    const { accounts } = this;
    try {
      const { session, isCompleted, committed } = await this.session.claimKey(options);
      this.session = session;
      this.committed = committed;
      this.alreadyCompleted = isCompleted;
      accounts.resume(session.entry.loadId, committed);
    } catch (error) {
      throw error instanceof InvalidLoadError ? error : this.publicError(error);
    }
    if (this.alreadyCompleted) {
      closeSource(records);
      accounts.publish('completed');
    }
  }

  /** Reads and normalizes batch after batch; `failure` ends it when one has failed, however long the source would be. */
  private read(records: Records, failure: AbortSignal): AsyncGenerator<PreparedBatch> {
    const batches = readBatches(() => this.job, records, {
      records: this.job.options.batchSize,
      bytes: BATCH_BYTES,
      committed: this.committed,
      signal: this.signal.or(failure),
    });
    return this.sequences.follow(() => this.job, batches);
  }

  /** One connection in a caller's transaction, and where an exact number of rejected records must stop the load. */
  private parallelism(): number {
    const alone = this.manager !== undefined || this.job.options.maxRejects !== Infinity;
    return alone || isWrittenInOrder(this.job) ? 1 : this.context.parallelism;
  }

  /** Writes a batch; a failure that is the batch's own is noted, and the load continues. */
  private async tryToWrite(
    batch: PreparedBatch,
    keys: ReadonlySet<string>,
    untilEarlierEnd: () => Promise<void>,
  ): Promise<void> {
    try {
      const work: Work = (client, how) => this.writeUnlessInterrupted(client, batch, how);
      await this.write(batch, keys, work, untilEarlierEnd);
    } catch (error) {
      const kind = classifyFault(error);
      const isItsOwn = kind === 'contention' || kind === 'cancelled' || error instanceof BlockedKeysError;
      // Without a load key no later load retries the batch, so its keys need not be blocked.
      const mayGoOn = isItsOwn && (this.job.options.loadKey === undefined || this.blockedKeys.add(keys));
      if (this.manager !== undefined || !mayGoOn) {
        throw error;
      }
    }
    this.accounts.publish('running');
  }

  /** Writes a batch and accounts for it. */
  private async write(
    batch: PreparedBatch,
    keys: ReadonlySet<string>,
    work: Work,
    untilEarlierEnd?: () => Promise<void>,
  ): Promise<void> {
    const { accounts, session, signal } = this;
    const mayRetry = (): boolean => !signal.aborted;
    const attempt = (): Promise<LoadTotals> => {
      const taken = accounts.takenBefore(batch.batchNo);
      return this.current.withFreshPlan(async () => {
        if (this.sharesTables && batch.units.length >= COPY_FROM_ROWS) {
          const joined = await clientOf(this.manager as EntityManager);
          await resetTemporaryTables(joined, this.job.targets, accounts.records.rejected > 0);
        }
        return session.inBatch(batch, (client, pieces) => work(client, { pieces, taken }), mayRetry);
      });
    };
    try {
      checkInterrupt(signal);
      this.blockedKeys.check(keys);
      const totals = await withEarlierBatches(attempt, untilEarlierEnd);
      accounts.addBatch(totals, batch.batchNo);
    } catch (caught) {
      const error = unlessInterrupted(caught, signal);
      if (!(error instanceof InvalidLoadError)) {
        accounts.addFailure(error, batch);
      }
      throw error;
    }
  }

  /** In a caller's transaction all batches share their temporary tables. */
  private get sharesTables(): boolean {
    return this.manager !== undefined && mayMakeTemporaryTables(this.job);
  }

  private async writeUnlessInterrupted(client: ClientBase, batch: PreparedBatch, how: AttemptHow): Promise<LoadTotals> {
    const rejectedBefore = this.accounts.records.rejected;
    const { session, job, sharesTables } = this;
    const totals = await writeBatch(client, session, job, batch, { ...how, rejectedBefore, sharesTables });
    checkInterrupt(this.signal);
    return totals;
  }

  private async endWithoutRecords(): Promise<void> {
    this.context.logger.warn(`No records to load into ${this.job.name}.`);
    await this.session.release();
  }

  /** Ends a load that cannot continue; returns the error to throw. */
  private async stop(caught: unknown): Promise<unknown> {
    const error = endOfLoad(caught, this.signal);
    if (error instanceof InvalidLoadError) {
      return error;
    }
    const status = error instanceof StopLoad && error.reason === 'interrupt' ? 'interrupted' : 'failed';
    await this.session.close(status, this.accounts.totals, error);
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
      loadId: this.session.entry.loadId,
      totals: this.accounts.totals,
      alreadyCompleted: this.alreadyCompleted,
      receivedEarlier: this.accounts.receivedEarlier,
      durationMs: Date.now() - this.startedAt,
      retries: this.accounts.retries,
      completed,
    });
  }
}
