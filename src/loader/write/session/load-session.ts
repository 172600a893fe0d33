import type { ClientBase } from 'pg';
import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';

import type { LoadStatus } from '../../../entities/index.js';
import { StorageError } from '../../../errors/index.js';
import { CommitUnansweredError } from '../../../postgres/faults/connection-error.js';
import { isCancelRequest } from '../../../postgres/faults/cancel-request.js';
import { describeFault } from '../../../postgres/faults/database-fault.js';
import { findCommitted } from '../../../postgres/find-committed.js';
import { classifyFault, isContention, isTransient } from '../../../postgres/faults/sqlstate.js';
import { withRetry } from '../../../postgres/with-retry.js';
import { clientOf, withExactValues, withSavepoint, withTransaction } from '../../../postgres/with-transaction.js';
import type { BatchPlace, LedgerEntry } from '../../../stats/load-ledger.js';
import type { LoadTotals } from '../../../stats/load-totals.js';
import type { SettledLoad } from '../../../stats/shards/load-shards.js';
import type { LoadContext } from '../../model/load-context.js';
import { type LoadJob, optionsOfTables } from '../../model/load-job.js';
import { keptOptions } from '../../model/load-options.js';
import { type ClaimedKey, claimLoadKey } from './claim-load-key.js';
import { closedLoad } from './closed-load.js';
import { type BatchAttempt, CommitWatch } from './commit-watch.js';

/** The batch of a replace, which is one transaction however many records it reads. */
export const WHOLE_LOAD: BatchPlace = { batchNo: 0, firstPosition: 0, endPosition: 0, received: 0 };

/** A first attempt at a batch, in a transaction that it makes itself. */
export interface FirstAttempt {
  /** The attempt, if it was not made yet. */
  take(): (() => Promise<LoadTotals>) | undefined;
  /** The error by which its connection was lost, when it may be committed all the same. */
  readonly loss: unknown;
  /** What it has committed; waits for the end of its transaction. Undefined when that is nothing. */
  find(client: ClientBase): Promise<LoadTotals | undefined>;
}

/** A load that has claimed its load key. */
interface ClaimedLoad extends ClaimedKey {
  readonly session: LoadSession;
}

/**
 * The row of one load in `storage_loads`, and its transactions, which are its own and retried, or part of the caller's.
 */
export class LoadSession {
  private constructor(
    readonly context: LoadContext,
    private readonly job: LoadJob,
    readonly entry: LedgerEntry,
    private readonly manager: EntityManager | undefined,
    private readonly onRetry: (code: string) => void,
  ) {}

  /** The load is part of a caller's transaction. */
  get isJoined(): boolean {
    return this.manager !== undefined;
  }

  /** @param manager - the load joins its transaction */
  static create(
    context: LoadContext,
    job: LoadJob,
    manager: EntityManager | undefined,
    onRetry: (code: string) => void,
  ): LoadSession {
    const { loadKey, disposition, source, shard } = job.options;
    const options = keptOptions(job.options, optionsOfTables(job));
    const entry = { loadId: uuidv7(), attempt: 1, loadKey, table: job.name, disposition, source, options, shard };
    return new LoadSession(context, job, entry, manager, onRetry);
  }

  /**
   * Claims the load key, if there is one, before the input is read.
   * @param resumes - whether the load can begin after batches that are committed
   * @throws InvalidLoadError when the key belongs to another load
   * @throws StorageError `LOAD_KEY_BUSY` when another transaction works on the load for too long
   */
  async claimKey({ resumes }: { readonly resumes: boolean }): Promise<ClaimedLoad> {
    const { entry, job, context } = this;
    const claimed = await claimLoadKey(context, job, entry, (work) => this.inTransaction(work), resumes);
    return { ...claimed, session: new LoadSession(context, job, claimed.entry, this.manager, this.onRetry) };
  }

