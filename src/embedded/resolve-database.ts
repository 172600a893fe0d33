import { StorageError } from '../errors/storage-error.js';
import { defaultDataDir } from './default-data-dir.js';

/** The database of a command. */
export interface ResolvedDatabase {
  readonly url: string;
  /** Data directory of the embedded Postgres; undefined for any other database. */
  readonly dataDir: string | undefined;
  stop(): Promise<void>;
}

/** Why the embedded Postgres is not started, and what to do. */
export const EMBEDDED_IN_PRODUCTION =
  'No database is set, and with NODE_ENV=production the embedded Postgres is not started by default: it is for ' +
  'development and tests. Set DATABASE_URL';

/** Whether the embedded Postgres may be started without being asked for. */
export function isEmbeddedDefault(): boolean {
  return process.env['NODE_ENV'] !== 'production';
}

/**
 * The given database, or the embedded Postgres.
 * @param url - connection URL; undefined or empty for the embedded Postgres
 * @param embedded - asks for the embedded Postgres, also in production
 * @throws StorageError `EMBEDDED_POSTGRES_IN_PRODUCTION`
 */
export async function resolveDatabase(url: string | undefined, embedded = false): Promise<ResolvedDatabase> {
  if (url !== undefined && url !== '') {
    return { url, dataDir: undefined, stop: async () => {} };
  }
  if (!embedded && !isEmbeddedDefault()) {
    throw new StorageError('EMBEDDED_POSTGRES_IN_PRODUCTION', EMBEDDED_IN_PRODUCTION);
  }
  const { startEmbeddedPostgres } = await import('./embedded-postgres.js');
  const server = await startEmbeddedPostgres({ dataDir: defaultDataDir() });
  return { url: server.url, dataDir: server.dataDir, stop: () => server.stop() };
}
