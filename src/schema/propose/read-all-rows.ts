import type { ClientBase } from 'pg';
import type { DataSource } from 'typeorm';

import { withReading } from '../../postgres/with-transaction.js';

/**
 * Reads tables for a proposal. Rows hidden by a policy would be missing silently, so they raise an error. Floats are
 * returned with all digits needed to read them back.
 */
export async function readAllRows<T>(dataSource: DataSource, work: (client: ClientBase) => Promise<T>): Promise<T> {
  return withReading(dataSource, async (client) => {
    // Reading a million rows may take minutes.
    await client.query("SET LOCAL row_security = off; SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = '30s'");
    return work(client);
  });
}
