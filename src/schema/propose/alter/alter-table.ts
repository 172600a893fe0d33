import type { ClientBase } from 'pg';
import type { QueryRunner } from 'typeorm';

import { errorCode } from '../../../errors/error-text.js';
import { StorageError } from '../../../errors/index.js';
import { PostgresError } from '../../../postgres/faults/database-fault.js';
import { connectionOf } from '../../../postgres/typeorm-adapter.js';
import { classifyFault } from '../../../postgres/faults/sqlstate.js';
import { withRetry } from '../../../postgres/with-retry.js';

/**
 * Timeout of waiting for a table lock, in milliseconds. All other statements queue behind the wait, so it gives up early
 * and retries. A batch of a load holds its lock for less time.
 */
const TABLE_LOCK_TIMEOUT_MS = 5_000;
const TABLE_LOCK_RETRIES = { maxAttempts: 40, maxElapsedMs: 180_000 };

/** Timeout of a row lock, which a batch of a load may hold for its whole duration. */
const ROW_LOCK_TIMEOUT_MS = 30_000;
const ROW_RETRIES = { maxAttempts: 10, maxElapsedMs: 180_000 };

/** Runs a step that locks the table, in its own transaction; on a lock timeout it gives up and retries. */
export async function alterTable<T>(
  queryRunner: QueryRunner,
  table: string,
  work: (client: ClientBase) => Promise<T>,
  options: StepOptions = {},
): Promise<T> {
  return runStep(
    queryRunner,
    table,
    { lockTimeoutMs: TABLE_LOCK_TIMEOUT_MS, retry: TABLE_LOCK_RETRIES },
    work,
    options,
  );
}

/** Runs a step that locks rows only, in its own transaction. */
export async function changeRows<T>(
  queryRunner: QueryRunner,
  table: string,
  work: (client: ClientBase) => Promise<T>,
): Promise<T> {
  return runStep(queryRunner, table, { lockTimeoutMs: ROW_LOCK_TIMEOUT_MS, retry: ROW_RETRIES }, work, {});
}

interface StepOptions {
  /** Leaves the transaction open, so that TypeORM's record of the migration is committed with the step. */
  readonly leaveOpen?: boolean;
}

interface StepLimits {
  readonly lockTimeoutMs: number;
  readonly retry: Parameters<typeof withRetry>[0];
}

async function runStep<T>(
  queryRunner: QueryRunner,
  table: string,
  { lockTimeoutMs, retry }: StepLimits,
  work: (client: ClientBase) => Promise<T>,
  { leaveOpen = false }: StepOptions,
): Promise<T> {
  const attempt = async (): Promise<T> => {
    await queryRunner.startTransaction('READ COMMITTED');
    try {
      // The client itself: the query runner would write parameters, which are row keys, into TypeORM's log.
      const client = await connectionOf(queryRunner);
      await client.query(
        `SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = ${lockTimeoutMs}; ` +
          // Rows hidden by a policy would be skipped silently, so they raise an error.
          'SET LOCAL row_security = off; SET LOCAL extra_float_digits = 1',
      );
      const result = await work(client);
      if (!leaveOpen) {
        await queryRunner.commitTransaction();
      }
      return result;
    } catch (error) {
      // Fails too on a lost connection; the first error tells the cause.
      await queryRunner.rollbackTransaction().catch(() => {});
      throw error;
    }
  };
  try {
    return await withRetry(
      retry,
      attempt,
      () => {},
      (error) => classifyFault(error) === 'contention',
    );
  } catch (error) {
    throw explain(error, table);
  }
}

function explain(error: unknown, table: string): unknown {
  if (error instanceof StorageError || errorCode(error) === undefined) {
    return error;
  }
  const cause = PostgresError.from(error);
  return classifyFault(error) === 'contention'
    ? new StorageError(
        'TABLE_BUSY',
        `Could not lock ${table}: ${cause.message}. Find the lock holder (pg_stat_activity, pg_locks) and run the ` +
          'migration again; it resumes where it stopped.',
        { cause },
      )
    : cause;
}
