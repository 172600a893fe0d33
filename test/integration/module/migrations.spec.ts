import { describe, expect, it } from '@jest/globals';
import { Test, type TestingModule } from '@nestjs/testing';
import { TypeOrmModule } from '@nestjs/typeorm';
import pg from 'pg';
import { DataSource } from 'typeorm';

import {
  LoadStatsService,
  type MigrationsMode,
  ProfileRepository,
  SchemaMismatchError,
  storageMigrations,
  StorageModule,
  type StorageRootOptions,
} from '../../../src/index.js';
import { withDatabase, withEmptyDatabase } from '../../support/database/databases.js';
import { queryValue } from '../../support/processes/embedded-processes.js';
import { openConnections } from '../../support/database/open-connections.js';

const startModule = async (options: StorageRootOptions): Promise<TestingModule> => {
  const app = await Test.createTestingModule({ imports: [StorageModule.forRoot(options)] }).compile();
  app.useLogger(false);
  return app.init();
};
const store = (app: TestingModule) => app.get(ProfileRepository).store([{ submission_id: 'a' }]);
const tables = (url: string) =>
  queryValue(url, `SELECT count(*)::integer FROM information_schema.tables WHERE table_schema = 'public'`);
const applied = (url: string) => queryValue(url, 'SELECT array_agg(name ORDER BY id) FROM storage_migrations');
const NAMES = storageMigrations.map(({ name }) => name);

/** Parts of the url, with a password generated on request. */
function withPasswordFunction(url: string): object {
  const { hostname, port, username, password, pathname } = new URL(url);
  return {
    host: hostname,
    port: Number(port),
    username,
    password: async () => decodeURIComponent(password),
    database: pathname.slice(1),
  };
}

/** An application with its own DataSource, and our module on it. */
async function joined<T>(
  wayTo: object,
  work: (app: TestingModule) => Promise<T>,
  migrations: MigrationsMode = 'run',
): Promise<T> {
  const base = { type: 'postgres', driver: pg, installExtensions: false, autoLoadEntities: true } as const;
  const app = await Test.createTestingModule({
    imports: [
      TypeOrmModule.forRoot({ ...base, ...wayTo, retryAttempts: 0 }),
      StorageModule.forRoot({ dataSource: 'default', migrations }),
    ],
  }).compile();
  app.useLogger(false);
  await app.init();
  try {
    return await work(app);
  } finally {
    await app.close();
  }
}

describe("migrations: 'check'", () => {
  it.each([[{}], [{ migrations: 'check' as const }]])(
    'rejects a database without the migrations at start, and names them and the command: %j',
    (options) =>
      withEmptyDatabase(async (url) => {
        const error: unknown = await startModule({ url, ...options }).catch((failure: unknown) => failure);
        expect(error).toBeInstanceOf(SchemaMismatchError);
        expect(error).toMatchObject({
          code: 'SCHEMA_MISMATCH',
          remedy: expect.stringContaining('npx harbor-storage migrate up'),
        });
        for (const name of NAMES) {
          expect((error as Error).message).toContain(name);
        }
        expect(await tables(url)).toBe(0);
      }),
  );

  it("names the command with a file where the application has the DataSource, which may be another database's", () =>
    withEmptyDatabase(async (url) => {
      const starting = joined({ url }, () => Promise.resolve(), 'check');
      await expect(starting).rejects.toMatchObject({
        remedy: expect.stringContaining('npx harbor-storage migrate up -d <file of your DataSource>'),
      });
    }));

  it('leaves no connection open when it rejects', () =>
    withEmptyDatabase(async (url) => {
      await expect(startModule({ url })).rejects.toThrow(SchemaMismatchError);
      expect(await openConnections(url)).toBe(0);
    }));

  it('starts once they are applied', () =>
    withDatabase(async (url) => {
      const app = await startModule({ url });
      expect(await store(app)).toMatchObject({ inserted: 1 });
      await app.close();
    }));
});

