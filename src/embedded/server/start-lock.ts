import { randomUUID } from 'node:crypto';
import { lstat, readdir, readlink, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { threadId } from 'node:worker_threads';
import { StorageError } from '../../errors/storage-error.js';
import { ignoring } from '../system/system-errors.js';
import type { Home } from '../home/home.js';
import { poll } from '../system/poll.js';
import { isAlive } from '../system/processes.js';

const ACQUIRE_TIMEOUT_MS = 180_000;
/** Longer than any wait under the lock: an older lock has no owner any more, even if its process id is in use again. */
const MAX_HOLD_MS = 600_000;
const FREE = 'free';
const THIS_THREAD = `${process.pid}.${threadId}.`;

/** Locks of this thread. Any other lock with our process id belongs to an earlier process with that id. */
const ownLocks = new Set<string>();

/**
 * Runs `work` while no other process starts or stops the server of this home.
 *
 * The lock is a series of numbered symbolic links; the target of the newest names the owner. Taking the lock means
 * creating the next number, which the file system allows only once. A lock whose owner was killed is superseded in the
 * same way. It is never deleted, because that could delete the lock of another process that has just superseded it.
 *
 * @throws StorageError `EMBEDDED_POSTGRES_BUSY` if the lock does not become free
 */
export async function withStartLock<T>(home: Home, work: () => Promise<T>): Promise<T> {
  const directory = join(home.path, 'lock');
  await home.account.makeDirectory(directory);
  const owner = `${THIS_THREAD}${randomUUID()}`;
  ownLocks.add(owner);
  try {
    const generation = await acquire(directory, owner);
    return await work().finally(() => take(directory, generation + 1, FREE));
  } finally {
    ownLocks.delete(owner);
  }
}

async function acquire(directory: string, owner: string): Promise<number> {
  const generation = await poll(ACQUIRE_TIMEOUT_MS, () => tryAcquire(directory, owner));
  if (generation !== undefined) return generation;
  throw new StorageError(
    'EMBEDDED_POSTGRES_BUSY',
    `Another process has been starting or stopping the embedded Postgres for too long. ` +
      `If no such process exists, remove ${directory}.`,
  );
}

/** The number of the lock taken, or `undefined` if another process holds it. */
async function tryAcquire(directory: string, owner: string): Promise<number | undefined> {
  const newest = await newestGeneration(directory);
  if (await isHeld(directory, newest)) return undefined;
  const mine = newest + 1;
  if (!(await take(directory, mine, owner))) return undefined;

  // Meanwhile others may have held the lock several times, and removed the number we took.
  const all = await generations(directory);
  if (Math.max(...all) !== mine) {
    await rm(pathOf(directory, mine), { force: true });
    return undefined;
  }
  for (const old of all) if (old < mine) await rm(pathOf(directory, old), { force: true });
  return mine;
}

async function isHeld(directory: string, generation: number): Promise<boolean> {
  if (generation === 0) return false;
  const path = pathOf(directory, generation);
  const owner = await readlink(path).catch(ignoring('ENOENT'));
  // Removed meanwhile, so there is a newer one to check.
  if (owner === undefined) return true;
  if (owner === FREE) return false;
  if (owner.startsWith(THIS_THREAD)) return ownLocks.has(owner);
  const made = await lstat(path).catch(ignoring('ENOENT'));
  const expired = made !== undefined && Date.now() - made.mtimeMs > MAX_HOLD_MS;
  return !expired && (await isAlive(Number.parseInt(owner, 10)));
}

async function take(directory: string, generation: number, owner: string): Promise<boolean> {
  return symlink(owner, pathOf(directory, generation))
    .then(() => true, ignoring('EEXIST'))
    .then(Boolean);
}

async function newestGeneration(directory: string): Promise<number> {
  return Math.max(0, ...(await generations(directory)));
}

async function generations(directory: string): Promise<number[]> {
  return (await readdir(directory)).map(Number);
}

function pathOf(directory: string, generation: number): string {
  return join(directory, String(generation));
}
