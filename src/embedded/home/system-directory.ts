import { chmod, lstat, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { StorageError } from '../../errors/storage-error.js';
import { ignoring } from '../system/system-errors.js';

/**
 * A place that everybody may enter and that survives a restart. Root has one that is never cleaned up; many systems delete
 * files in /var/tmp after 30 days without use.
 */
const SHARED_DIRECTORY = process.getuid?.() === 0 && process.platform === 'linux' ? '/var/lib' : '/var/tmp';

/**
 * A directory of the current user that every account can enter, for files in places that the server's account cannot
 * enter.
 */
export function systemDirectoryPath(parent: string = SHARED_DIRECTORY): string {
  return join(parent, `harbor-storage-${process.getuid?.() ?? 'user'}`);
}

/**
 * Creates the system directory if it is missing.
 *
 * @returns its path
 * @throws StorageError `EMBEDDED_POSTGRES_UNTRUSTED_DIRECTORY` when another user has created it or may write to it, and so
 * could choose the programs we run
 */
export async function prepareSystemDirectory(parent: string = SHARED_DIRECTORY): Promise<string> {
  const directory = systemDirectoryPath(parent);
  // Not writable for others, whatever the umask; otherwise we would reject our own directory.
  await mkdir(directory, { mode: 0o755 }).catch(ignoring('EEXIST'));

  const found = await lstat(directory);
  if (!found.isDirectory() || found.uid !== process.getuid?.() || (found.mode & 0o022) !== 0) {
    throw new StorageError(
      'EMBEDDED_POSTGRES_UNTRUSTED_DIRECTORY',
      `${directory} must be a directory that belongs to uid ${process.getuid?.()} and is writable only for its owner. ` +
        `Remove it, or set DATABASE_URL to your own server.`,
    );
  }
  // A strict umask would deny access to the server's account.
  await chmod(directory, 0o755);
  return directory;
}
