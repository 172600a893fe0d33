import type { DataSource } from 'typeorm';

import { withTransaction } from '../../postgres/with-transaction.js';

/** An arbitrary constant, the same in all versions of this package: the bytes of "harbor". */
const MIGRATION_LOCK_KEY = '114784820031346';

/**
 * Runs `work` while no other migration run uses the database. The lock belongs to a transaction that does nothing else,
 * so it also works through a transaction-mode pooler; it takes no snapshot, so CREATE INDEX CONCURRENTLY does not wait
 * for it.
 */
export async function withMigrationLock<T>(dataSource: DataSource, work: () => Promise<T>): Promise<T> {
  return withTransaction(dataSource, { statementTimeoutMs: 0, lockTimeoutMs: 0 }, async (client) => {
    await client.query('SET LOCAL idle_in_transaction_session_timeout = 0');
    await client.query('SELECT pg_advisory_xact_lock($1)', [MIGRATION_LOCK_KEY]);
    return work();
  });
}
