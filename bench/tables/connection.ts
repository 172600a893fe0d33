import { Client } from 'pg';

import { connectionError } from '../../src/postgres/faults/connection-error.js';

/**
 * Runs `work` on a separate connection, which is closed afterwards.
 * @throws StorageError `CONNECTION_FAILED` without user and password
 */
export async function withConnection<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  // Dropping the scratch database ends the connection; the current query rejects anyway.
  client.on('error', () => {});
  await client.connect().catch((error: unknown) => {
    throw connectionError(url, error);
  });
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

export async function runStatement(url: string, statement: string): Promise<void> {
  await withConnection(url, (client) => client.query(statement));
}
