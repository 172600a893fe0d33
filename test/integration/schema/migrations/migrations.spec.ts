import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';

import { storageEntities, storageMigrations } from '../../../../src/index.js';
import { withMigrationLock } from '../../../../src/schema/migrations/migration-lock.js';
import {
  migrateDown,
  migrateNew,
  migrateUp,
  readMigrationStatus,
} from '../../../../src/schema/migrations/migrations.js';
import { StorageDataSource } from '../../../../src/schema/migrations/storage-data-source.js';
import { withDatabase, withEmptyDatabase } from '../../../support/database/databases.js';
import { eventually, queryValue } from '../../../support/processes/embedded-processes.js';
import { startStorageApp, type StorageApp } from '../../../support/app/storage-app.js';

/** Every object of the public schema, by kind and name. */
const OBJECTS = `
  SELECT array_agg(kind || ' ' || name ORDER BY kind, name) FROM (
    SELECT 'relation', relname FROM pg_class LEFT JOIN pg_index ON indexrelid = pg_class.oid
     WHERE relnamespace = 'public'::regnamespace AND indrelid IS DISTINCT FROM to_regclass('storage_migrations')
    UNION ALL SELECT 'type', typname FROM pg_type WHERE typnamespace = 'public'::regnamespace
    UNION ALL SELECT 'function', proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
  ) AS objects (kind, name)
  WHERE name NOT LIKE '%storage_migrations%'`;

const NAMES = storageMigrations.map(({ name }) => name);

describe('the migrations', () => {
  it('leave nothing behind after up and down, and can be applied again', () =>
    withEmptyDatabase(async (url) => {
      expect(await migrateUp({ url })).toEqual(NAMES);
      const whole = await queryValue(url, OBJECTS);
      expect(await migrateUp({ url })).toEqual([]);
      for (const name of NAMES.toReversed()) {
        expect(await migrateDown({ url })).toBe(name);
      }
      expect(await queryValue(url, OBJECTS)).toBeNull();
      expect(await migrateDown({ url })).toBeUndefined();

      expect(await migrateUp({ url })).toEqual(NAMES);
      expect(await queryValue(url, OBJECTS)).toEqual(whole);
    }));

  it('distribute nothing without Citus, and apply nothing then', () =>
    withEmptyDatabase(async (url) => {
      await expect(migrateUp({ url }, { distributed: true })).rejects.toMatchObject({
        code: 'CITUS_MISSING',
        message: expect.stringContaining('To fix: CREATE EXTENSION citus'),
      });
      expect(await queryValue(url, OBJECTS)).toBeNull();
    }));

  it('list which are applied', () =>
    withEmptyDatabase(async (url) => {
      const status = async () => (await readMigrationStatus({ url })).map(({ name, applied }) => [name, applied]);
      expect(await status()).toEqual(NAMES.map((name) => [name, false]));
      await migrateUp({ url });
      expect(await status()).toEqual(NAMES.map((name) => [name, true]));
    }));

  it('list those unknown to this version', () =>
    withDatabase(async (url) => {
      const later = 'AddLater9000000000000';
      await queryValue(url, `INSERT INTO storage_migrations (timestamp, name) VALUES (9000000000000, '${later}')`);
      const status = await readMigrationStatus({ url });
      expect(status.map(({ name }) => name)).toEqual([...NAMES, later]);
      expect(status.at(-1)).toEqual({ name: later, applied: true, inThisVersion: false });
    }));

  it('run one at a time: of many at once, one applies them and the others find them applied', () =>
    withEmptyDatabase(async (url) => {
      const runs = await Promise.all(Array.from({ length: 6 }, () => migrateUp({ url })));
      expect(runs.flat()).toEqual(NAMES);
    }));

  it('are applied to a new database, and reverted ones stay reverted', () =>
    withEmptyDatabase(async (url) => {
      await migrateNew({ url });
      expect((await readMigrationStatus({ url })).every(({ applied }) => applied)).toBe(true);
      await migrateDown({ url });
      const before = await queryValue(url, OBJECTS);
      await migrateNew({ url });
      expect(await queryValue(url, OBJECTS)).toEqual(before);
    }));

  it('are left to a run that is already working on a new database', () =>
    withEmptyDatabase(async (url) => {
      const other = await new StorageDataSource({ url }).initialize();
      const waiting = await withMigrationLock(other, async () => {
        const run = migrateNew({ url });
        const isWaiting = `SELECT count(*) = 1 FROM pg_locks JOIN pg_database ON pg_database.oid = database
                            WHERE datname = current_database() AND locktype = 'advisory' AND NOT granted`;
        expect(await eventually(async () => (await queryValue(url, isWaiting)) === true)).toBe(true);
        await queryValue(url, 'CREATE TABLE storage_migrations (id serial, timestamp bigint, name text)');
        // In an object, because awaiting it would hold the lock until the run ends.
        return { run };
      });
      await waiting.run;
      await other.destroy();
      expect(await queryValue(url, `SELECT to_regclass('submissions') IS NULL`)).toBe(true);
    }));
});

