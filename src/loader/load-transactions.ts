import type { ClientBase } from 'pg';
import type { EntityManager } from 'typeorm';

import { describeFault } from '../postgres/database-fault.js';
import { classifyFault, isTimeout } from '../postgres/sqlstate.js';
import { withRetry } from '../postgres/with-retry.js';
import { clientOf, withSavepoint, withTransaction } from '../postgres/with-transaction.js';
import type { LoadContext } from './load-context.js';
import type { LoadTally } from './load-tally.js';
import type { PreparedBatch } from './prepare-batch.js';

/** Work of one batch, in as many statements as it is told. */
type BatchWork = (client: ClientBase, pieces: number) => Promise<LoadTally>;

/** Rolls back a transaction that was only to ask something. */
class NotCommitted extends Error {}

/** The transactions of one load: its own with retries, or a part of the caller's. */
export class LoadTransactions {
  constructor(
    private readonly context: LoadContext,
    private readonly loadId: string,
    private readonly manager: EntityManager | undefined,
    private readonly onRetry: () => void,
  ) {}

  /** Runs `work` in a transaction, again when it fails for a passing reason; in a caller's transaction, once. */
  async run<T>(work: (client: ClientBase) => Promise<T>): Promise<T> {
    if (this.manager !== undefined) {
      return withSavepoint(await clientOf(this.manager), work);
    }
    const { dataSource, limits, retry, logger } = this.context;
    return withRetry(
      retry,
      () => withTransaction(dataSource, limits, work),
      (error, attempts) => {
        logger.warn(`load ${this.loadId}: attempt ${attempts} failed, trying again: ${describeFault(error).message}`);
        this.onRetry();
      },
    );
  }

  /** Runs a batch; once more in smaller statements when one took too long. */
  async runBatch(batch: PreparedBatch, work: BatchWork): Promise<LoadTally> {
    try {
      return await this.run((client) => work(client, 1));
    } catch (error) {
      if (this.manager !== undefined) {
        throw error;
      }
      if (isTimeout(error)) {
        return this.run((client) => work(client, 2));
      }
      const committed = classifyFault(error) === 'connection' ? await this.findCommitted(batch) : undefined;
      if (committed === undefined) {
        throw error;
      }
      return committed;
    }
  }

  /** What a batch did whose COMMIT got no reply, however often; undefined when it is not in, or cannot be asked. */
  private async findCommitted(batch: PreparedBatch): Promise<LoadTally | undefined> {
    const { ledger, dataSource, limits } = this.context;
    try {
      return await withTransaction(dataSource, limits, async (client) => {
        const earlier = await ledger.claimBatch(client, { loadId: this.loadId, ...batch });
        if (earlier === undefined) {
          throw new NotCommitted();
        }
        return earlier as LoadTally;
      });
    } catch {
      return undefined;
    }
  }
}
