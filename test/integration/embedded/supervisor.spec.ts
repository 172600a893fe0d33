import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { Lease } from '../../../src/embedded/server/lease.js';
import { isAlive } from '../../../src/embedded/system/processes.js';
import { ServerAccount } from '../../../src/embedded/home/server-account.js';
import { SUPERVISOR } from '../../../src/embedded/server/supervisor.js';
import { eventually, withTemporaryDir } from '../../support/processes/embedded-processes.js';

/** Handles SIGINT only after a while, like a server that has just started. */
const LATE_SERVER = [
  process.execPath,
  '-e',
  `setTimeout(() => process.on('SIGINT', () => process.exit()), 500); setInterval(() => {}, 1e6)`,
];

/** Fake Postgres: ends at SIGINT. */
const SERVER = [process.execPath, '-e', `process.on('SIGINT', () => process.exit()); setInterval(() => {}, 1e6)`];

interface Supervised {
  readonly account: ServerAccount;
  readonly lease: Lease;
  readonly supervisor: ChildProcess;
  readonly ended: Promise<unknown>;
}

/** Runs the supervisor as the launcher does, with the fake server, and the programs of `directory` first on the PATH. */
async function supervise(directory: string, server: readonly string[] = SERVER): Promise<Supervised> {
  const account = await ServerAccount.forDirectory(directory);
  await account.give(directory);
  const lease = await Lease.create(join(directory, 'lease'), account);
  const supervisor = spawn('/bin/sh', ['-c', SUPERVISOR, 'supervisor', lease.path, join(directory, 'log'), ...server], {
    stdio: ['ignore', 'ignore', 'ignore', lease.fd],
    env: { PATH: `${directory}:${process.env['PATH']}` },
  });
  return { account, lease, supervisor, ended: once(supervisor, 'exit') };
}

describe('the supervisor', () => {
  it('ends the server when the last lease is released, and not before', async () => {
    await withTemporaryDir(async (directory) => {
      const { account, lease, supervisor, ended } = await supervise(directory);
      let second: Lease | undefined;
      expect(await eventually(async () => (second = Lease.join(lease.path, account)) !== undefined)).toBe(true);
      expect(lease.release()).toBe(false);
      expect(await isAlive(supervisor.pid ?? 0)).toBe(true);
      expect(second?.release()).toBe(true);
      await ended;
      expect(Lease.join(lease.path, account)).toBeUndefined();
    });
  });

  it('repeats its signal to a server that ignored the first one', async () => {
    await withTemporaryDir(async (directory) => {
      const { account, lease, ended } = await supervise(directory, LATE_SERVER);
      lease.release();
      await ended;
      expect(Lease.join(lease.path, account)).toBeUndefined();
    });
  });

  it('keeps the server for a user who joins while it decides to stop it', async () => {
    await withTemporaryDir(async (directory) => {
      const [calls, gate] = [join(directory, 'calls'), join(directory, 'gate')];
      // An `mv` that reports its call, and waits for permission.
      const slowMv = `#!/bin/sh\necho >> ${calls}\nuntil [ -e ${gate} ]; do :; done\nPATH=/bin:/usr/bin exec mv "$@"\n`;
      await writeFile(join(directory, 'mv'), slowMv);
      await chmod(join(directory, 'mv'), 0o755);
      const wasCalled = (times: number): Promise<boolean> =>
        eventually(async () => (await readFile(calls, 'utf8').catch(() => '')).length === times);
      const { account, lease, supervisor, ended } = await supervise(directory);

      lease.release();
      expect(await wasCalled(1)).toBe(true);
      const late = Lease.join(lease.path, account);
      await writeFile(gate, '');
      // The second time it puts the pipe back.
      expect(await wasCalled(2)).toBe(true);

      let another: Lease | undefined;
      expect(await eventually(async () => (another = Lease.join(lease.path, account)) !== undefined)).toBe(true);
      expect(late?.release()).toBe(false);
      expect(await isAlive(supervisor.pid ?? 0)).toBe(true);
      expect(another?.release()).toBe(true);
      await ended;
    });
  });
});