describe('the migration to BRIN indexes', () => {
  const NAME = 'IndexLoadIdsByBrin1764500000000';
  const SHAPES = `
    SELECT jsonb_object_agg(t.relname, jsonb_build_array(a.amname, t.reloptions)) FROM pg_class AS t
      JOIN pg_index AS i ON i.indrelid = t.oid JOIN pg_class AS x ON x.oid = i.indexrelid
      JOIN pg_am AS a ON a.oid = x.relam WHERE x.relname = t.relname || '_load_id_idx'`;
  const revertTo = async (url: string): Promise<void> => {
    while ((await migrateDown({ url })) !== NAME);
  };

  it('changes tables with rows, and back', () =>
    withDatabase(async (url) => {
      await revertTo(url);
      const before = { app_opportunities: ['btree', null], submissions: ['btree', null] };
      expect(await queryValue(url, SHAPES)).toEqual(before);
      await queryValue(
        url,
        `INSERT INTO submissions (submission_id, reddit_id, load_id) SELECT n, n, gen_random_uuid() FROM generate_series(1, 99) AS n`,
      );
      expect(await migrateUp({ url })).toContain(NAME);
      const shape = ['brin', ['fillfactor=90']];
      expect(await queryValue(url, SHAPES)).toEqual({ app_opportunities: shape, submissions: shape });
      await revertTo(url);
      expect(await queryValue(url, SHAPES)).toEqual(before);
      expect(await queryValue(url, 'SELECT count(DISTINCT load_id)::integer FROM submissions')).toBe(99);
    }));

  it('changes a table that was partitioned, without the index of which nothing was left', () =>
    withDatabase(async (url) => {
      await revertTo(url);
      for (const statement of [
        'ALTER TABLE submissions RENAME TO old',
        `CREATE TABLE submissions (LIKE old INCLUDING DEFAULTS, PRIMARY KEY (submission_id))
           PARTITION BY HASH (submission_id)`,
        'CREATE TABLE part PARTITION OF submissions FOR VALUES WITH (MODULUS 1, REMAINDER 0)',
        'DROP TABLE old',
      ]) {
        await queryValue(url, statement);
      }
      expect(await migrateUp({ url })).toContain(NAME);
      expect(await queryValue(url, SHAPES)).toMatchObject({ submissions: ['brin', null] });
      await revertTo(url);
      expect(await queryValue(url, SHAPES)).toMatchObject({ submissions: ['btree', null] });
    }));
});

