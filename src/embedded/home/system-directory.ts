import { chmod, lstat, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { StorageError } from '../../errors/storage-error.js';
import { ignoring } from '../system/system-errors.js';

/**
 * Everybody may enter it, and what lies there survives a restart of the machine. Root has a place that is never swept;
 * of /var/tmp many systems delete what was not used for 30 days.
 */
const SHARED_DIRECTORY = process.getuid?.() === 0 && process.platform === 'linux' ? '/var/lib' : '/var/tmp';

/**
 * A directory of the current user that every account can enter: for what cannot stay where it is because the server's
 * account cannot get there.
 */
export function systemDirectoryPath(parent: string = SHARED_DIRECTORY): string {
  return join(parent, `harbor-storage-${process.getuid?.() ?? 'user'}`);
}

/**
 * Makes the system directory when it is missing.
 *
 * @returns its path
 * @throws StorageError `EMBEDDED_POSTGRES_UNTRUSTED_DIRECTORY` when somebody else has made it, or may write to it: in
 * a place open to all that would let him choose the programs we run
 */
export async function prepareSystemDirectory(parent: string = SHARED_DIRECTORY): Promise<string> {
  const directory = systemDirectoryPath(parent);
  // Without the writing bits of others whatever the umask is; they would make us reject our own directory.
  await mkdir(directory, { mode: 0o755 }).catch(ignoring('EEXIST'));

  const found = await lstat(directory);
  if (!found.isDirectory() || found.uid !== process.getuid?.() || (found.mode & 0o022) !== 0) {
    throw new StorageError(
      'EMBEDDED_POSTGRES_UNTRUSTED_DIRECTORY',
      `${directory} must be a directory that belongs to uid ${process.getuid?.()} and that nobody else may write to. ` +
        `Remove it, or set DATABASE_URL to a server of your own.`,
    );
  }
  // A strict umask would keep the server's account out.
  await chmod(directory, 0o755);
  return directory;
}
