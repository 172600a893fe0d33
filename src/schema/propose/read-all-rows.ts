import type { ClientBase } from 'pg';
import type { DataSource } from 'typeorm';

import { withTransaction } from '../../postgres/with-transaction.js';

/** Reading a million rows may take minutes. */
const LIMITS = { statementTimeoutMs: 0, lockTimeoutMs: 30_000 };

/**
 * Reads tables for a proposal. Rows hidden by a policy would be missing silently, so they raise an error. Floats are
 * returned with all digits needed to read them back.
 */
export async function readAllRows<T>(dataSource: DataSource, work: (client: ClientBase) => Promise<T>): Promise<T> {
  return withTransaction(dataSource, LIMITS, async (client) => {
    await client.query('SET LOCAL row_security = off; SET LOCAL extra_float_digits = 1');
    return work(client);
  });
}
