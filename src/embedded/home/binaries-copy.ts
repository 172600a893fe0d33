import { randomUUID } from 'node:crypto';
import { chmod, copyFile, lstat, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ignoring } from '../system/system-errors.js';
import { isAlive } from '../system/processes.js';
import { prepareSystemDirectory } from './system-directory.js';

/**
 * Copies the binaries to a system directory that every account can enter, once per version and user.
 *
 * @returns the directory of the copy, to be used instead of `native`
 */
export async function copyBinaries(
  native: string,
  name: string,
  link: (native: string) => Promise<void>,
): Promise<string> {
  const packageCopy = join(await prepareSystemDirectory(), name);
  const copy = join(packageCopy, 'native');
  await removeAbandoned(packageCopy);
  if (await isComplete(native, copy)) return copy;

  const aside = `${packageCopy}.new-${process.pid}-${randomUUID()}`;
  await mkdir(aside);
  await copyReadable(native, join(aside, 'native'));
  await link(join(aside, 'native'));
  await chmod(aside, 0o755);
  await replace(packageCopy, aside);
  return copy;
}

/** Cleanup programs may delete some files of a copy in a temporary directory. */
async function isComplete(native: string, copy: string): Promise<boolean> {
  const present = new Set(await readdir(copy, { recursive: true }).catch(ignoring('ENOENT')));
  return (await readdir(native, { recursive: true })).every((entry) => present.has(entry));
}

async function replace(target: string, aside: string): Promise<void> {
  // Renamed first, not deleted in place: another process may be about to run these files.
  const old = `${aside}-old`;
  await rename(target, old).catch(ignoring('ENOENT'));
  // Not empty: another process was faster, and its copy is identical.
  await rename(aside, target).catch(ignoring('ENOTEMPTY', 'EEXIST'));
  await rm(aside, { recursive: true, force: true });
  await rm(old, { recursive: true, force: true });
}

/** Removes copies left by processes that were killed while copying. */
async function removeAbandoned(target: string): Promise<void> {
  const prefix = `${basename(target)}.new-`;
  for (const entry of await readdir(dirname(target))) {
    if (!entry.startsWith(prefix) || (await isAlive(Number.parseInt(entry.slice(prefix.length), 10)))) continue;
    await rm(join(dirname(target), entry), { recursive: true, force: true });
  }
}

/** Sets modes instead of copying them: the server's account must get access despite a strict umask at installation. */
async function copyReadable(from: string, to: string): Promise<void> {
  await mkdir(to);
  await chmod(to, 0o755);
  for (const entry of await readdir(from)) {
    const [source, target] = [join(from, entry), join(to, entry)];
    const found = await lstat(source);
    if (found.isDirectory()) {
      await copyReadable(source, target);
    } else if (found.isFile()) {
      await copyFile(source, target);
      await chmod(target, basename(from) === 'bin' || (found.mode & 0o100) !== 0 ? 0o755 : 0o644);
    }
  }
}
