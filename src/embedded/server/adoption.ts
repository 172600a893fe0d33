import { realpath } from 'node:fs/promises';
import { StorageError } from '../../errors/storage-error.js';
import { readPassword } from './cluster.js';
import type { Home } from '../home/home.js';
import { Lease } from './lease.js';
import { poll } from '../system/poll.js';
import { findPostmaster, type Postmaster } from './postmaster-pid.js';
import { isLivingPostgres } from '../system/processes.js';
import { type RunningServer, urlOf } from './server.js';
import { identifyServer } from './server-identity.js';

const SETTLE_TIMEOUT_MS = 120_000;

/**
 * Joins a server that already runs on the home's cluster; waits for one that is starting or stopping. Call it with the
 * lock held.
 *
 * @returns `undefined` when no server runs
 * @throws StorageError when the running server does not match the request
 */
export async function adoptServer(home: Home, durable: boolean): Promise<RunningServer | undefined> {
  const outcome = await poll(SETTLE_TIMEOUT_MS, async () => {
    const postmaster = await findPostmaster(home);
    if (!postmaster) return 'none';
    if (!postmaster.isReady) return undefined;
    const url = urlOf(await readPassword(home), postmaster);
    const lease = await tryJoin(home, postmaster, url, durable);
    return lease && { postmaster, lease, url };
  });
  if (outcome === undefined) {
    throw new StorageError(
      'EMBEDDED_POSTGRES_NOT_STARTED',
      `The server on ${home.cluster} neither accepts connections nor ends; see ${home.log}.`,
    );
  }
  return outcome === 'none' ? undefined : outcome;
}

/** Waits until this server has ended. */
export async function waitForEnd(home: Home, { pid }: Postmaster): Promise<void> {
  const ended = await poll(SETTLE_TIMEOUT_MS, async () => ((await isLivingPostgres(pid)) ? undefined : true));
  if (ended) return;
  throw new StorageError(
    'EMBEDDED_POSTGRES_NOT_STOPPED',
    `The embedded Postgres in ${home.path} (process ${pid}) did not stop; see ${home.log}.`,
  );
}

async function tryJoin(home: Home, postmaster: Postmaster, url: string, durable: boolean): Promise<Lease | undefined> {
  const identity = await identifyServer(url).catch((error: unknown) => {
    throw foreignServer(home, postmaster, error);
  });
  if (!identity) return undefined;
  const isOurs = (await realpath(identity.dataDirectory)) === (await realpath(home.cluster));
  if (!isOurs || identity.lease === null) throw foreignServer(home, postmaster);
  if (durable && !identity.durable) {
    throw new StorageError(
      'EMBEDDED_POSTGRES_NOT_DURABLE',
      `The server on ${home.path} was started with durable: false. Stop its users first, or choose another ` +
        `directory.`,
    );
  }
  return Lease.join(identity.lease, home.account);
}

function foreignServer(home: Home, { pid }: Postmaster, cause?: unknown): StorageError {
  return new StorageError(
    'EMBEDDED_POSTGRES_FOREIGN_SERVER',
    `A server not started by this package runs on ${home.cluster} (process ${pid}). ` +
      `Stop it, or set DATABASE_URL to it.`,
    { cause },
  );
}