  /** Shows a load without a load key in the history while it runs. */
  async open(): Promise<void> {
    await this.inTransaction((client) => this.context.ledger.open(client, this.entry));
  }

  /** Frees the load key of a load without records. */
  async release(): Promise<void> {
    const { context, entry } = this;
    if (entry.loadKey !== undefined) {
      await this.tryToNote('without records', (client) => context.loadKeys.release(client, entry), isTransient);
    }
  }

  /** Notes in the transaction of `client` that the load completes with it. */
  async complete(client: ClientBase, totals: LoadTotals): Promise<void> {
    await this.context.ledger.close(client, this.entry, closedLoad(this.job, 'completed', totals));
  }

  /**
   * Notes how the load, or the shard, ended. A failed load is not noted while the database is away: the load has waited for it
   * already.
   * @param end.inputRecords - records of the whole input, where it was read to its end
   * @returns what became of the load; undefined where its end could not be noted
   */
  async close(
    status: LoadStatus,
    totals: LoadTotals,
    { error, inputRecords }: { readonly error?: unknown; readonly inputRecords?: number | undefined } = {},
  ): Promise<SettledLoad | undefined> {
    const { ledger, shards } = this.context;
    const { shard } = this.entry;
    const work = async (client: ClientBase): Promise<SettledLoad> => {
      const closed = closedLoad(this.job, status, totals, error);
      if (shard !== undefined) {
        return shards.close(client, { ...this.entry, shard }, { ...closed, inputRecords });
      }
      if (status !== 'completed' || !this.job.options.keepsHistory) {
        // A batch that failed has opened nothing, and the transaction that opened the load may have been rolled back.
        await ledger.open(client, this.entry);
      }
      await ledger.close(client, this.entry, closed);
      return { isCompleted: status === 'completed' };
    };
    return this.tryToNote(`as ${status}`, work, status === 'completed' ? isTransient : isContention);
  }

  /**
   * Runs `work` in a transaction, again while `mayRetry` says so; in a caller's transaction once, under a savepoint.
   * @param first - runs in its place at first
   */
  async inTransaction<T>(
    work: (client: ClientBase) => Promise<T>,
    mayRetry = isTransient,
    first?: () => Promise<T>,
  ): Promise<T> {
    if (this.manager !== undefined) {
      return withSavepoint(await clientOf(this.manager), (client) => withExactValues(client, () => work(client)));
    }
    const { dataSource, limits } = this.context;
    const attempt = (): Promise<T> => withTransaction(dataSource, limits, work);
    const attempts = [first ?? attempt];
    return this.retry(() => (attempts.pop() ?? attempt)(), mayRetry);
  }

  /**
   * Runs a part of a transaction under a savepoint, again after contention, and once more in smaller statements after a
   * timeout; in a caller's transaction once.
   */
  async inPart<T>(client: ClientBase, work: (pieces: number) => Promise<T>): Promise<T> {
    return this.splitAfterTimeout((pieces) => {
      const attempt = (): Promise<T> => withSavepoint(client, () => work(pieces));
      return this.manager === undefined ? this.retry(attempt, isContention) : attempt();
    }, client);
  }

  /**
   * Runs a batch in a transaction, again after a transient error, and once more in smaller statements after a timeout.
   * @param mayRetry - false once the load is interrupted
   * @param first - comes before `work`; when its outcome is unknown, `work` asks it
   * @throws CommitUnansweredError when the commit outcome is unknown
   */
  async inBatch(
    batch: BatchPlace,
    work: (client: ClientBase, how: BatchAttempt) => Promise<LoadTotals>,
    mayRetry: () => boolean,
    first?: FirstAttempt,
  ): Promise<LoadTotals> {
    const watch = new CommitWatch();
    const attempt = (pieces: number): Promise<LoadTotals> =>
      this.inTransaction(
        (client) => watch.beforeCommit(work(client, { pieces, hasDeadlocked: watch.hasDeadlocked })),
        (error) => {
          watch.noteFailure(error);
          return mayRetry() && isTransient(error);
        },
        first?.take(),
      );
    return this.splitAfterTimeout(attempt).catch((error) => this.findCommitted(batch, watch, error, first));
  }

