import { defaultDataDir } from './default-data-dir.js';
import { startEmbeddedPostgres } from './embedded-postgres.js';

/** The database a command works on. */
export interface ResolvedDatabase {
  readonly url: string;
  /** Where the embedded Postgres keeps its data; undefined for a database that was given. */
  readonly dataDir: string | undefined;
  stop(): Promise<void>;
}

/**
 * The database that was given, or the embedded Postgres.
 * @param url - connection string; undefined or empty for the embedded one
 */
export async function resolveDatabase(url: string | undefined): Promise<ResolvedDatabase> {
  if (url !== undefined && url !== '') {
    return { url, dataDir: undefined, stop: async () => {} };
  }
  const embedded = await startEmbeddedPostgres({ dataDir: defaultDataDir() });
  return { url: embedded.url, dataDir: embedded.dataDir, stop: () => embedded.stop() };
}
