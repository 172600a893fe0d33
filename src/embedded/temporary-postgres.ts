import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startPostgresOf } from './embedded-postgres.js';
import { locateBinaries } from './home/binaries.js';

/** A Postgres for one run, which `stop` ends and removes. */
export interface TemporaryPostgres {
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Starts a Postgres that is not durable, in a temporary directory.
 * @param packageDir - the package with its binaries, for another version than the installed one
 */
export async function startTemporaryPostgres(packageDir: string = locateBinaries()): Promise<TemporaryPostgres> {
  const directory = await mkdtemp(join(tmpdir(), 'harbor-storage-test-'));
  const server = await startPostgresOf(packageDir, { dataDir: directory, durable: false });
  return {
    url: server.url,
    async stop() {
      await server.stop();
      // The data is elsewhere if the server's account cannot enter the temporary directory.
      await Promise.all([directory, server.dataDir].map((path) => rm(path, { recursive: true, force: true })));
    },
  };
}