  /**
   * Runs a replace, which is one batch. Its parts retry within the transaction; after a lost connection it starts again.
   * @param mayRetry - whether the records can be read again
   * @throws CommitUnansweredError when the commit outcome is unknown
   */
  async inReplace(work: (client: ClientBase) => Promise<LoadTotals>, mayRetry: () => boolean): Promise<LoadTotals> {
    const watch = new CommitWatch();
    return this.inTransaction(
      (client) => watch.beforeCommit(work(client)),
      (error) => {
        watch.noteFailure(error);
        return classifyFault(error) === 'connection' && mayRetry();
      },
    ).catch((error) => this.findCommitted(WHOLE_LOAD, watch, error));
  }

  /** @param client - in whose transaction the attempts are parts; undefined where each is a transaction of its own */
  private async splitAfterTimeout<T>(attempt: (pieces: number) => Promise<T>, client?: ClientBase): Promise<T> {
    const { dataSource, limits } = this.context;
    try {
      return await attempt(1);
    } catch (error) {
      const run = async (work: (some: ClientBase) => Promise<unknown>): Promise<unknown> =>
        client === undefined ? withTransaction(dataSource, limits, work) : withSavepoint(client, work);
      const isCancelled = this.manager === undefined && classifyFault(error) === 'cancelled';
      if (!isCancelled || (await isCancelRequest(error, run))) {
        throw error;
      }
      this.noteRetry(error);
      return attempt(2);
    }
  }

  private async retry<T>(attempt: () => Promise<T>, mayRetry: (error: unknown) => boolean): Promise<T> {
    return withRetry(this.context.retry, attempt, (error) => this.noteRetry(error), mayRetry);
  }

  private noteRetry(error: unknown): void {
    const { code, message } = describeFault(error);
    this.context.logger.warn(`load ${this.entry.loadId}: retrying after: ${message}`);
    this.onRetry(code);
  }

  /**
   * Asks the database for a batch whose attempts have failed, when one of them lost its connection during COMMIT.
   * @returns what the batch did, if it is committed
   * @throws `error` when it is not committed, CommitUnansweredError when the database cannot be asked
   */
  private async findCommitted(
    batch: BatchPlace,
    watch: CommitWatch,
    error: unknown,
    first?: FirstAttempt,
  ): Promise<LoadTotals> {
    const loss = first?.loss ?? watch.loss;
    if (loss === undefined) {
      throw error;
    }
    const { ledger, dataSource, limits } = this.context;
    let committed: LoadTotals | undefined;
    try {
      committed = await findCommitted(
        dataSource,
        limits,
        async (client) => (await first?.find(client)) ?? ledger.claimBatch(client, this.entry, batch),
      );
    } catch (failure) {
      // LOAD_TAKEN_OVER: the load that has taken over waited for the end of this batch.
      throw failure instanceof StorageError ? failure : new CommitUnansweredError(loss);
    }
    if (committed === undefined) {
      // Without a row in the ledger, the database cannot say what became of the batch.
      throw this.job.options.keepsHistory ? error : new CommitUnansweredError(loss);
    }
    return committed;
  }

  private async tryToNote<T>(
    how: string,
    work: (client: ClientBase) => Promise<T>,
    mayRetry: (error: unknown) => boolean,
  ): Promise<T | undefined> {
    const { context, entry } = this;
    try {
      return await this.inTransaction(work, mayRetry);
    } catch (failure) {
      context.logger.warn(
        `load ${entry.loadId} ended ${how}, but storage_loads could not be updated: ${describeFault(failure).message}. ` +
          'The history shows it as running.',
      );
      return undefined;
    }
  }
}
