import { Client } from 'pg';
import { errorCode, errorMessage } from '../../errors/error-text.js';
import { LEASE_SETTING } from './server.js';

/** Identity of a server, as reported by itself. */
export interface ServerIdentity {
  readonly dataDirectory: string;
  /** Its lease pipe; `null` if it was not started by this package. */
  readonly lease: string | null;
  readonly durable: boolean;
}

const CONNECT_TIMEOUT_MS = 10_000;
/** The server is starting, stopping or out of connections: ask again later. */
const NOT_NOW = new Set(['ECONNREFUSED', 'ECONNRESET', '57P03', '53300', '57P01']);

/** Asks the server for its identity; `undefined` if it does not accept connections now. */
export async function identifyServer(url: string): Promise<ServerIdentity | undefined> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
  // A server that ends during the query emits an error event too; without a listener it would end the process.
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<ServerIdentity>(
      `select current_setting('data_directory') as "dataDirectory",
              current_setting($1, true) as lease,
              current_setting('fsync') = 'on' as durable`,
      [LEASE_SETTING],
    );
    return rows[0];
  } catch (error) {
    const interrupted = errorMessage(error).startsWith('Connection terminated');
    if (interrupted || NOT_NOW.has(errorCode(error) ?? '')) return undefined;
    throw error;
  } finally {
    await client.end().catch(() => undefined);
  }
}
