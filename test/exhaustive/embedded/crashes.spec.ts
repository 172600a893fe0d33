import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { startEmbeddedPostgres } from '../../../src/embedded/embedded-postgres.js';
import { isAlive } from '../../../src/embedded/system/processes.js';
import { ServerAccount } from '../../../src/embedded/home/server-account.js';
import {
  childUser,
  eventually,
  postmasterPid,
  queryValue,
  removeCluster,
  withCluster,
  withTemporaryDir,
} from '../../support/processes/embedded-processes.js';
import { sized } from '../../support/sizes/sizes.js';

const fast = (dataDir: string): ReturnType<typeof startEmbeddedPostgres> =>
  startEmbeddedPostgres({ dataDir, durable: false });

afterAll(removeCluster);

describe('an embedded Postgres whose users are killed', () => {
  it('stops when its only user is killed', async () => {
    await withCluster(async (dataDir) => {
      const child = await childUser(dataDir);
      const pid = await postmasterPid(child.server.url);
      await child.kill();
      expect(await eventually(async () => !(await isAlive(pid)))).toBe(true);
    });
  });

  it('neither keeps a process alive that forgets to stop it, nor outlives it', async () => {
    await withCluster(async (dataDir) => {
      const child = await childUser(dataDir, { forget: true });
      await child.ended;
      const pid = Number.parseInt(
        await readFile(join(dataDir, 'pgdata', 'postmaster.pid'), 'utf8').catch(() => ''),
        10,
      );
      expect(await eventually(async () => Number.isNaN(pid) || !(await isAlive(pid)))).toBe(true);
    });
  });

  it('stays while another user is left', async () => {
    await withCluster(async (dataDir) => {
      const child = await childUser(dataDir);
      const here = await fast(dataDir);
      await child.kill();
      expect(await queryValue(here.url, 'select 1')).toBe(1);
      await here.stop();
    });
  });

  it('is available to a user who joins while it stops', async () => {
    await withCluster(async (dataDir) => {
      const child = await childUser(dataDir);
      await child.kill();
      const here = await fast(dataDir);
      expect(await queryValue(here.url, 'select 1')).toBe(1);
      await here.stop();
    });
  });
});

describe('an embedded Postgres that is killed', () => {
  it('is restarted with its data, and its former users can still stop', async () => {
    await withCluster(async (dataDir) => {
      const before = await startEmbeddedPostgres({ dataDir });
      await queryValue(before.url, 'create table kept as select 42 as n');
      process.kill(await postmasterPid(before.url), 'SIGKILL');

      const after = await startEmbeddedPostgres({ dataDir });
      expect(after.adopted).toBe(false);
      await before.stop();
      expect(await queryValue(after.url, 'select n from kept')).toBe(42);
      await after.stop();
    });
  });

  it('is restarted when its process id belongs to another process of its account', async () => {
    await withCluster(async (dataDir) => {
      await (await fast(dataDir)).stop();
      const account = await ServerAccount.forDirectory(dataDir);
      const other = spawn('sleep', ['600'], { ...account.spawnOptions, stdio: 'ignore' });
      try {
        await writeFile(
          join(dataDir, 'pgdata', 'postmaster.pid'),
          `${other.pid}\n${dataDir}/pgdata\n0\n1\n\n\n\nready\n`,
        );
        const postgres = await fast(dataDir);
        expect(await queryValue(postgres.url, 'select 1')).toBe(1);
        await postgres.stop();
      } finally {
        await end(other);
      }
    });
  });
});

describe('a start', () => {
  it('gives ten processes that start at once the same working server', async () => {
    await withTemporaryDir(async (dataDir) => {
      const users = await Promise.all(Array.from({ length: sized(4, 10) }, () => childUser(dataDir)));
      const answers = await Promise.all(users.map(({ server }) => queryValue(server.url, 'select 1')));
      expect(answers).toEqual(users.map(() => 1));
      expect(new Set(users.map(({ server }) => server.url)).size).toBe(1);
      expect(users.filter(({ server }) => !server.adopted)).toHaveLength(1);

      const pid = await postmasterPid(users[0]?.server.url ?? '');
      await Promise.all(users.map((user) => user.end()));
      expect(await isAlive(pid)).toBe(false);
    });
  }, 120_000);

  it('cleans up after a start that was killed while it created the cluster', async () => {
    await withTemporaryDir(async (dataDir) => {
      const account = await ServerAccount.forDirectory(dataDir);
      await account.give(dataDir);
      for (const made of [join(dataDir, 'build-killed'), join(dataDir, 'build-killed', 'pgdata')]) {
        await mkdir(made);
        await account.give(made);
      }
      await writeFile(join(dataDir, 'password'), 'of the half cluster');
      const postgres = await fast(dataDir);
      expect(await queryValue(postgres.url, 'select 1')).toBe(1);
      await postgres.stop();
      expect((await readdir(dataDir)).filter((entry) => entry.startsWith('build-'))).toEqual([]);
      expect(await readFile(join(dataDir, 'password'), 'utf8')).toBe(new URL(postgres.url).password);
    });
  });

  it('does not touch a server that was not started by this package', async () => {
    await withCluster(async (dataDir) => {
      const ours = await fast(dataDir);
      const program = String(await queryValue(ours.url, `select setting from pg_config where name = 'BINDIR'`));
      await ours.stop();
      const account = await ServerAccount.forDirectory(dataDir);
      const port = new URL(ours.url).port;
      const foreign = spawn(
        join(program, 'postgres'),
        [
          '-D',
          join(dataDir, 'pgdata'),
          '-p',
          port,
          '-c',
          'unix_socket_directories=',
          '-c',
          'listen_addresses=127.0.0.1',
        ],
        { ...account.spawnOptions, stdio: 'ignore' },
      );
      try {
        const isUp = (): Promise<boolean> => queryValue(ours.url, 'select true').then(Boolean, () => false);
        expect(await eventually(isUp)).toBe(true);
        await expect(fast(dataDir)).rejects.toMatchObject({ code: 'EMBEDDED_POSTGRES_FOREIGN_SERVER' });
        expect(await isUp()).toBe(true);
      } finally {
        await end(foreign);
      }
    });
  });
});

async function end(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGINT');
  await ended;
}
