import { type BatchLoadResult, LoadStoppedError } from '../../../src/index.js';
import type { StorageApp } from '../app/storage-app.js';

/** Rows that the database rejects while `work` runs, and how. */
export interface Rejection {
  readonly table: string;
  /** SQL condition over NEW. */
  readonly when: string;
  /** SQLSTATE the trigger raises. */
  readonly sqlstate: string;
}

/** Runs `work` while a trigger raises an error for some rows. The message quotes a row's value, as Postgres' own do. */
export async function withRejection<T>(app: StorageApp, rejection: Rejection, work: () => Promise<T>): Promise<T> {
  const { table, when, sqlstate } = rejection;
  await app.rows(`
    CREATE OR REPLACE FUNCTION reject_row() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RAISE EXCEPTION 'rejected: %', NEW.submission_id USING ERRCODE = TG_ARGV[0];
    END $$`);
  await app.rows(
    `CREATE TRIGGER reject_row BEFORE INSERT OR UPDATE ON ${table}
       FOR EACH ROW WHEN (${when}) EXECUTE FUNCTION reject_row('${sqlstate}')`,
  );
  try {
    return await work();
  } finally {
    await app.rows(`DROP TRIGGER reject_row ON ${table}`);
  }
}

/** Runs `work` while another connection holds the locks that `statement` takes; `release` lets them go before the end. */
export async function withLocks<T>(
  app: StorageApp,
  statement: string,
  work: (release: () => Promise<void>) => Promise<T>,
): Promise<T> {
  const other = app.dataSource.createQueryRunner();
  try {
    await other.startTransaction();
    await other.query(statement);
    return await work(async () => {
      await other.rollbackTransaction();
    });
  } finally {
    if (other.isTransactionActive) {
      await other.rollbackTransaction();
    }
    await other.release();
  }
}

/** Runs `work` while a CHECK constraint binds the rows written from now on. */
export async function withCheck<T>(
  app: StorageApp,
  table: string,
  condition: string,
  work: () => Promise<T>,
): Promise<T> {
  await app.rows(`ALTER TABLE ${table} ADD CONSTRAINT parity_check CHECK (${condition}) NOT VALID`);
  try {
    return await work();
  } finally {
    await app.rows(`ALTER TABLE ${table} DROP CONSTRAINT parity_check`);
  }
}

/** The error `work` fails with. */
export async function errorOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
  } catch (error) {
    return error;
  }
  throw new Error('it was expected to fail, and did not');
}

/** What a load into one table had done when an error ended it. */
export function stoppedResult(error: unknown): BatchLoadResult {
  if (error instanceof LoadStoppedError && error.result.kind === 'table') {
    return error.result;
  }
  throw new Error('it is no error that ended a load into one table');
}
