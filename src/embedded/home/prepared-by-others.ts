import { lstat, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { StorageError } from '../../errors/storage-error.js';
import { ignoring } from '../system/system-errors.js';
import { ServerAccount } from './server-account.js';

const WRITABLE_FOR_OTHERS = 0o022;

/**
 * Rejects a path that another account could have prepared: in a directory where several accounts may create files, such as
 * /tmp, anybody can create `.harbor-storage` with a server and data of their own, and wait for somebody to use it. Trusted
 * are root, this process's account, the account that root uses for servers, the owner of the working directory, whose code
 * runs already, and whoever owns a directory on the path that nobody else could have created.
 *
 * @throws StorageError `EMBEDDED_POSTGRES_UNTRUSTED_DIRECTORY` naming the first directory of another account
 */
export async function rejectPreparedByOthers(path: string): Promise<void> {
  const own = process.getuid?.() ?? 0;
  const trusted = new Set([0, own, (await stat(process.cwd())).uid]);
  let shared = false;
  for (const directory of withParents(resolve(path))) {
    const found = await stat(directory).catch(ignoring('ENOENT', 'ENOTDIR'));
    if (found === undefined) return;
    // A link belongs to who made it, and leads where that account wants.
    for (const { uid } of [await lstat(directory), found]) {
      if (!shared) trusted.add(uid);
      if (!trusted.has(uid) && !(own === 0 && (await ServerAccount.ofRoot())?.owns({ uid }) === true)) {
        throw new StorageError(
          'EMBEDDED_POSTGRES_UNTRUSTED_DIRECTORY',
          `${directory} belongs to uid ${uid}, in a directory where several accounts can create files: uid ${uid} may have ` +
            'prepared it. Use a directory that only you can write to.',
        );
      }
    }
    shared = (found.mode & WRITABLE_FOR_OTHERS) !== 0;
  }
}

/** From the root directory down. */
function withParents(path: string): string[] {
  const parent = dirname(path);
  return parent === path ? [path] : [...withParents(parent), path];
}
