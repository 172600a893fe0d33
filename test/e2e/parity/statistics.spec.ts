/**
 * Parity with the Python layer over the library dlt, which this package replaces. Its `LoadStatistics` counted what was
 * loaded, failed and skipped, and errors; `store_batch` lost its counts.
 * Proved here: the statistics say the same, for each table and in all, agree with the database, and lose nothing.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { LoadFailedError, type LoadProgress } from '../../../src/index.js';
import { emptyTables } from '../../support/app/quarantine.js';
import { startStorageApp, type StorageApp } from '../../support/app/storage-app.js';
import { entryOf, expectAccounted } from '../../support/parity/accounts.js';
import { errorOf, withRejection } from '../../support/parity/faults.js';
import { many, opportunity, submission } from '../../support/parity/records.js';

const REJECTS_ALL = { table: 'submissions', when: 'true', sqlstate: '53100' };

describe('statistics', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startStorageApp({ loader: { maxAttempts: 1 } });
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    await emptyTables(app);
    app.stats.reset();
  });

  it('say 0 of everything, and a success rate of 0, before anything was attempted', async () => {
    const nothing = { received: 0, loaded: 0, failed: 0, skipped: 0, totalAttempted: 0, successRate: 0, errorCount: 0 };
    expect(app.stats.snapshot()).toMatchObject({ ...nothing, errors: [] });
    expect(app.stats.forTable('submissions')).toMatchObject({ ...nothing, errors: [] });
    expect(await app.count('storage_loads')).toBe(0);
  });

  it('count what was loaded', async () => {
    await app.profiles.store(many(3, submission));
    expect(app.stats.snapshot()).toMatchObject({ loaded: 3, failed: 0, totalAttempted: 3, successRate: 1, errors: [] });
    expect(await app.count('submissions')).toBe(3);
  });

  it('count what failed, with its error', async () => {
    const error = await withRejection(app, REJECTS_ALL, () => errorOf(app.profiles.store(many(2, submission))));
    expect(error).toBeInstanceOf(LoadFailedError);
    expect(app.stats.snapshot()).toMatchObject({
      loaded: 0,
      failed: 2,
      totalAttempted: 2,
      successRate: 0,
      errorCount: 1,
      errors: [expect.stringContaining('53100')],
    });
    expect(await app.count('submissions')).toBe(0);
  });

  it('count what was rejected as attempted and not loaded', async () => {
    await app.profiles.store([submission('t3_1'), submission('t3_2', { trust_score: 'high' })]);
    expect(app.stats.snapshot()).toMatchObject({
      loaded: 1,
      rejected: 1,
      failed: 0,
      totalAttempted: 2,
      successRate: 0.5,
    });
    expect(await app.count('submissions')).toBe(1);
    expect(await app.count('storage_rejected_records')).toBe(1);
  });

  it('do not count what was skipped as attempted', async () => {
    await app.opportunities.store([{ submission_id: 't3_1' }]);
    expect(app.stats.snapshot()).toMatchObject({ received: 1, skipped: 1, totalAttempted: 0, successRate: 0 });

    await app.opportunities.store([opportunity('t3_2'), { submission_id: 't3_3' }]);
    expect(app.stats.snapshot()).toMatchObject({ received: 3, skipped: 2, totalAttempted: 1, successRate: 1 });
    expect(await app.count('app_opportunities')).toBe(1);
  });

  it('count a row that says so already, and a duplicate, as loaded', async () => {
    await app.profiles.store([submission('t3_1')]);
    const again = await app.profiles.store([
      submission('t3_1'),
      submission('t3_2'),
      submission('t3_2', { author: 'a' }),
    ]);
    expect(again).toMatchObject({ unchanged: 1, inserted: 1, duplicates: 1 });
    expect(app.stats.snapshot()).toMatchObject({ loaded: 4, totalAttempted: 4, successRate: 1 });
    expect(await app.count('submissions')).toBe(2);
    await expectAccounted(app, again);
  });

  it('sum up several loads, for each table and for all', async () => {
    await app.profiles.store(many(6, submission));
    await app.opportunities.store([...many(2, opportunity), { submission_id: 't3_9' }]);
    await app.opportunities.store([opportunity('t3_8', { confidence: 'much' })]);
    await withRejection(app, REJECTS_ALL, () => errorOf(app.profiles.store([submission('t3_7')])));

    const { tables, ...all } = app.stats.snapshot();
    expect(all).toMatchObject({ received: 11, loaded: 8, skipped: 1, rejected: 1, failed: 1, totalAttempted: 10 });
    expect(all.successRate).toBe(0.8);
    expect(tables['submissions']).toMatchObject({ received: 7, loaded: 6, failed: 1, errorCount: 1 });
    expect(tables['app_opportunities']).toMatchObject({
      received: 4,
      loaded: 2,
      skipped: 1,
      rejected: 1,
      errorCount: 0,
    });
    expect(tables['submissions']).toEqual(app.stats.forTable('submissions'));
    expect(await app.count('submissions')).toBe(6);
    expect(await app.count('app_opportunities')).toBe(2);
  });

  it('agree with the accounts in the database', async () => {
    await app.profiles.storeBatch(many(25, submission), { batchSize: 10 });
    await app.opportunities.store([opportunity('t3_1'), opportunity('t3_1'), { submission_id: 't3_2' }]);
    await app.hybrid.store([opportunity('t3_1', { title: 'a' }), submission('t3_99')]);

    const totals = await app.stats.totals();
    for (const table of ['submissions', 'app_opportunities']) {
      expect(totals[table]).toEqual(app.stats.forTable(table));
    }
    expect(await app.count('submissions')).toBe(totals['submissions']?.inserted);
    expect(await app.count('app_opportunities')).toBe(totals['app_opportunities']?.inserted);
  });

  it('agree with the accounts in the database after failures too', async () => {
    const rejection = { table: 'submissions', when: `NEW.submission_id = 't3_0015'`, sqlstate: '40001' };
    await withRejection(app, rejection, async () => {
      await app.profiles.storeBatch(many(30, submission), { batchSize: 10 });
      await app.hybrid.storeBatch([...many(20, opportunity, 10), { title: 'nobody' }], { batchSize: 7 });
      await errorOf(app.hybrid.store([opportunity('t3_1'), opportunity('t3_0015')]));
    });
    const totals = await app.stats.totals();
    for (const table of ['submissions', 'app_opportunities']) {
      const { received, inserted, unchanged, skipped, failed, successRate } = app.stats.forTable(table);
      expect(totals[table]).toMatchObject({ received, inserted, unchanged, skipped, failed, successRate });
      expect(failed).toBeGreaterThan(0);
      expect(await app.count(table)).toBe(inserted);
    }
  });

  it('keep the counts of loads in batches', async () => {
    const rejection = { table: 'submissions', when: `NEW.submission_id = 't3_0015'`, sqlstate: '40001' };
    await withRejection(app, rejection, () => app.profiles.storeBatch(many(30, submission), { batchSize: 10 }));
    expect(app.stats.forTable('submissions')).toMatchObject({ received: 30, loaded: 20, failed: 10, errorCount: 1 });
    expect(await app.count('submissions')).toBe(20);
  });

  it('keep the last 100 errors and count them all', async () => {
    const rejection = { table: 'submissions', when: 'true', sqlstate: '40001' };
    await withRejection(app, rejection, () => app.profiles.storeBatch(many(105, submission), { batchSize: 1 }));
    const { errorCount, errors } = app.stats.snapshot();
    expect(errorCount).toBe(105);
    expect(errors).toHaveLength(100);
    expect(await app.count('submissions')).toBe(0);
  });

  it('begin again at 0 after a reset, while rows and history stay', async () => {
    const { loadId } = await app.profiles.store(many(2, submission));
    await withRejection(app, REJECTS_ALL, () => errorOf(app.profiles.store([submission('t3_7')])));
    app.stats.reset();
    expect(app.stats.snapshot()).toMatchObject({
      received: 0,
      loaded: 0,
      failed: 0,
      errorCount: 0,
      errors: [],
      tables: {},
    });
    expect(await app.count('submissions')).toBe(2);
    expect(await entryOf(app, loadId)).toMatchObject({ status: 'completed', inserted: 2 });
    expect(await app.stats.history({ status: 'failed' })).toHaveLength(1);

    await app.profiles.store([submission('t3_8')]);
    expect(app.stats.snapshot()).toMatchObject({ received: 1, loaded: 1, successRate: 1 });
  });

  it('can be watched while a load runs', async () => {
    const seen: LoadProgress[] = [];
    const watching = app.stats.progress$.subscribe((progress) => seen.push(progress));
    const { loadId } = await app.profiles.storeBatch(many(5, submission), { batchSize: 2 });
    watching.unsubscribe();
    const last = { loadId, table: 'submissions', status: 'completed', received: 5, loaded: 5, batches: 3 };
    expect(seen.at(-1)).toMatchObject(last);
    // Batches may end in another order than they began.
    const loaded = seen.filter(({ status }) => status === 'running').map((progress) => progress.loaded);
    expect(loaded).toHaveLength(3);
    expect(loaded).toEqual(loaded.toSorted((a, b) => a - b));
    expect(loaded.at(-1)).toBe(5);
    expect(await app.count('submissions')).toBe(5);
  });
});
