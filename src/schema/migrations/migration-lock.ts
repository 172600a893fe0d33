import type { DataSource, QueryRunner } from 'typeorm';

import { queryRunnerOf } from '../../postgres/typeorm-adapter.js';
import { withTransaction } from '../../postgres/with-transaction.js';

/** An arbitrary constant, the same in all versions of this package: the bytes of "harbor". */
const MIGRATION_LOCK_KEY = '114784820031346';

/**
 * Runs `work` in a transaction while no other migration run uses the database. The lock belongs to that transaction, so
 * this works through a transaction-mode pooler, with a single connection, and a killed run leaves nothing behind.
 */
export async function withMigrationLock<T>(
  dataSource: DataSource,
  work: (queryRunner: QueryRunner) => Promise<T>,
): Promise<T> {
  return withTransaction(dataSource, { statementTimeoutMs: 0, lockTimeoutMs: 0 }, async (client) => {
    await client.query('SET LOCAL idle_in_transaction_session_timeout = 0');
    await client.query('SELECT pg_advisory_xact_lock($1)', [MIGRATION_LOCK_KEY]);
    return work(queryRunnerOf(dataSource, client));
  });
}
