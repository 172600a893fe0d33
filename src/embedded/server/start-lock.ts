import { randomUUID } from 'node:crypto';
import { lstat, mkdir, readdir, readlink, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { threadId } from 'node:worker_threads';
import { StorageError } from '../../errors/storage-error.js';
import { ignoring } from '../system/system-errors.js';
import type { Home } from '../home/home.js';
import { poll } from '../system/poll.js';
import { isAlive } from '../system/processes.js';

const ACQUIRE_TIMEOUT_MS = 180_000;
/** All waits under the lock are shorter; so an older lock has lost its owner, whoever has that process id by now. */
const MAX_HOLD_MS = 600_000;
const FREE = 'free';
const THIS_THREAD = `${process.pid}.${threadId}.`;

/** The locks of this thread. Another one that looks like ours is of a process that had our number before. */
const ownLocks = new Set<string>();

/**
 * Runs `work` while no other process starts or stops the server of this home.
 *
 * The lock is a series of numbered symbolic links; the target of the newest says who owns the lock. Taking it is
 * making the next number, which the file system grants to one process only. A lock whose owner was killed is passed by
 * in the same way. It is never deleted, as that could hit the lock of one who has just done the same.
 *
 * @throws StorageError `EMBEDDED_POSTGRES_BUSY` when the lock does not become free
 */
export async function withStartLock<T>(home: Home, work: () => Promise<T>): Promise<T> {
  const directory = join(home.path, 'lock');
  await mkdir(directory).catch(ignoring('EEXIST'));
  await home.account.give(directory);
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
      `If there is none, remove ${directory}.`,
  );
}

/** The number of the lock taken, or `undefined` when another one has it. */
async function tryAcquire(directory: string, owner: string): Promise<number | undefined> {
  const newest = await newestGeneration(directory);
  if (await isHeld(directory, newest)) return undefined;
  const mine = newest + 1;
  if (!(await take(directory, mine, owner))) return undefined;

  // Since we looked, others may have had the lock several times, and have cleared away the number we took.
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
  // Cleared away meanwhile, so there is a newer one to look at.
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
