import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import pg from 'pg';
import { DataSource, type DataSourceOptions, type MigrationInterface } from 'typeorm';

import { SchemaService, SubmissionEntity } from '../../../../src/index.js';
import { migrateUp } from '../../../../src/schema/migrations/migrations.js';
import { startStorageApp, startStorageAppAt, type StorageApp } from '../../../support/app/storage-app.js';

class First1000000000001 implements MigrationInterface {
  async up(): Promise<void> {}
  async down(): Promise<void> {}
}

class Second1000000000002 extends First1000000000001 {}

const urlOf = ({ dataSource }: StorageApp): string => (dataSource.options as { url: string }).url;

describe('schema check of the tables of this package', () => {
  let app: StorageApp;
  let schema: SchemaService;
  beforeAll(async () => {
    app = await startStorageApp();
    schema = app.module.get(SchemaService);
  });
  afterAll(() => app.close());

  it('reports disabled row level security', async () => {
    await app.rows('ALTER TABLE submissions DISABLE ROW LEVEL SECURITY');
    const { differences } = await schema.check(SubmissionEntity);
    expect(differences).toMatchObject([
      { table: 'submissions', kind: 'row level security', actual: 'off', breaks: false },
    ]);
    await app.rows(differences[0]?.fix ?? '');
    expect(await schema.check(SubmissionEntity)).toMatchObject({ ok: true });
  });

  it('reports a pending migration, which then fixes the rest', async () => {
    await app.rows(`DELETE FROM storage_migrations WHERE name LIKE 'AddUnknownFields%'`);
    await app.rows('ALTER TABLE storage_loads DROP unknown_fields, DROP unknown_fields_policy');
    const { differences } = await schema.check('storage_loads');
    expect(differences).toMatchObject([
      {
        table: 'storage_migrations',
        kind: 'migration',
        expected: expect.stringMatching(/^AddUnknownFields/),
        breaks: true,
      },
      { table: 'storage_loads', column: 'unknown_fields', kind: 'column' },
      { table: 'storage_loads', column: 'unknown_fields_policy', kind: 'column' },
    ]);
    expect(new Set(differences.map(({ fix }) => fix))).toEqual(new Set(['npx harbor-storage migrate up']));
    await migrateUp({ url: urlOf(app) });
  });

  it('reports a migration unknown to this version, and starts nevertheless', async () => {
    await app.rows(`INSERT INTO storage_migrations (timestamp, name) VALUES (9000000000000, 'AddLater9000000000000')`);
    const { ok, differences } = await schema.check(SubmissionEntity);
    expect(ok).toBe(false);
    expect(differences).toEqual([
      {
        table: 'storage_migrations',
        kind: 'migration',
        expected: 'AddLater9000000000000',
        actual: 'applied, but unknown to this version',
        breaks: false,
        fix: 'install the version of harbor-storage that contains it',
      },
    ]);
    const other = await startStorageAppAt(urlOf(app));
    expect(await other.profiles.store([{ submission_id: 'a' }])).toMatchObject({ ok: true });
    await other.close();
    await app.rows(`DELETE FROM storage_migrations WHERE name = 'AddLater9000000000000'`);
  });

  it("reports an application's migrations only if its DataSource lists some", async () => {
    const withMigrations = async (migrations: DataSourceOptions['migrations']) => {
      const dataSource = new DataSource({ type: 'postgres', driver: pg, url: urlOf(app), migrations });
      await dataSource.initialize();
      try {
        await dataSource.runMigrations();
        return (await new SchemaService(dataSource).check()).differences;
      } finally {
        await dataSource.destroy();
      }
    };
    expect(await withMigrations([First1000000000001, Second1000000000002])).toEqual([]);
    expect(await withMigrations([First1000000000001])).toMatchObject([
      {
        table: 'migrations',
        expected: 'Second1000000000002',
        actual: 'applied, but unknown to this version',
        breaks: false,
      },
    ]);
    expect(await withMigrations([])).toEqual([]);
  });
});
