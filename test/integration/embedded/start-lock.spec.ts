import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { Home } from '../../../src/embedded/home/home.js';
import { ServerAccount } from '../../../src/embedded/home/server-account.js';
import { withStartLock } from '../../../src/embedded/server/start-lock.js';
import { withTemporaryDir } from '../../support/processes/embedded-processes.js';

const homeIn = async (directory: string): Promise<Home> => {
  const account = await ServerAccount.forDirectory(directory);
  await account.give(directory);
  return new Home(directory, account);
};

/** A lock left by another process. */
async function plantLock(directory: string, owner: string): Promise<void> {
  await mkdir(join(directory, 'lock'));
  await symlink(owner, join(directory, 'lock', '7'));
}

async function pidOfDeadProcess(): Promise<number> {
  const child = spawn('true');
  await once(child, 'exit');
  return child.pid ?? 0;
}

describe('the start lock', () => {
  it('admits one process at a time, also after the holder of the lock was killed', async () => {
    await withTemporaryDir(async (directory) => {
      await plantLock(directory, `${await pidOfDeadProcess()}.0.x`);
      const home = await homeIn(directory);
      let inside = 0;
      const visit = async (): Promise<number> => {
        inside += 1;
        const seen = inside;
        await ServerAccount.forDirectory(directory);
        inside -= 1;
        return seen;
      };
      const seen = await Promise.all(Array.from({ length: 20 }, () => withStartLock(home, visit)));
      expect(seen).toEqual(Array.from({ length: 20 }, () => 1));
    });
  });

  it('is free again after work that failed', async () => {
    await withTemporaryDir(async (directory) => {
      const home = await homeIn(directory);
      await expect(withStartLock(home, () => Promise.reject(new Error('no luck')))).rejects.toThrow('no luck');
      await expect(withStartLock(home, () => Promise.resolve('in'))).resolves.toBe('in');
    });
  });

  it('is not held by an earlier process with the same process id', async () => {
    await withTemporaryDir(async (directory) => {
      await plantLock(directory, `${process.pid}.0.x`);
      await expect(withStartLock(await homeIn(directory), () => Promise.resolve('in'))).resolves.toBe('in');
    });
  });

  it('waits for a living owner, and continues when that one dies', async () => {
    await withTemporaryDir(async (directory) => {
      const owner = spawn('sleep', ['600'], { stdio: 'ignore' });
      await plantLock(directory, `${owner.pid}.0.x`);
      const events: string[] = [];
      const entered = withStartLock(await homeIn(directory), async () => events.push('entered'));
      // Time enough to come in, if the door were open: a whole visit elsewhere.
      await withTemporaryDir(async (other) => withStartLock(await homeIn(other), () => Promise.resolve()));
      events.push('killed');
      owner.kill('SIGKILL');
      await entered;
      expect(events).toEqual(['killed', 'entered']);
    });
  });
});
