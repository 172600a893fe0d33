import type { ClientBase } from 'pg';
import type { QueryRunner } from 'typeorm';

import { errorCode } from '../../../errors/error-text.js';
import { StorageError } from '../../../errors/index.js';
import { PostgresError } from '../../../postgres/database-fault.js';
import { connectionOf } from '../../../postgres/typeorm-adapter.js';
import { classifyFault } from '../../../postgres/sqlstate.js';
import { withRetry } from '../../../postgres/with-retry.js';

/**
 * Everybody queues behind a statement that waits for a table's lock, so it waits no longer than this, in milliseconds,
 * gives way, and tries again. A batch of a load holds the table for less.
 */
const TABLE_LOCK_TIMEOUT_MS = 5_000;
const TABLE_LOCK_RETRIES = { maxAttempts: 40, maxElapsedMs: 180_000 };

/** A row is held for as long as the batch of a load takes. */
const ROW_LOCK_TIMEOUT_MS = 30_000;
const ROW_RETRIES = { maxAttempts: 10, maxElapsedMs: 180_000 };

/** Runs a step that locks the table, in a transaction of its own; gives way and tries again while others hold it. */
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

/** Runs a step that locks rows only, in a transaction of its own. */
export async function changeRows<T>(
  queryRunner: QueryRunner,
  table: string,
  work: (client: ClientBase) => Promise<T>,
): Promise<T> {
  return runStep(queryRunner, table, { lockTimeoutMs: ROW_LOCK_TIMEOUT_MS, retry: ROW_RETRIES }, work, {});
}

interface StepOptions {
  /** Leave the transaction open: what TypeORM notes of the migration is to be committed with the step. */
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
      // The client itself: the query runner would write parameters, which are keys of rows, into TypeORM's log.
      const client = await connectionOf(queryRunner);
      await client.query(
        `SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = ${lockTimeoutMs}; ` +
          // A row a policy hides would be left behind in silence; so it is an error.
          'SET LOCAL row_security = off; SET LOCAL extra_float_digits = 1',
      );
      const result = await work(client);
      if (!leaveOpen) {
        await queryRunner.commitTransaction();
      }
      return result;
    } catch (error) {
      // On a lost connection this fails too; the first error is the one that tells why.
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
        `${table} could not be locked: ${cause.message}. Find who holds it (pg_stat_activity, pg_locks) and run the ` +
          'migration again: it goes on where it stopped.',
        { cause },
      )
    : cause;
}
