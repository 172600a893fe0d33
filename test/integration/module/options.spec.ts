import { inspect } from 'node:util';

import { describe, expect, it } from '@jest/globals';
import type { DynamicModule } from '@nestjs/common';
import { Test } from '@nestjs/testing';

import { StorageError, StorageModule, type StorageModuleOptions, type StorageRootOptions } from '../../../src/index.js';
import { withDatabase, withParts } from '../../support/database/databases.js';
import { THROUGH_PGBOUNCER } from '../../support/database/open-connections.js';
import { describeWithPassword } from '../../support/needs/needs.js';

const start = async (options: StorageRootOptions): Promise<unknown> => startModule(StorageModule.forRoot(options));
const startModule = async (storage: DynamicModule): Promise<unknown> => {
  const compiling = Test.createTestingModule({ imports: [storage] }).compile();
  return compiling.then(
    async (app) => {
      await app.close();
      return 'started';
    },
    (error: unknown) => error,
  );
};
const messageOf = async (options: object): Promise<string> => {
  const error = await start(options as StorageRootOptions);
  expect(error).toBeInstanceOf(StorageError);
  expect(error).toMatchObject({ code: 'INVALID_OPTIONS' });
  return (error as StorageError).message;
};

const URL_OF_NOTHING = 'postgres://user:secret-4711@127.0.0.1:1/none';

describe('the options of the module', () => {
  it('name all mistakes', async () => {
    const message = await messageOf({
      url: 'mysql://x',
      migrations: 'always',
      unknownFields: 'keep',
      poolSize: 0,
      connectTimeoutMs: '5s',
      loader: { batchSize: 0, maxAttempts: 1.5, retries: 3 },
      pool: 3,
    });
    for (const name of ['url', 'migrations', 'unknownFields', 'poolSize', 'connectTimeoutMs']) {
      expect(message).toContain(`${name} must be`);
    }
    expect(message).toContain('loader.batchSize must be an integer from 1 to 100000');
    expect(message).toContain('loader.maxAttempts must be');
    expect(message).toContain('loader.retries is not an option');
    expect(message).toContain('pool is not an option');
  });

  it.each([
    [{ url: URL_OF_NOTHING, migrations: 'maybe' }, "migrations must be 'run', 'check', 'off' (found string)"],
    [{ url: URL_OF_NOTHING, loader: 5 }, 'loader must be an object (found number)'],
    [{ url: URL_OF_NOTHING, loader: null }, 'loader must be an object'],
    ...['postgres://a,b/db', 'postgres://a:5432,b:5432/db?target_session_attrs=read-write'].map(
      (url) => [{ url }, 'with one host (node-postgres takes no list)'] as const,
    ),
    [{ url: 5 }, 'url must be a URL that begins with postgres:// or postgresql://, with special characters'],
  ])('name the expected value: %j', async (options, expected) => {
    expect(await messageOf(options)).toContain(expected);
  });

  it.each([[{}], [{ url: undefined }]])('name what to set without a connection: %j', async (options) => {
    const message = await messageOf(options);
    expect(message).toContain('DATABASE_URL');
    expect(message).toContain('dataSource');
  });

  it.each([[null], [{}], [5]])('reject an invalid dataSource: %j', async (dataSource) => {
    expect(await messageOf({ dataSource })).toContain("dataSource must be a DataSource's name or a DataSource");
  });

  it.each([[{ dataSource: 'default' }], [{ dataSource: null }], [{ dataSource: 'default', url: URL_OF_NOTHING }]])(
    'reject a dataSource from useFactory, where it is too late to join one: %j',
    async (options) => {
      const error = await startModule(
        StorageModule.forRootAsync({ useFactory: () => options as StorageModuleOptions }),
      );
      expect(error).toMatchObject({ code: 'INVALID_OPTIONS', message: expect.stringContaining('dataSourceName') });
    },
  );

  it('never quote the connection string', async () => {
    const error = await start({ url: `${URL_OF_NOTHING}?x=%`.replace('postgres', 'mysql'), poolSize: -1 });
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('secret-4711');
  });
});

describe('a database that cannot be reached', () => {
  const expectRejected = (parts: Parameters<typeof withParts>[1], code: string): Promise<void> =>
    withDatabase(async (url) => {
      const error = await start({ url: withParts(url, parts) });
      expect(error).toBeInstanceOf(StorageError);
      expect((error as StorageError).message).toContain(code);
      const shown = inspect(error, { depth: 10, showHidden: true });
      expect(shown).not.toContain('wrong-4711');
      expect(shown).not.toContain(new URL(url).password || 'no password');
    });

  it.each([
    ['nobody listens', { port: '1' }, 'ECONNREFUSED'],
    // PgBouncer has one code for all rejections.
    ['the database does not exist', { pathname: '/no_such_database' }, THROUGH_PGBOUNCER ? '08P01' : '3D000'],
  ])('stops the start with the cause when %s, without the password', (_, parts, code) => expectRejected(parts, code));

  describeWithPassword('because the password is wrong', () => {
    it('stops the start with the cause, without the password', () =>
      expectRejected({ password: 'wrong-4711' }, THROUGH_PGBOUNCER ? '08P01' : '28P01'));
  });
});
