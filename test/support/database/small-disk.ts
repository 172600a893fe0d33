import { execFile } from 'node:child_process';
import { chown, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A file system of a few megabytes. */
export interface SmallDisk {
  readonly path: string;
  resize(megabytes: number): Promise<void>;
  remove(): Promise<void>;
}

/** Mounts a small file system; a reason where this machine or account may not. */
export async function mountSmallDisk(megabytes: number): Promise<SmallDisk | string> {
  const path = await mkdtemp(join(tmpdir(), 'harbor-storage-disk-'));
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'harbor-storage-test', path]);
  } catch (error) {
    await rm(path, { recursive: true });
    return `no file system can be mounted here: ${String(Reflect.get(error as object, 'stderr') ?? error).trim()}`;
  }
  return {
    path,
    async resize(size) {
      await run('mount', ['-o', `remount,size=${size}m`, path]);
    },
    async remove() {
      await run('umount', [path]);
      await rm(path, { recursive: true });
    },
  };
}

/** Gives a directory to the account that owns another one. */
export async function giveToOwnerOf(model: string, path: string): Promise<void> {
  const { uid, gid } = await stat(model);
  await chown(path, uid, gid);
}
