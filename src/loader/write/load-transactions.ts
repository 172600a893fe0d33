import type { ClientBase } from 'pg';
import type { EntityManager } from 'typeorm';

import { StorageError } from '../../errors/index.js';
import { CommitUnansweredError } from '../../postgres/connection-loss.js';
import { describeFault } from '../../postgres/database-fault.js';
import { findCommitted } from '../../postgres/find-committed.js';
import { classifyFault, isContention, isPassing, isTimeout } from '../../postgres/sqlstate.js';
import { withRetry } from '../../postgres/with-retry.js';
import { clientOf, withSavepoint, withTransaction } from '../../postgres/with-transaction.js';
import type { BatchPlace, LedgerEntry } from '../../stats/load-ledger.js';
import type { AnySignal } from '../model/any-signal.js';
import type { LoadContext } from '../model/load-context.js';
import type { LoadTally } from '../model/load-tally.js';

/** Work of one batch, in as many statements as it is told. */
type BatchWork = (client: ClientBase, pieces: number) => Promise<LoadTally>;

/** Learns of the attempts of a batch which may have lost the reply to their COMMIT. */
interface CommitWatch {
  /** Passes on what the work of an attempt comes to, which then has only to be committed. */
  readonly beforeCommit: (work: Promise<LoadTally>) => Promise<LoadTally>;
  /** Is told of each failure in a transaction of its own. */
  readonly note: (error: unknown) => void;
}

/** A replace is one batch, however many its records are read in. */
export const WHOLE: BatchPlace = { batchNo: 0, firstPosition: 0, received: 0 };

/** The transactions of one load: its own with retries, or a part of the caller's. */
export class LoadTransactions {
  constructor(
    private readonly context: LoadContext,
    private readonly entry: LedgerEntry,
    private readonly manager: EntityManager | undefined,
    private readonly onRetry: () => void,
  ) {}

  /**
   * Runs `work` in a transaction, again when it fails for a passing reason; in a caller's transaction, once.
   * @param mayRepeat - which failures are passing ones
   */
  async run<T>(work: (client: ClientBase) => Promise<T>, mayRepeat = isPassing): Promise<T> {
    if (this.manager !== undefined) {
      return withSavepoint(await clientOf(this.manager), work);
    }
    const { dataSource, limits } = this.context;
    return this.repeat(() => withTransaction(dataSource, limits, work), mayRepeat);
  }

  /**
   * Runs a part of a transaction: from its savepoint again when another transaction was in the way, and once more in
   * smaller statements when one took too long; in a caller's transaction, once.
   */
  async runPart<T>(client: ClientBase, work: (pieces: number) => Promise<T>): Promise<T> {
    const attempt = (pieces: number): Promise<T> => withSavepoint(client, () => work(pieces));
    if (this.manager !== undefined) {
      return attempt(1);
    }
    try {
      return await this.repeat(() => attempt(1), isContention);
    } catch (error) {
      if (!isTimeout(error)) {
        throw error;
      }
      this.noteRetry(error);
      return this.repeat(() => attempt(2), isContention);
    }
  }

  /**
   * Runs a replace, which is one batch. What is passing inside the transaction was tried again there; when the
   * connection was lost, all of it is, as long as its records can be read.
   * @throws CommitUnansweredError when it may be in all the same
   */
  async runReplace(canRead: () => boolean, work: (client: ClientBase) => Promise<LoadTally>): Promise<LoadTally> {
    return this.orCommitted(WHOLE, ({ beforeCommit, note }) =>
      this.run(
        (client) => beforeCommit(work(client)),
        (error) => {
          note(error);
          return classifyFault(error) === 'connection' && canRead();
        },
      ),
    );
  }

  /**
   * Runs a batch; once more in smaller statements when one took too long.
   * @param signal - once it is aborted, nothing is tried again
   * @throws CommitUnansweredError when it may be in all the same
   */
  async runBatch(batch: BatchPlace, work: BatchWork, signal: AnySignal): Promise<LoadTally> {
    return this.orCommitted(batch, ({ beforeCommit, note }) => {
      const mayRepeat = (error: unknown): boolean => {
        note(error);
        return !signal.aborted && isPassing(error);
      };
      const attempt = (pieces: number): Promise<LoadTally> =>
        this.run((client) => beforeCommit(work(client, pieces)), mayRepeat);
      return attempt(1).catch((error: unknown) => {
        if (this.manager !== undefined || !isTimeout(error)) {
          throw error;
        }
        this.noteRetry(error);
        return attempt(2);
      });
    });
  }

  private async repeat<T>(attempt: () => Promise<T>, mayRepeat: (error: unknown) => boolean): Promise<T> {
    return withRetry(this.context.retry, attempt, (error) => this.noteRetry(error), mayRepeat);
  }

  private noteRetry(error: unknown): void {
    this.context.logger.warn(`load ${this.entry.loadId}: trying again after: ${describeFault(error).message}`);
    this.onRetry();
  }

  /**
   * Runs the attempts of a batch. When they fail after one has lost its connection with nothing left to do but to
   * commit, and whatever the later ones failed by, the batch counts when it is in after all.
   */
  private async orCommitted(
    batch: BatchPlace,
    attempts: (watch: CommitWatch) => Promise<LoadTally>,
  ): Promise<LoadTally> {
    const losses: unknown[] = [];
    let isCommitting = false;
    const watch: CommitWatch = {
      async beforeCommit(work) {
        const tally = await work;
        isCommitting = true;
        return tally;
      },
      note(error) {
        if (isCommitting && classifyFault(error) === 'connection') {
          losses.push(error);
        }
        isCommitting = false;
      },
    };
    try {
      return await attempts(watch);
    } catch (error) {
      const committed = losses.length > 0 ? await this.findCommitted(batch, losses[0]) : undefined;
      if (committed === undefined) {
        throw error;
      }
      return committed;
    }
  }

  /** @throws CommitUnansweredError when the database cannot be asked */
  private async findCommitted(batch: BatchPlace, loss: unknown): Promise<LoadTally | undefined> {
    const { ledger, dataSource, limits } = this.context;
    try {
      return await findCommitted(
        dataSource,
        limits,
        async (client) => (await ledger.claimBatch(client, this.entry, batch)) as LoadTally | undefined,
      );
    } catch (error) {
      // Who has taken the load over has waited for the end of this batch.
      throw error instanceof StorageError ? error : new CommitUnansweredError(loss);
    }
  }
}
