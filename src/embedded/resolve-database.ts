import { defaultDataDir } from './default-data-dir.js';
import { startEmbeddedPostgres } from './embedded-postgres.js';

/** The database of a command. */
export interface ResolvedDatabase {
  readonly url: string;
  /** Data directory of the embedded Postgres; undefined for any other database. */
  readonly dataDir: string | undefined;
  stop(): Promise<void>;
}

/**
 * The given database, or the embedded Postgres.
 * @param url - connection URL; undefined or empty for the embedded Postgres
 */
export async function resolveDatabase(url: string | undefined): Promise<ResolvedDatabase> {
  if (url !== undefined && url !== '') {
    return { url, dataDir: undefined, stop: async () => {} };
  }
  const embedded = await startEmbeddedPostgres({ dataDir: defaultDataDir() });
  return { url: embedded.url, dataDir: embedded.dataDir, stop: () => embedded.stop() };
}
