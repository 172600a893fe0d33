import { errorCode } from '../../errors/error-text.js';
import { StorageError, type StorageErrorCode } from '../../errors/index.js';
import { isConnectionFault } from './connection-error.js';
import { PostgresError } from './database-fault.js';
import { INSUFFICIENT_PRIVILEGE, mayBeOfRow } from './sqlstate.js';

/**
 * Wraps an error of the database or its connection in a StorageError. Errors of this package stay as they are, and so do
 * all other errors, which are bugs.
 * @param what - sentence before the reason
 */
export function databaseError(error: unknown, code: StorageErrorCode, what: string): unknown {
  const isOfDatabase = errorCode(error) !== undefined || isConnectionFault(error);
  if (error instanceof StorageError || !isOfDatabase) {
    return error;
  }
  const cause = PostgresError.from(error, 'schema');
  return new StorageError(code, `${what}: ${cause.message}`, { cause });
}

const DENIED =
  'To fix: connect as the owner of the tables, or grant the role SELECT, INSERT, UPDATE and DELETE on this table and, where ' +
  'its row level security is enabled, create a policy for the role';

/**
 * Awaits a statement without rows of a load. What it fails with names its table in the server's own words, which hold no
 * value then; other errors stay as they are.
 */
export async function namingObjects<T>(asking: Promise<T>): Promise<T> {
  return asking.catch((error: unknown) => {
    if (!mayBeOfRow(error)) {
      throw error;
    }
    const named = PostgresError.from(error, 'schema');
    throw named.code === INSUFFICIENT_PRIVILEGE
      ? new PostgresError({ ...named, message: `${named.message}. ${DENIED}` })
      : named;
  });
}

/** Awaits a query; errors as {@link databaseError}. */
export async function answered<T>(asking: Promise<T>, code: StorageErrorCode, what: string): Promise<T> {
  return asking.catch((error: unknown) => {
    throw databaseError(error, code, what);
  });
}
