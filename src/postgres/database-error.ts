import { errorCode } from '../errors/error-text.js';
import { StorageError, type StorageErrorCode } from '../errors/index.js';
import { isConnectionFault } from './connection-error.js';
import { PostgresError } from './database-fault.js';

/**
 * What a caller is told when the database does not answer as it should: a StorageError. Errors of this package stay as
 * they are, and so do those that come neither from the database nor from the connection to it: they are a bug.
 * @param what - the sentence the reason is added to
 */
export function databaseError(error: unknown, code: StorageErrorCode, what: string): unknown {
  const isOfDatabase = errorCode(error) !== undefined || isConnectionFault(error);
  if (error instanceof StorageError || !isOfDatabase) {
    return error;
  }
  const cause = PostgresError.from(error);
  return new StorageError(code, `${what}: ${cause.message}`, { cause });
}

/** What the database answers; errors as {@link databaseError}. */
export async function answered<T>(asking: Promise<T>, code: StorageErrorCode, what: string): Promise<T> {
  return asking.catch((error: unknown) => {
    throw databaseError(error, code, what);
  });
}
