import type { ClientBase } from 'pg';
import type { DataSource } from 'typeorm';

import { type TransactionLimits, withTransaction } from './with-transaction.js';

/** Rolls back the transaction of the question. */
class NotCommitted extends Error {}

/**
 * Asks the database about a transaction whose COMMIT got no reply; writes of the question are rolled back.
 * @param find - waits for the end of that transaction; returns undefined if it was not committed
 * @throws the database's error if it cannot be asked
 */
export async function findCommitted<T>(
  dataSource: DataSource,
  limits: TransactionLimits,
  find: (client: ClientBase) => Promise<T | undefined>,
): Promise<T | undefined> {
  try {
    return await withTransaction(dataSource, limits, async (client) => {
      const found = await find(client);
      if (found === undefined) {
        throw new NotCommitted();
      }
      return found;
    });
  } catch (error) {
    if (error instanceof NotCommitted) {
      return undefined;
    }
    throw error;
  }
}
