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
