import type { ClientBase } from 'pg';
import type { DataSource } from 'typeorm';

import { type TransactionLimits, withTransaction } from './with-transaction.js';

/** Rolls back a transaction that was only to ask something. */
class NotCommitted extends Error {}

/**
 * Asks whether work is in whose COMMIT got no reply; what asking has written is taken back.
 * @param find - waits for the end of the transaction asked for; undefined when it is not in
 * @throws what the database answered when it cannot be asked
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
