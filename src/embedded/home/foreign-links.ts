import { lstat, readlink, realpath, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { StorageError } from '../../errors/storage-error.js';
import { ignoring } from '../system/system-errors.js';

/**
 * Rejects a path that leads through a symbolic link of another account. That account could choose which directories root
 * creates, gives away or removes.
 * @throws StorageError `EMBEDDED_POSTGRES_UNTRUSTED_DIRECTORY` naming the link
 */
export async function rejectForeignLinks(path: string): Promise<void> {
  if (process.getuid?.() !== 0) return;
  // A loop of links fails here.
  await stat(path).catch(ignoring('ENOENT', 'ENOTDIR'));
  await rejectOnTheWay(resolve(path));
}

async function rejectOnTheWay(path: string): Promise<void> {
  if (path === dirname(path)) return;
  await rejectOnTheWay(dirname(path));
  const found = await lstat(path).catch(ignoring('ENOENT', 'ENOTDIR'));
  if (found?.isSymbolicLink() !== true) return;
  if (found.uid !== 0) {
    throw new StorageError(
      'EMBEDDED_POSTGRES_UNTRUSTED_DIRECTORY',
      `${path} is a symbolic link that belongs to uid ${found.uid}, and root does not follow it. Use the path of the ` +
        'directory itself, or choose another data directory.',
    );
  }
  // Relative to where the link really is: a parent may be a link, too.
  await rejectOnTheWay(resolve(await realpath(dirname(path)), await readlink(path)));
}
