import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { type LoadOptions, QuarantineService } from '../../../src/index.js';
import { emptyTables } from '../../support/app/quarantine.js';
import { startStorageApp, startStorageAppBeside, type StorageApp } from '../../support/app/storage-app.js';
import { withRejection } from '../../support/parity/faults.js';
import { many, opportunity, submission } from '../../support/parity/records.js';

const REJECTED = submission('t3_x', { trust_score: 'high' });

describe("history: 'off'", () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startStorageApp({ history: 'off', loader: { batchSize: 2, maxAttempts: 1 } });
  });
  afterAll(() => app.close());
  beforeEach(() => emptyTables(app));

  /** What a load has left in the history, by status and table. */
  const left = async () => ({
    loads: (await app.rows('SELECT status FROM storage_loads ORDER BY id')).map(({ status }) => status),
    batches: await app.count('storage_load_batches'),
  });
  const NOTHING = { loads: [], batches: 0 };

  it('notes once from when on the totals lack loads, but not what a caller rolls back', async () => {
    const other = await startStorageAppBeside(app, {});
    await other.profiles.store(many(1, submission));
    expect(await app.stats.historyPeriod()).toEqual({ completeFrom: null, incompleteFrom: null });
    const rolledBack = app.dataSource.transaction(async (manager) => {
      await app.profiles.withManager(manager).store(many(1, submission));
      throw new Error('rolled back');
    });
    await expect(rolledBack).rejects.toThrow('rolled back');
    expect(await app.stats.historyPeriod()).toMatchObject({ incompleteFrom: null });

    const before = Date.now();
    await app.profiles.store(many(1, submission));
    const { incompleteFrom } = await other.stats.historyPeriod();
    expect(Math.abs(Number(incompleteFrom) - before)).toBeLessThan(600_000);
    await other.profiles.store(many(2, submission), { history: 'off' });
    await app.stats.purge({ olderThan: new Date() });
    expect(await app.stats.historyPeriod()).toMatchObject({ incompleteFrom });
    await other.close();
  });

  const records = [submission('t3_0000'), ...many(4, submission), { title: 'skipped' }];
  const all = { received: 6, inserted: 4, duplicates: 1, skipped: 1, rejected: 0, failed: 0 };
  it.each([
    ['store', () => app.profiles.store(records), all],
    ['storeBatch', () => app.profiles.storeBatch(records), all],
    ['many rows', () => app.profiles.store(many(300, submission)), { received: 300, inserted: 300 }],
    ['hybrid records', () => app.hybrid.storeBatch(many(3, opportunity)), { received: 3, stored: 3 }],
    [
      'in a transaction',
      () => app.dataSource.transaction((manager) => app.profiles.withManager(manager).store(records)),
      all,
    ],
  ] as const)('a merge that goes well leaves no row, and the result says all: %s', async (how, load, expected) => {
    app.stats.reset();
    const result = await load();
    expect(result).toMatchObject({ ok: true, ...expected });
    expect(await left()).toEqual(NOTHING);
    expect(await app.count('submissions')).toBe(expected.received === 6 ? 4 : expected.received);
    expect(await app.rows('SELECT DISTINCT load_id AS id FROM submissions')).toEqual([{ id: result.loadId }]);
    // Loads in a caller's transaction count in the history only.
    const counted = how === 'in a transaction' ? 0 : expected.received;
    expect(app.stats.forTable('submissions')).toMatchObject({ received: counted });
  });

  it.each([
    ['a rule', [REJECTED], undefined],
    ['the database', [submission('t3_0000')], `NEW.submission_id = 't3_0000'`],
  ])('a load with records that %s rejects stays, because quarantine refers to it', async (_, bad, when = 'false') => {
    const rejection = { table: 'submissions', when, sqlstate: '23514' };
    await withRejection(app, rejection, async () => {
      const several = await app.profiles.storeBatch([...many(5, submission, 1), ...bad]);
      const counts = { received: 6, inserted: 5, rejected: 1 };
      expect(several).toMatchObject(counts);
      expect(await app.stats.findLoad(several.loadId)).toMatchObject({ status: 'completed', ...counts });
      expect(await app.count('storage_load_batches')).toBe(1);
      const one = await app.profiles.store([...many(2, submission, 1), ...bad]);
      expect(await app.stats.findLoad(one.loadId)).toMatchObject({ status: 'completed', unchanged: 2, rejected: 1 });
      expect(await left()).toMatchObject({ loads: ['completed', 'completed'] });
    });
    // They can be replayed, and a replay stays.
    await app.rows(`UPDATE storage_rejected_records SET raw = '{"submission_id":"t3_9"}'`);
    expect(await app.module.get(QuarantineService).replay()).toMatchObject({ loaded: 2 });
    expect(await left()).toMatchObject({ loads: ['completed', 'completed', 'completed'] });
  });

  it('a failed load stays, with all its counts', async () => {
    const rejection = { table: 'submissions', when: `NEW.submission_id = 't3_0002'`, sqlstate: '53100' };
    await withRejection(app, rejection, async () => {
      const failed = { code: 'LOAD_FAILED' };
      await expect(app.profiles.store(many(3, submission))).rejects.toMatchObject(failed);
      await expect(app.profiles.storeBatch(many(3, submission))).rejects.toMatchObject(failed);
    });
    expect(await app.stats.history()).toMatchObject([
      { status: 'failed', received: 3, inserted: 2, failed: 1, error: { code: '53100' } },
      { status: 'failed', received: 3, failed: 3 },
    ]);
  });

  it('a load with a failed batch stays', async () => {
    const rejection = { table: 'submissions', when: `NEW.submission_id = 't3_0002'`, sqlstate: '40001' };
    await withRejection(app, rejection, () => app.profiles.storeBatch(many(6, submission)));
    expect(await app.stats.history()).toMatchObject([{ status: 'completed', received: 6, inserted: 4, failed: 2 }]);
  });

  it.each<[string, LoadOptions]>([
    ['with a load key', { loadKey: 'k' }],
    ['by append', { disposition: 'append' }],
    ['by replace', { disposition: 'replace' }],
    ["of history: 'all'", { history: 'all' }],
  ])('a load %s stays', async (_, options) => {
    await app.profiles.storeBatch(many(2, submission), options);
    await app.profiles.store(many(2, submission, 2), { ...options, ...(options.loadKey && { loadKey: 'l' }) });
    expect(await left()).toMatchObject({ loads: ['completed', 'completed'] });
  });

  it('is an option that is checked', async () => {
    await expect(app.profiles.store([], { history: 'none' as never })).rejects.toThrow(
      "history must be 'all' or 'off' (found string)",
    );
    await expect(startStorageApp({ history: true as never })).rejects.toThrow("history must be 'all' or 'off'");
  });
});
