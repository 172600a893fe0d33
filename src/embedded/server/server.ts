import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFile, readdir, rename, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { StorageError } from '../../errors/storage-error.js';
import type { Binaries } from '../home/binaries.js';
import { ignoring } from '../system/system-errors.js';
import { SUPERUSER } from './cluster.js';
import type { Home } from '../home/home.js';
import { Lease } from './lease.js';
import { poll } from '../system/poll.js';
import { disownPostmasterPid, findPostmaster, type Postmaster } from './postmaster-pid.js';
import { serverEnvironment } from '../system/run-command.js';
import { SUPERVISOR } from './supervisor.js';

/** Server setting that tells other processes the path of the lease pipe. */
export const LEASE_SETTING = 'harbor_storage.lease';

/** Recovery after a crash may take long. */
const READY_TIMEOUT_MS = 120_000;
const LEASE_PREFIX = 'lease-';
const PASSING_TIMEOUT_MS = 30_000;
/** The port was taken between our check and the start, or child processes of a killed server still run. */
const PASSING_FAILURES = /could not create any TCP\/IP sockets|pre-existing shared memory block/;
const LOG_TAIL_LINES = 20;
const NOT_DURABLE = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off'];

/** A server, and our lease on it. */
export interface RunningServer {
  /** Contains the password: not for logs. */
  readonly url: string;
  readonly postmaster: Postmaster;
  readonly lease: Lease;
}

/** Starts Postgres on the cluster of the home. Call it with the lock held and no server running. */
export async function launchServer(
  home: Home,
  binaries: Binaries,
  password: string,
  durable: boolean,
): Promise<RunningServer> {
  await removeOldLeases(home);
  await disownPostmasterPid(home);
  await rename(home.log, home.previousLog).catch(ignoring('ENOENT'));
  const server = await poll(PASSING_TIMEOUT_MS, async () => {
    await rm(home.log, { force: true });
    const launched = await tryLaunch(home, binaries, durable);
    if (!launched && !PASSING_FAILURES.test(await readLog(home))) throw await notStarted(home);
    return launched;
  });
  if (!server) throw await notStarted(home);
  return { ...server, url: urlOf(password, server.postmaster) };
}

/** Connection URL of the superuser's own database. */
export function urlOf(password: string, { port }: Postmaster): string {
  return `postgres://${SUPERUSER}:${password}@127.0.0.1:${port}/postgres`;
}

async function tryLaunch(
  home: Home,
  binaries: Binaries,
  durable: boolean,
): Promise<Pick<RunningServer, 'postmaster' | 'lease'> | undefined> {
  const lease = await Lease.create(join(home.path, `${LEASE_PREFIX}${randomUUID()}`), home.account);
  const settings = [
    `port=${await freePort()}`,
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'max_connections=100',
    `${LEASE_SETTING}=${lease.path}`,
    ...(durable ? [] : NOT_DURABLE),
  ];
  const command = [binaries.postgres, '-D', home.cluster, ...settings.flatMap((setting) => ['-c', setting])];
  const supervisor = spawn('/bin/sh', ['-c', SUPERVISOR, 'harbor-storage', lease.path, home.log, ...command], {
    ...home.account.spawnOptions,
    ...serverEnvironment(),
    // Its own process group: Ctrl+C in the terminal is meant for us, and other processes may use the server.
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', lease.fd],
  });
  supervisor.unref();

  const postmaster = await waitUntilReady(home, supervisor);
  if (postmaster) return { postmaster, lease };
  lease.release();
  await rm(lease.path, { force: true });
  return undefined;
}

/** `undefined` if the server has ended, or is not ready in time. */
async function waitUntilReady(home: Home, supervisor: ChildProcess): Promise<Postmaster | undefined> {
  let ended = false;
  const markEnded = (): void => {
    ended = true;
  };
  supervisor.once('exit', markEnded).once('error', markEnded);
  const outcome = await poll(READY_TIMEOUT_MS, async () => {
    if (ended) return 'ended';
    const postmaster = await findPostmaster(home);
    return postmaster?.isReady ? postmaster : undefined;
  });
  return outcome === 'ended' ? undefined : outcome;
}

async function readLog(home: Home): Promise<string> {
  return (await readFile(home.log, 'utf8').catch(ignoring('ENOENT'))) ?? '';
}

async function notStarted(home: Home): Promise<StorageError> {
  const tail = (await readLog(home)).trimEnd().split('\n').slice(-LOG_TAIL_LINES).join('\n');
  return new StorageError(
    'EMBEDDED_POSTGRES_NOT_STARTED',
    `The embedded Postgres in ${home.path} did not start. The end of its log, ${home.log}:\n${tail}`,
  );
}

async function removeOldLeases(home: Home): Promise<void> {
  for (const entry of await readdir(home.path)) {
    if (entry.startsWith(LEASE_PREFIX)) await rm(join(home.path, entry), { force: true });
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      const port = address !== null && typeof address === 'object' ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}
