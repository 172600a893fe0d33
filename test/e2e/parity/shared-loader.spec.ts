/**
 * Parity with the Python layer over the library dlt, which this package replaces.
 * Proved here: the three stores share one loader, its statistics, its history and a transaction of the caller.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { HybridStoreService, LoaderService, LoadStatsService, SubmissionEntity } from '../../../src/index.js';
import { emptyTables } from '../../support/app/quarantine.js';
import { startStorageApp, type StorageApp } from '../../support/app/storage-app.js';
import { errorOf, withRejection } from '../../support/parity/faults.js';
import { many, opportunity, submission } from '../../support/parity/records.js';

describe('one loader shared by the three stores', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startStorageApp({ loader: { maxAttempts: 1 } });
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    await emptyTables(app);
    app.stats.reset();
  });

  it('keeps the statistics of all three in one place', async () => {
    await app.opportunities.store(many(3, opportunity));
    await app.profiles.store(many(4, submission));
    await app.hybrid.store([...many(2, opportunity, 100), ...many(5, submission, 200)]);

    const { tables, ...all } = app.stats.snapshot();
    expect(tables['app_opportunities']).toMatchObject({ received: 10, loaded: 5, skipped: 5, totalAttempted: 5 });
    expect(tables['submissions']).toMatchObject({ received: 11, loaded: 11, skipped: 0, totalAttempted: 11 });
    expect(all).toMatchObject({ loaded: 16, skipped: 5, failed: 0, successRate: 1 });
    expect(await app.count('app_opportunities')).toBe(5);
    expect(await app.count('submissions')).toBe(11);
  });

  it('counts a failure of one store without hiding what the others did', async () => {
    await app.opportunities.store(many(3, opportunity));
    const rejection = { table: 'submissions', when: 'true', sqlstate: '53100' };
    await withRejection(app, rejection, () => errorOf(app.profiles.store(many(3, submission))));
    expect(app.stats.snapshot()).toMatchObject({ loaded: 3, failed: 3, successRate: 0.5, errorCount: 1 });
    expect(app.stats.forTable('app_opportunities')).toMatchObject({ loaded: 3, failed: 0, errorCount: 0 });
    expect(await app.count('app_opportunities')).toBe(3);
    expect(await app.count('submissions')).toBe(0);
  });

  it('is the one the application injects, and writes what the stores write', async () => {
    const loader = app.module.get(LoaderService);
    await loader.for(SubmissionEntity).load([submission('t3_1', { trust_score: 9 })]);
    await app.profiles.store([submission('t3_1', { author: 'a' })]);
    expect(await app.rows('SELECT submission_id, author, trust_score FROM submissions')).toEqual([
      { submission_id: 't3_1', author: 'a', trust_score: 9 },
    ]);
    expect(app.module.get(LoadStatsService).forTable('submissions')).toMatchObject({ inserted: 1, updated: 1 });
  });

  it('serves stores that join one transaction of the caller: all is committed, or nothing', async () => {
    const storeAll = (fail: boolean) =>
      app.dataSource.transaction(async (manager) => {
        await app.opportunities.withManager(manager).store([opportunity('t3_1')]);
        await app.profiles.withManager(manager).store([submission('t3_1')]);
        await app.module
          .get(HybridStoreService)
          .withManager(manager)
          .store([opportunity('t3_2')]);
        if (fail) {
          throw new Error('the caller changed their mind');
        }
      });
    expect(await errorOf(storeAll(true))).toMatchObject({ message: 'the caller changed their mind' });
    for (const table of ['app_opportunities', 'submissions', 'storage_loads', 'storage_load_batches']) {
      expect(await app.count(table)).toBe(0);
    }
    await storeAll(false);
    expect(await app.count('app_opportunities')).toBe(2);
    expect(await app.count('submissions')).toBe(2);
    expect(await app.count('storage_loads')).toBe(3);
  });

  it('lists the loads of all three in one history, under the names they were given', async () => {
    await app.opportunities.store([opportunity('t3_1')], { source: 'first' });
    await app.profiles.store([submission('t3_1')], { source: 'second' });
    await app.hybrid.store([opportunity('t3_1')], { source: 'third' });
    const history = await app.stats.history();
    expect(history.map(({ source, table, status }) => [source, table, status])).toEqual([
      ['third', 'hybrid', 'completed'],
      ['second', 'submissions', 'completed'],
      ['first', 'app_opportunities', 'completed'],
    ]);
    expect(await app.rows('SELECT load_id FROM submissions')).toEqual([{ load_id: history[1]?.loadId }]);
  });
});
