import { execFileSync } from 'node:child_process';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { startEmbeddedPostgres } from '../../../src/embedded/embedded-postgres.js';
import { isAlive } from '../../../src/embedded/system/processes.js';
import {
  childUser,
  postmasterPid,
  queryValue,
  removeCluster,
  withCluster,
  withTemporaryDir,
} from '../../support/processes/embedded-processes.js';

const fast = (dataDir: string): ReturnType<typeof startEmbeddedPostgres> =>
  startEmbeddedPostgres({ dataDir, durable: false });

afterAll(removeCluster);

describe('an embedded Postgres', () => {
  it('starts in an empty directory, and keeps its data and its password for the next start', async () => {
    await withTemporaryDir(async (dataDir) => {
      const first = await fast(dataDir);
      await queryValue(first.url, 'create table kept as select 42 as n');
      await first.stop();

      const second = await fast(dataDir);
      expect(await queryValue(second.url, 'select n from kept')).toBe(42);
      await second.stop();

      expect(first).toMatchObject({ dataDir, adopted: false });
      expect(second).toMatchObject({ dataDir, adopted: false });
      expect(new URL(second.url).password).toBe(new URL(first.url).password);
    });
  });

  it('makes missing parents of the directory', async () => {
    await withTemporaryDir(async (parent) => {
      const postgres = await fast(join(parent, 'a b', "c'd"));
      await postgres.stop();
      expect(postgres.dataDir).toBe(join(parent, 'a b', "c'd"));
    });
  });

  it('has ended when stop of its last user resolves', async () => {
    await withCluster(async (dataDir) => {
      const postgres = await fast(dataDir);
      const pid = await postmasterPid(postgres.url);
      expect(await isAlive(pid)).toBe(true);
      await postgres.stop();
      expect(await isAlive(pid)).toBe(false);
    });
  });

  it('may be stopped twice', async () => {
    await withCluster(async (dataDir) => {
      const postgres = await fast(dataDir);
      await Promise.all([postgres.stop(), postgres.stop()]);
      await expect(postgres.stop()).resolves.toBeUndefined();
    });
  });

  it('is shared by all users of a directory, and outlives the first of them', async () => {
    await withCluster(async (dataDir) => {
      const child = await childUser(dataDir);
      const here = await fast(dataDir);
      expect(child.server.adopted).toBe(false);
      expect(here).toMatchObject({ adopted: true, url: child.server.url });

      await child.end();
      const pid = await postmasterPid(here.url);
      await here.stop();
      expect(await isAlive(pid)).toBe(false);
    });
  });

  it('speaks UTF-8, without a locale, on 127.0.0.1 only', async () => {
    await withCluster(async (dataDir) => {
      const postgres = await fast(dataDir);
      const setting = (name: string): Promise<unknown> => queryValue(postgres.url, `show ${name}`);
      expect(await setting('server_encoding')).toBe('UTF8');
      expect(await queryValue(postgres.url, 'select datcollate from pg_database')).toBe('C');
      expect(await setting('listen_addresses')).toBe('127.0.0.1');
      expect(await setting('unix_socket_directories')).toBe('');
      expect(await setting('max_connections')).toBe('100');
      await postgres.stop();
    });
  });

  it('trades durability for speed only on request', async () => {
    await withCluster(async (dataDir) => {
      const settings = `select string_agg(setting, ' ' order by name) from pg_settings
                        where name in ('fsync', 'synchronous_commit', 'full_page_writes')`;
      const durable = await startEmbeddedPostgres({ dataDir });
      expect(await queryValue(durable.url, settings)).toBe('on on on');
      await durable.stop();

      const quick = await fast(dataDir);
      expect(await queryValue(quick.url, settings)).toBe('off off off');
      await expect(startEmbeddedPostgres({ dataDir })).rejects.toMatchObject({
        code: 'EMBEDDED_POSTGRES_NOT_DURABLE',
      });
      await quick.stop();
    });
  });

  it('asks for its password, which only the owner of the directory can read', async () => {
    await withCluster(async (dataDir) => {
      const postgres = await fast(dataDir);
      const { password } = new URL(postgres.url);
      await expect(queryValue(postgres.url.replace(password, 'wrong'), 'select 1')).rejects.toMatchObject({
        code: '28P01',
      });
      expect((await stat(join(dataDir, 'password'))).mode & 0o777).toBe(0o600);
      expect(execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' })).not.toContain(password);
      await postgres.stop();
    });
  });

  it('rejects a cluster of another major version, and does not change it', async () => {
    await withCluster(async (dataDir) => {
      await (await fast(dataDir)).stop();
      await writeFile(join(dataDir, 'pgdata', 'PG_VERSION'), '17\n');
      const start = fast(dataDir);
      await expect(start).rejects.toMatchObject({ code: 'EMBEDDED_POSTGRES_VERSION_MISMATCH' });
      await expect(start).rejects.toThrow(dataDir);
      expect(await readFile(join(dataDir, 'pgdata', 'PG_VERSION'), 'utf8')).toBe('17\n');
    });
  });

  it('prints the end of its log, and no password, when it does not start', async () => {
    await withCluster(async (dataDir) => {
      const postgres = await fast(dataDir);
      await postgres.stop();
      await writeFile(join(dataDir, 'pgdata', 'postgresql.conf'), 'no_such_setting = 1\n');
      const error: unknown = await fast(dataDir).catch((reason: unknown) => reason);
      expect(error).toMatchObject({
        code: 'EMBEDDED_POSTGRES_NOT_STARTED',
        message: expect.stringContaining('no_such_setting'),
      });
      expect(String(error)).not.toContain(new URL(postgres.url).password);
    });
  });

  it('names the file when the password is lost', async () => {
    await withCluster(async (dataDir) => {
      await (await fast(dataDir)).stop();
      await rm(join(dataDir, 'password'));
      await expect(fast(dataDir)).rejects.toMatchObject({
        code: 'EMBEDDED_POSTGRES_DATA_DIR',
        message: expect.stringContaining(join(dataDir, 'password')),
      });
    });
  });
});
