import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Entity, PrimaryColumn } from 'typeorm';

import { LoadsFrom, LoadStatsService, QuarantineService, SchemaService, StorageError } from '../../../src/index.js';
import { errorOf } from '../../support/parity/faults.js';
import { withLoginRole } from '../../support/database/login-role.js';
import { startAppWith } from '../../support/entities/own-entities.js';
import { startStorageAppAt, type StorageApp } from '../../support/app/storage-app.js';

/** As in a circular import, where the class is undefined when the module names it. */
const MISSING = new ReferenceError("Cannot access 'Rec' before initialization");

@Entity('circular')
@LoadsFrom(() => {
  throw MISSING;
})
class Circular {
  @PrimaryColumn('text')
  id: string;
}

describe('an error before a load begins', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startAppWith([Circular], { poolSize: 1, connectTimeoutMs: 200, loader: { maxAttempts: 1 } });
  });
  afterAll(() => app.close());

  it('is no connection failure if it does not come from the database', async () => {
    expect(await errorOf(app.loader.load(Circular, [{ id: 'a' }]))).toBe(MISSING);
  });

  it('is no connection failure if the database answers and rejects', async () => {
    await withLoginRole(app, async (url) => {
      const other = await startStorageAppAt(url, { migrations: 'off', loader: { maxAttempts: 1 } });
      try {
        await app.rows('REVOKE SELECT ON pg_catalog.pg_index FROM PUBLIC');
        expect(await errorOf(other.profiles.store([{ submission_id: 'a' }]))).toMatchObject({
          name: 'StorageError',
          code: 'SCHEMA_UNREADABLE',
          message: expect.stringContaining('permission denied'),
          cause: { name: 'PostgresError', code: '42501' },
        });
      } finally {
        await app.rows('GRANT SELECT ON pg_catalog.pg_index TO PUBLIC');
        await other.close();
      }
    });
  });

  it.each([
    ['storage_loads', {}],
    ['storage_loads', { loadKey: 'k' }],
    ['storage_load_batches', {}],
  ])('names the table of the module that is missing: %s', async (table, options) => {
    await app.rows(`ALTER TABLE ${table} RENAME TO moved_away`);
    try {
      const error = await errorOf(app.profiles.storeBatch([{ submission_id: 'a' }], options));
      expect((error as Error).message).toContain(table);
      expect(error).toMatchObject({ cause: { code: '42P01' } });
    } finally {
      await app.rows(`ALTER TABLE moved_away RENAME TO ${table}`);
      app.loader.clearPlans();
    }
  });

  const LOAD_ID = '00000000-0000-4000-8000-000000000000';
  const CALLS: readonly [string, string, (app: StorageApp) => Promise<unknown>][] = [
    ['a load', 'CONNECTION_FAILED', ({ profiles }) => profiles.store([{ submission_id: 'a' }])],
    ['check', 'SCHEMA_UNREADABLE', ({ module }) => module.get(SchemaService).check()],
    ['propose', 'SCHEMA_UNREADABLE', ({ module }) => module.get(SchemaService).propose('submissions')],
    ['proposeWidening', 'SCHEMA_UNREADABLE', ({ module }) => module.get(SchemaService).proposeWidening('submissions')],
    ['history', 'HISTORY_UNREADABLE', ({ module }) => module.get(LoadStatsService).history()],
    ['findLoad', 'HISTORY_UNREADABLE', ({ module }) => module.get(LoadStatsService).findLoad(LOAD_ID)],
    ['totals', 'HISTORY_UNREADABLE', ({ module }) => module.get(LoadStatsService).totals()],
    ['a list of rejected records', 'QUARANTINE_FAILED', ({ module }) => module.get(QuarantineService).list()],
  ];

  it.each(CALLS)('is an error of the package when no connection becomes free: %s', async (_, code, call) => {
    const inUse = app.dataSource.createQueryRunner();
    await inUse.connect();
    try {
      const error = await errorOf(call(app));
      expect(error).toBeInstanceOf(StorageError);
      expect(error).toMatchObject({
        code,
        message: expect.stringContaining('timeout exceeded when trying to connect'),
        cause: { name: 'PostgresError' },
      });
    } finally {
      await inUse.release();
    }
  });
});
