/**
 * Parity with the Python layer over the library dlt, which this package replaces. There, one dlt pipeline was cached
 * for each table; a cached schema that went stale broke every load.
 * Proved here: one plan for each table is cached, shared and can be cleared, and is made anew when the table has
 * changed.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';

import { SchemaMismatchError } from '../../../src/index.js';
import { startStorageApp, type StorageApp } from '../../support/app/storage-app.js';
import { errorOf } from '../../support/parity/faults.js';
import { many, opportunity, submission } from '../../support/parity/records.js';

/** Tables whose columns were read from the catalog while `work` ran, in order. */
async function tablesRead(work: () => Promise<unknown>): Promise<unknown[]> {
  const query = jest.spyOn(pg.Client.prototype, 'query');
  try {
    await work();
    const calls = query.mock.calls as unknown as [text: unknown, parameters?: unknown[]][];
    return calls
      .filter(
        ([text]) => typeof text === 'string' && text.includes('pg_catalog.pg_attribute') && text.includes('is_enum'),
      )
      .map(([, parameters]) => parameters?.[1]);
  } finally {
    query.mockRestore();
  }
}

describe('the plan of a table', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startStorageApp();
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    app.loader.clearPlans();
    await app.rows('TRUNCATE app_opportunities, submissions');
  });

  it('is made once and used by every load after', async () => {
    expect(await tablesRead(() => app.profiles.store([submission('t3_1')]))).toEqual(['submissions']);
    const later = await tablesRead(async () => {
      await app.profiles.store([submission('t3_2')]);
      await app.profiles.storeBatch(many(10, submission), { batchSize: 2 });
      await app.loader.load('submissions', [submission('t3_3')], { disposition: 'append' });
    });
    expect(later).toEqual([]);
    expect(await app.count('submissions')).toBe(13);
  });

  it('is one for each table, and the hybrid store uses those of the other two', async () => {
    const first = await tablesRead(async () => {
      await app.opportunities.store([opportunity('t3_1')]);
      await app.profiles.store([submission('t3_1')]);
    });
    expect(first).toEqual(['app_opportunities', 'submissions']);
    expect(await tablesRead(() => app.hybrid.store([opportunity('t3_2')]))).toEqual([]);
    expect(await app.count('app_opportunities')).toBe(2);
    expect(await app.count('submissions')).toBe(2);
  });

  it('is made once even for loads that begin together', async () => {
    const loads = () => Promise.all(many(6, submission).map((record) => app.profiles.store([record])));
    expect(await tablesRead(loads)).toEqual(['submissions']);
    expect(await app.count('submissions')).toBe(6);
  });

  it('is made anew after clearPlans', async () => {
    await app.profiles.store([submission('t3_1')]);
    app.loader.clearPlans();
    expect(await tablesRead(() => app.profiles.store([submission('t3_2')]))).toEqual(['submissions']);
    expect(await app.count('submissions')).toBe(2);
  });

  it('is made anew when the table was altered, and says what is missing before anything is written', async () => {
    await app.profiles.store([submission('t3_1')]);
    await app.rows('ALTER TABLE submissions RENAME COLUMN author TO writer');
    const loads = await app.count('storage_loads');
    try {
      for (const record of [submission('t3_2', { author: 'a' }), submission('t3_2')]) {
        const error = await errorOf(app.profiles.store([record]));
        expect(error).toBeInstanceOf(SchemaMismatchError);
        expect((error as SchemaMismatchError).differences).toMatchObject([{ table: 'submissions', column: 'author' }]);
      }
      expect(await app.count('storage_loads')).toBe(loads);
    } finally {
      await app.rows('ALTER TABLE submissions RENAME COLUMN writer TO author');
    }
    await app.profiles.store([submission('t3_2', { author: 'a' })]);
    expect(await app.rows('SELECT submission_id, author FROM submissions ORDER BY 1')).toEqual([
      { submission_id: 't3_1', author: null },
      { submission_id: 't3_2', author: 'a' },
    ]);
  });

  it('of one table does not suffer from the other', async () => {
    await app.rows('ALTER TABLE submissions RENAME COLUMN author TO writer');
    try {
      expect(await errorOf(app.profiles.store([submission('t3_1')]))).toBeInstanceOf(SchemaMismatchError);
      expect(await app.opportunities.store([opportunity('t3_1')])).toMatchObject({ inserted: 1 });
      expect(await errorOf(app.hybrid.store([opportunity('t3_2')]))).toBeInstanceOf(SchemaMismatchError);
    } finally {
      await app.rows('ALTER TABLE submissions RENAME COLUMN writer TO author');
    }
    expect(await app.count('app_opportunities')).toBe(1);
    expect(await app.count('submissions')).toBe(0);
  });
});
