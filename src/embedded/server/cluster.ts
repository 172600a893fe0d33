import { randomBytes, randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { open, readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { StorageError } from '../../errors/storage-error.js';
import type { Binaries } from '../home/binaries.js';
import { ignoring } from '../system/system-errors.js';
import type { Home } from '../home/home.js';

/** The superuser of every embedded cluster. */
export const SUPERUSER = 'postgres';

const BUILD_PREFIX = 'build-';

/**
 * Creates the cluster if there is none. Call it with the lock held and no server running.
 *
 * @returns the superuser's password
 */
export async function ensureCluster(home: Home, binaries: Binaries, durable: boolean): Promise<string> {
  await removeLeftovers(home);
  const major = await readMajor(home);
  if (major === undefined) {
    await createCluster(home, binaries, durable);
  } else if (major !== binaries.major) {
    throw new StorageError(
      'EMBEDDED_POSTGRES_VERSION_MISMATCH',
      `The cluster in ${home.path} needs Postgres ${major}, but the installed binaries are Postgres ` +
        `${binaries.major}. Dump it with the old version and restore it with the new one, or choose another directory.`,
    );
  }
  return readPassword(home);
}

/** The password created with the cluster. */
export async function readPassword(home: Home): Promise<string> {
  try {
    return await readOwnFile(home);
  } catch (cause) {
    throw new StorageError(
      'EMBEDDED_POSTGRES_DATA_DIR',
      `Could not read the password of the cluster from ${home.passwordFile}. Only the user who created the cluster can use ` +
        `it. If the file is lost, remove ${home.path}.`,
      { cause },
    );
  }
}

/**
 * Reads a file of the server's account only. Anything else could be a link to a secret of root, and a server of that account
 * would be told it as a password.
 */
async function readOwnFile({ passwordFile, account }: Home): Promise<string> {
  const file = await open(passwordFile, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const found = await file.stat();
    if (!found.isFile() || !account.owns(found)) throw new Error(`it is no file of ${account}`);
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

async function readMajor(home: Home): Promise<string | undefined> {
  return (await readFile(join(home.cluster, 'PG_VERSION'), 'utf8').catch(ignoring('ENOENT')))?.trim();
}

/** Builds the cluster elsewhere and renames it, so that a killed start leaves no partial cluster. */
async function createCluster(home: Home, binaries: Binaries, durable: boolean): Promise<void> {
  const build = join(home.path, `${BUILD_PREFIX}${randomUUID()}`);
  await home.account.makeDirectory(build);
  const aside = { cluster: join(build, 'pgdata'), passwordFile: join(build, 'password') };
  await home.account.writeFile(aside.passwordFile, randomBytes(24).toString('hex'));

  const { ok, output } = await home.account.run(binaries.initdb, [
    `--pgdata=${aside.cluster}`,
    `--username=${SUPERUSER}`,
    `--pwfile=${aside.passwordFile}`,
    '--auth=scram-sha-256',
    '-E',
    'UTF8',
    '--no-locale',
    '--no-instructions',
    ...(durable ? [] : ['--no-sync']),
  ]);
  if (!ok) {
    await home.account.remove(build);
    throw new StorageError('EMBEDDED_POSTGRES_NOT_STARTED', `Could not create a cluster in ${home.path}: ${output}`);
  }
  // The cluster last: its presence means that everything is complete.
  await home.account.move(aside.passwordFile, home.passwordFile);
  await home.account.move(aside.cluster, home.cluster);
  await home.account.remove(build);
}

async function removeLeftovers(home: Home): Promise<void> {
  for (const entry of await readdir(home.path)) {
    if (entry.startsWith(BUILD_PREFIX)) await home.account.remove(join(home.path, entry));
  }
}