describe('a migration run', () => {
  it('needs a single connection', () =>
    withDatabase(async (url) => {
      const database = new URL(url).pathname.slice(1);
      const role = `one_${database}`;
      const statements = [
        `CREATE ROLE ${role} LOGIN PASSWORD 'one' CONNECTION LIMIT 1`,
        'DROP SCHEMA public CASCADE',
        `CREATE SCHEMA public AUTHORIZATION ${role}`,
        `GRANT ALL ON DATABASE "${database}" TO ${role}`,
      ];
      for (const statement of statements) await queryValue(url, statement);
      try {
        const own = Object.assign(new URL(url), { username: role, password: 'one' }).href;
        expect(await migrateUp({ url: own })).toEqual(NAMES);
        expect(await migrateDown({ url: own })).toBe(NAMES.at(-1));
      } finally {
        await queryValue(url, `DROP OWNED BY ${role}`);
        await queryValue(url, `DROP ROLE ${role}`);
      }
    }));

  it('says so where row level security hides what is applied', () =>
    withDatabase(async (url) => {
      const role = `hidden_${new URL(url).pathname.slice(1)}`;
      await queryValue(url, `CREATE ROLE ${role} LOGIN PASSWORD 'one'`);
      try {
        await queryValue(url, `GRANT SELECT ON storage_migrations TO ${role}`);
        const own = Object.assign(new URL(url), { username: role, password: 'one' }).href;
        await expect(migrateUp({ url: own })).rejects.toMatchObject({ code: 'MIGRATIONS_HIDDEN' });
        await queryValue(url, `CREATE POLICY every_row ON storage_migrations TO ${role} USING (true)`);
        expect(await migrateUp({ url: own })).toEqual([]);
      } finally {
        await queryValue(url, `DROP OWNED BY ${role}`);
        await queryValue(url, `DROP ROLE ${role}`);
      }
    }));

  it('says so where the search_path names no schema', () =>
    withDatabase(async (url) => {
      const role = `nowhere_${new URL(url).pathname.slice(1)}`;
      await queryValue(url, `CREATE ROLE ${role} LOGIN PASSWORD 'one'`);
      try {
        // Of the role, not of the database: a pooler may keep a connection from before.
        await queryValue(url, `ALTER ROLE ${role} SET search_path = 'nowhere'`);
        const own = Object.assign(new URL(url), { username: role, password: 'one' }).href;
        for (const migrate of [migrateUp, migrateDown, migrateNew, readMigrationStatus]) {
          await expect(migrate({ url: own })).rejects.toMatchObject({ code: 'SCHEMA_NOT_FOUND' });
        }
      } finally {
        await queryValue(url, `DROP ROLE ${role}`);
      }
    }));

  it('that is killed leaves nothing behind, and the next one begins anew', () =>
    withEmptyDatabase(async (url) => {
      const other = new Client({ connectionString: url });
      await other.connect();
      // The run waits for the end of this transaction, in the middle of its first migration.
      await other.query('BEGIN; CREATE TABLE submissions (id integer)');
      const run = migrateNew({ url }).catch((error: unknown) => error);
      const terminate = `SELECT count(pg_terminate_backend(pid)) = 1 FROM pg_stat_activity
                          WHERE datname = current_database() AND wait_event_type = 'Lock'`;
      expect(await eventually(async () => (await queryValue(url, terminate)) === true)).toBe(true);
      expect(await run).toBeInstanceOf(Error);
      await other.query('ROLLBACK');
      await other.end();
      expect(await queryValue(url, OBJECTS)).toBeNull();
      await migrateNew({ url });
      expect((await readMigrationStatus({ url })).every(({ applied }) => applied)).toBe(true);
    }));

  it('names tables that exist already, before it changes anything', () =>
    withEmptyDatabase(async (url) => {
      await queryValue(url, 'CREATE TABLE submissions (id integer)');
      const before = await queryValue(url, OBJECTS);
      for (const migrate of [migrateUp, migrateNew]) {
        await expect(migrate({ url })).rejects.toMatchObject({
          code: 'TABLES_EXIST',
          message: expect.stringMatching(/cannot create submissions:.*synchronize: false.*migrations: 'off'/),
        });
      }
      expect(await queryValue(url, OBJECTS)).toEqual(before);
    }));
});

describe('their schema', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startStorageApp();
  });
  afterAll(() => app.close());

  it('matches the entities: TypeORM finds nothing to change', async () => {
    const { upQueries, downQueries } = await app.dataSource.driver.createSchemaBuilder().log();
    expect(upQueries.map(({ query }) => query)).toEqual([]);
    expect(downQueries.map(({ query }) => query)).toEqual([]);
  });

  it('has row level security on every table, and no policy that opens one', async () => {
    const tables = await app.rows<{ name: string; secured: boolean }>(
      `SELECT relname AS name, relrowsecurity AS secured FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') ORDER BY 1`,
    );
    expect(tables.filter(({ secured }) => !secured)).toEqual([]);
    const expected = [
      ...storageEntities.map((entity) => app.dataSource.getMetadata(entity).tableName),
      'storage_migrations',
    ];
    expect(tables.map(({ name }) => name)).toEqual(expected.sort());
    expect(await app.count('pg_policy')).toBe(0);
  });

  it('has an index for every filter', async () => {
    const indexed = await app.rows<{ place: string }>(`
      SELECT c.relname || '.' || a.attname AS place FROM pg_index i
        JOIN pg_class c ON c.oid = i.indrelid AND c.relnamespace = 'public'::regnamespace
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]`);
    const places = indexed.map(({ place }) => place);
    for (const column of ['subreddit', 'opportunity_score', 'load_id']) {
      expect(places).toEqual(expect.arrayContaining([`app_opportunities.${column}`, `submissions.${column}`]));
    }
    expect(places).toEqual(
      expect.arrayContaining(['app_opportunities.final_score', 'storage_rejected_records.load_id']),
    );
  });

  it('has no serial, trigger or foreign key: it works on a distributed Postgres', async () => {
    expect(
      await app.rows(`SELECT relname FROM pg_class WHERE relkind = 'S' AND relname NOT LIKE 'storage_migrations%'`),
    ).toEqual([]);
    expect(await app.rows('SELECT tgname FROM pg_trigger')).toEqual([]);
    expect(
      await app.rows(`SELECT conname FROM pg_constraint WHERE contype = 'f' AND connamespace = 'public'::regnamespace`),
    ).toEqual([]);
  });
});
