import type { ClientBase } from 'pg';
import type { DataSource } from 'typeorm';

import { withTransaction } from '../../postgres/with-transaction.js';

/** Reading a million rows may take minutes. */
const LIMITS = { statementTimeoutMs: 0, lockTimeoutMs: 30_000 };

/**
 * Runs what reads tables for a proposal. A row that a policy hides would be left out in silence; so it is an error.
 * Floats come with all the digits it takes to read them back.
 */
export async function readAllRows<T>(dataSource: DataSource, work: (client: ClientBase) => Promise<T>): Promise<T> {
  return withTransaction(dataSource, LIMITS, async (client) => {
    await client.query('SET LOCAL row_security = off; SET LOCAL extra_float_digits = 1');
    return work(client);
  });
}
