import { randomUUID } from 'node:crypto';

import type { ClientBase } from 'pg';
import type { EntityManager } from 'typeorm';

import type { LoadStatus } from '../../entities/index.js';
import { errorCode } from '../../errors/error-text.js';
import { InvalidLoadError, StorageError } from '../../errors/index.js';
import { describeFault, PostgresError } from '../../postgres/database-fault.js';
import { isContention, isPassing } from '../../postgres/sqlstate.js';
import type { LedgerAccount, LedgerEntry } from '../../stats/load-ledger.js';
import { CommittedBatches } from '../read/committed-batches.js';
import type { LoadContext } from '../model/load-context.js';
import type { LoadJob } from '../model/load-job.js';
import { keptOptions } from '../model/load-options.js';
import { accountOf } from './load-report.js';
import type { LoadTally } from '../model/load-tally.js';
import { LoadTransactions } from '../write/load-transactions.js';
import { faultOf } from '../model/stop-load.js';

/** What an attempt finds when it begins. */
interface Beginning {
  /** The load of the key is done: its input need not be looked at. */
  readonly isDone: boolean;
  readonly committed: CommittedBatches;
}

const LOCK_NOT_AVAILABLE = '55P03';

/** One attempt at a load, and how it stands in the ledger from its beginning to its end. */
export class LoadAttempt {
  readonly entry: LedgerEntry;
  readonly transactions: LoadTransactions;

  constructor(
    private readonly context: LoadContext,
    private readonly job: LoadJob,
    manager: EntityManager | undefined,
    onRetry: () => void,
  ) {
    const { loadKey, disposition, source } = job.options;
    const options = keptOptions(job.options, job.targets[0]?.plan.schema);
    this.entry = { loadId: randomUUID(), attempt: 1, loadKey, table: job.name, disposition, source, options };
    this.transactions = new LoadTransactions(context, this.entry, manager, onRetry);
  }

  /**
   * Enters a load that has a load key, before its input is read.
   * @param extent - `whole` for a load in one transaction, which cannot go on with a part
   * @throws InvalidLoadError when the key belongs to another load
   * @throws StorageError `LOAD_KEY_BUSY` when another transaction is at work on the load for too long
   */
  async begin(extent?: 'whole'): Promise<Beginning> {
    const { entry, job } = this;
    const { loadKeys } = this.context;
    if (entry.loadKey === undefined) {
      return { isDone: false, committed: CommittedBatches.none(job.targets.length) };
    }
    try {
      return await this.transactions.run(async (client) => {
        const claimed = await loadKeys.claim(client, entry);
        const committed = await CommittedBatches.from(loadKeys.committed(client, entry), job.targets.length);
        if (extent === 'whole' && claimed === 'begun' && committed.count > 0) {
          throw new InvalidLoadError(
            `loadKey ${JSON.stringify(entry.loadKey)} belongs to load ${entry.loadId}, which was begun batch by batch ` +
              'and is not done: go on with loadBatch or storeBatch',
          );
        }
        return { isDone: claimed === 'completed', committed };
      });
    } catch (error) {
      if (errorCode(error) !== LOCK_NOT_AVAILABLE) {
        throw error;
      }
      throw new StorageError(
        'LOAD_KEY_BUSY',
        `another transaction is at work on the load key ${JSON.stringify(entry.loadKey)}, and did not end in the time ` +
          'a load waits for a lock (loader.lockTimeoutMs). Try again when that load has ended',
        { cause: PostgresError.from(error) },
      );
    }
  }

  /** Enters a load without a load key, so that the history shows it while it runs. */
  async open(): Promise<void> {
    await this.transactions.run((client) => this.context.ledger.open(client, this.entry));
  }

  /** Ends a load that had nothing to do: its key stays free for a load that has. */
  async release(): Promise<void> {
    const { context, entry } = this;
    if (entry.loadKey !== undefined) {
      await this.note('with nothing to do', (client) => context.loadKeys.release(client, entry));
    }
  }

  account(status: LoadStatus, tally: LoadTally, error?: unknown): LedgerAccount {
    return { ...accountOf(this.job, tally), status, error: error === undefined ? undefined : faultOf(error) };
  }

  /** The accounts are closed even when the load failed, unless the database is away: that was waited for already. */
  async close(status: LoadStatus, tally: LoadTally, error?: unknown): Promise<void> {
    const { ledger } = this.context;
    const work = async (client: ClientBase): Promise<void> => {
      if (status !== 'completed') {
        // The transaction that has entered it may be the one that was rolled back.
        await ledger.open(client, this.entry);
      }
      await ledger.close(client, this.entry, this.account(status, tally, error));
    };
    await this.note(`as ${status}`, work, status === 'completed' ? isPassing : isContention);
  }

  private async note(
    how: string,
    work: (client: ClientBase) => Promise<void>,
    mayRepeat: (error: unknown) => boolean = isPassing,
  ): Promise<void> {
    const { context, entry } = this;
    try {
      await this.transactions.run(work, mayRepeat);
    } catch (failure) {
      context.logger.warn(
        `load ${entry.loadId} ended ${how}, which could not be noted in storage_loads: ` +
          describeFault(failure).message,
      );
    }
  }
}
