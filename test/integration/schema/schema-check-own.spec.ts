import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { SchemaService, SubmissionEntity } from '../../../src/index.js';
import { startStorageApp, type StorageApp } from '../../support/storage-app.js';

describe('schema check of the tables of this package', () => {
  let app: StorageApp;
  let schema: SchemaService;
  beforeAll(async () => {
    app = await startStorageApp();
    schema = app.module.get(SchemaService);
  });
  afterAll(() => app.close());

  it('tells of row level security that is off', async () => {
    await app.rows('ALTER TABLE submissions DISABLE ROW LEVEL SECURITY');
    const { differences } = await schema.check(SubmissionEntity);
    expect(differences).toMatchObject([
      { table: 'submissions', kind: 'row level security', actual: 'off', breaks: false },
    ]);
    await app.rows(differences[0]?.mend ?? '');
    expect(await schema.check(SubmissionEntity)).toMatchObject({ ok: true });
  });

  it('tells of a migration that is pending, which then mends the rest', async () => {
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
    expect(new Set(differences.map(({ mend }) => mend))).toEqual(new Set(['npx harbor-storage migrate up']));
  });
});