describe("migrations: 'run'", () => {
  it('applies them once when ten applications start on an empty database', () =>
    withEmptyDatabase(async (url) => {
      const apps = await Promise.all(
        Array.from({ length: 10 }, () => startModule({ url, migrations: 'run', poolSize: 1 })),
      );
      expect(await applied(url)).toEqual(NAMES);
      for (const app of apps) {
        expect((await store(app)).ok).toBe(true);
      }
      await Promise.all(apps.map((app) => app.close()));
    }));

  it.each([
    ['of a primary and replicas', (url: string) => ({ replication: { master: { url }, slaves: [{ url }] } })],
    ['with a password from a function', withPasswordFunction],
  ])("connects as the application's DataSource does: one %s", (_, wayTo) =>
    withEmptyDatabase((url) =>
      joined({ ...wayTo(url) }, async (app) => {
        expect(await store(app)).toMatchObject({ inserted: 1 });
        expect(await applied(url)).toEqual(NAMES);
      }),
    ),
  );

  it("makes everything in the schema of the application's DataSource", () =>
    withEmptyDatabase(async (url) => {
      await queryValue(url, 'CREATE SCHEMA app');
      await joined({ url, schema: 'app' }, async (app) => {
        expect(await store(app)).toMatchObject({ inserted: 1 });
        expect(await app.get(LoadStatsService).totals()).toMatchObject({ submissions: { inserted: 1 } });
      });
      expect(
        await queryValue(
          url,
          `SELECT array_agg(relname::text ORDER BY relname) FROM pg_class
            WHERE relnamespace = 'app'::regnamespace AND relkind = 'r'`,
        ),
      ).toEqual([
        'app_opportunities',
        'storage_history',
        'storage_load_batches',
        'storage_load_shards',
        'storage_loads',
        'storage_migrations',
        'storage_rejected_records',
        'submissions',
      ]);
      expect(await queryValue(url, 'SELECT submission_id FROM app.submissions')).toBe('a');
      expect(await tables(url)).toBe(0);
      // A second run finds it.
      await joined({ url, schema: 'app' }, store, 'check');
    }));

  it('changes nothing where they are applied', () =>
    withDatabase(async (url) => {
      const before = await applied(url);
      const app = await startModule({ url, migrations: 'run' });
      await app.close();
      expect(await applied(url)).toEqual(before);
    }));
});

describe('a DataSource that changes the schema itself', () => {
  const start = (settings: object, migrations: MigrationsMode): Promise<unknown> =>
    joined(settings, store, migrations).catch((error: unknown) => error);

  it("rejects synchronize: true with migrations: 'run', and says what to do", () =>
    withEmptyDatabase(async (url) => {
      const expected = {
        code: 'INVALID_OPTIONS',
        message: expect.stringMatching(/synchronize: true.*Set synchronize: false.*or set migrations: 'off'/),
      };
      // Handed over before it is opened: before TypeORM has created anything.
      const dataSource = new DataSource({
        type: 'postgres',
        driver: pg,
        url,
        synchronize: true,
        installExtensions: false,
      });
      await expect(startModule({ dataSource, migrations: 'run' })).rejects.toMatchObject(expected);
      expect(await tables(url)).toBe(0);
      expect(await start({ url, synchronize: true }, 'run')).toMatchObject(expected);
      expect(await start({ url, synchronize: true }, 'check')).toMatchObject({
        code: 'SCHEMA_MISMATCH',
        remedy: expect.stringContaining('set synchronize: false'),
      });
      expect(await start({ url, synchronize: true }, 'off')).toMatchObject({ inserted: 1 });
    }));

  it("rejects dropSchema: true with migrations: 'check'", () =>
    withDatabase(async (url) => {
      expect(await start({ url, dropSchema: true }, 'check')).toMatchObject({
        code: 'INVALID_OPTIONS',
        message: expect.stringContaining('Set dropSchema: false'),
      });
      expect(await start({ url, dropSchema: true }, 'run')).toMatchObject({ inserted: 1 });
    }));

  it('and runs these migrations among its own, runs all of them', () =>
    withEmptyDatabase(async (url) => {
      const own = { url, migrations: storageMigrations, migrationsRun: true };
      expect(await start(own, 'run')).toMatchObject({ inserted: 1 });
      await queryValue(url, `DELETE FROM migrations WHERE name = '${NAMES.at(-1)}'`);
      expect(await start({ url }, 'run')).toMatchObject({
        code: 'SCHEMA_MISMATCH',
        remedy: expect.stringContaining('npx typeorm migration:run'),
      });
    }));
});

describe("migrations: 'off'", () => {
  it('starts on any database, and a load names what is missing before it writes', () =>
    withEmptyDatabase(async (url) => {
      const app = await startModule({ url, migrations: 'off' });
      try {
        await expect(store(app)).rejects.toThrow(SchemaMismatchError);
        expect(await tables(url)).toBe(0);
      } finally {
        await app.close();
      }
    }));
});
