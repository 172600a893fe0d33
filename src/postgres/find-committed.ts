import type { ClientBase } from 'pg';
import type { DataSource } from 'typeorm';

import { errorCode, errorText } from './sqlstate.js';
import { type TransactionLimits, withTransaction } from './with-transaction.js';

/** Rolls back a transaction that was only to ask something. */
class NotCommitted extends Error {}

/**
 * The connection was lost with the reply to a COMMIT, and the database cannot be asked whether it took place.
 * Code and message are those of the loss.
 */
export class CommitUnansweredError extends Error {
  override readonly name = 'CommitUnansweredError';
  readonly code: string | undefined;

  constructor(cause: unknown) {
    super(errorText(cause, 'message') ?? '', { cause });
    this.code = errorCode(cause);
  }
}

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
