import type { ClientBase } from 'pg';
import type { DataSource } from 'typeorm';

import { withReading } from '../../postgres/with-transaction.js';

/**
 * Reads tables for a proposal. Rows hidden by a policy would be missing silently, so they raise an error. Floats are
 * returned with all digits needed to read them back.
 * @param statementTimeoutMs - 0: none, because reading a million rows may take minutes
 */
export async function readAllRows<T>(
  dataSource: DataSource,
  statementTimeoutMs: number,
  work: (client: ClientBase) => Promise<T>,
): Promise<T> {
  return withReading(dataSource, async (client) => {
    await client.query(
      "SELECT set_config('row_security', 'off', true), set_config('statement_timeout', $1, true), set_config('lock_timeout', '30s', true)",
      [String(statementTimeoutMs)],
    );
    return work(client);
  });
}
