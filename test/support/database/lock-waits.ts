import type { StorageApp } from '../app/storage-app.js';
import { eventually } from '../processes/embedded-processes.js';

/** Asks one database. */
type Ask = (sql: string) => Promise<unknown[]>;

/**
 * Waits until so many connections to the database that is asked wait for a lock; other suites have theirs, on the same
 * server.
 * @param statement - what their statement is like, by LIKE
 * @throws when they do not in 20 seconds
 */
export async function untilLockIsAwaited(ask: Ask, connections = 1, statement = '%'): Promise<void> {
  const waiting = `SELECT 1 FROM pg_stat_activity
                    WHERE wait_event_type = 'Lock' AND datname = current_database() AND query LIKE '${statement}'`;
  if (!(await eventually(async () => (await ask(waiting)).length >= connections))) {
    throw new Error(`${connections} connections were to wait for a lock, and did not`);
  }
}

/**
 * Does `work` while another transaction has done a statement, and ends that one once it is waited for.
 * @param end - how it ends
 */
export async function whileOtherDoes<T>(
  { dataSource, rows }: Pick<StorageApp, 'dataSource' | 'rows'>,
  statement: string,
  work: () => Promise<T>,
  end: 'commit' | 'rollback' = 'commit',
): Promise<T> {
  const other = dataSource.createQueryRunner();
  try {
    await other.startTransaction();
    await other.query(statement);
    const working = work();
    working.catch(() => {});
    await untilLockIsAwaited(rows);
    await (end === 'commit' ? other.commitTransaction() : other.rollbackTransaction());
    return await working;
  } finally {
    await other.release();
  }
}
