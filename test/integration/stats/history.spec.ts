import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import type { HistoryEntry } from '../../../src/index.js';
import { withRejection } from '../../support/parity/faults.js';
import { type Fields, keyOf, many, opportunity, submission } from '../../support/parity/records.js';
import { emptyTables } from '../../support/app/quarantine.js';
import { startStorageApp, type StorageApp } from '../../support/app/storage-app.js';

const UNMEANT = { title: 'nobody' };
const REJECTED = submission('t3_x', { trust_score: 'high' });

describe('the history of loads', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startStorageApp({ loader: { maxAttempts: 1, batchSize: 4 } });
  });
  afterAll(() => app.close());
  beforeEach(() => emptyTables(app));

  const entryOf = async (loadId: string): Promise<HistoryEntry> => {
    const entry = await app.stats.findLoad(loadId);
    expect(await app.stats.history()).toContainEqual(entry);
    return entry as HistoryEntry;
  };
  /** Changes the row of a load to its state after its process was killed. */
  const reopen = (loadId: string) =>
    app.rows(
      `UPDATE storage_loads SET (status, received, inserted, updated, unchanged, duplicates, skipped, rejected, failed,
                                 stored, tables, finished_at) = ('running', 0, 0, 0, 0, 0, 0, 0, 0, NULL, NULL, NULL)
        WHERE id = $1`,
      [loadId],
    );

  it('has numbers, under the names of results', async () => {
    const result = await app.profiles.storeBatch([...many(2, submission), REJECTED], { source: 'posts' });
    const { loadId, table, disposition, received, inserted, rejected } = result;
    const same = { loadId, table, disposition, received, inserted, rejected };
    expect(await entryOf(loadId)).toMatchObject({ ...same, source: 'posts', stored: null, tables: null, error: null });
    expect(same).toMatchObject({ table: 'submissions', received: 3, inserted: 2, rejected: 1 });
  });

  it('names loads by ids that ascend with time', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 4; n += 1) {
      ids.push((await app.profiles.store([submission('t3_1')])).loadId);
    }
    expect(ids).toEqual(ids.toSorted());
    expect(ids.map((id) => id[14])).toEqual(['7', '7', '7', '7']);
  });

  it('sums the batches of a load that was never closed, with all counts', async () => {
    await app.profiles.store([submission('t3_0000'), submission('t3_0001')]);
    const changed = submission('t3_0001', { author: 'a' });
    const records = [...many(1, submission), changed, changed, UNMEANT, REJECTED, ...many(6, submission, 2)];
    const { loadId } = await app.profiles.storeBatch(records);
    const closed = await entryOf(loadId);
    const totals = await app.stats.totals();
    expect(closed).toMatchObject({ received: 11, inserted: 6, updated: 1, unchanged: 1 });
    expect(closed).toMatchObject({ duplicates: 1, skipped: 1, rejected: 1, failed: 0 });

    await reopen(loadId);
    expect(await entryOf(loadId)).toEqual({ ...closed, status: 'running', finishedAt: null });
    expect(await app.stats.totals()).toEqual(totals);
  });

  it('does so for each table of a hybrid load', async () => {
    const records = [...many(5, opportunity), ...many(3, submission, 5), opportunity(keyOf(0)), UNMEANT, REJECTED];
    const { loadId } = await app.hybrid.storeBatch(records);
    const closed = await entryOf(loadId);
    const totals = await app.stats.totals();
    expect(closed).toMatchObject({ table: 'hybrid', received: 11, stored: 9, skipped: 1, rejected: 1 });
    expect(closed.tables).toMatchObject({ app_opportunities: { inserted: 5 }, submissions: { inserted: 8 } });

    await reopen(loadId);
    expect(await entryOf(loadId)).toEqual({ ...closed, status: 'running', finishedAt: null });
    expect(await app.stats.totals()).toEqual(totals);
  });

  it('shows the progress of a running load', async () => {
    let midway: readonly HistoryEntry[] = [];
    const committed = new Promise<void>((resolve) => {
      app.stats.progress$.subscribe(({ batches }) => batches === 2 && resolve());
    });
    const records = async function* (): AsyncGenerator<Fields> {
      yield* many(8, submission);
      await committed;
      midway = await app.stats.history({ status: 'running' });
      yield submission('t3_last');
    };
    const { loadId } = await app.profiles.storeBatch(records());
    expect(midway).toMatchObject([{ loadId, received: 8, inserted: 8, finishedAt: null }]);
    expect(await app.stats.history({ status: 'running' })).toEqual([]);
    expect(await entryOf(loadId)).toMatchObject({ status: 'completed', received: 9, inserted: 9 });
  });

  it('of a resumed load counts committed batches, not those its earlier attempt lost', async () => {
    const rejection = { table: 'submissions', when: `NEW.submission_id = 't3_0005'`, sqlstate: '40001' };
    const first = await withRejection(app, rejection, () =>
      app.profiles.storeBatch(many(8, submission), { loadKey: 'posts' }),
    );
    expect(await entryOf(first.loadId)).toMatchObject({ received: 8, inserted: 4, failed: 4 });
    let midway: readonly HistoryEntry[] = [];
    const again = async function* (): AsyncGenerator<Fields> {
      midway = await app.stats.history();
      yield* many(8, submission);
    };
    await app.profiles.storeBatch(again(), { loadKey: 'posts' });
    expect(midway).toMatchObject([{ status: 'running', attempt: 2, received: 4, inserted: 4, failed: 0 }]);
    expect(await app.stats.history()).toMatchObject([{ status: 'completed', received: 8, inserted: 8, failed: 0 }]);
  });

  it('has pages that neither overlap nor omit a load, also where loads began at one moment', async () => {
    const source = 'pages';
    const seen: unknown[] = [];
    app.stats.progress({ source, status: 'completed' }).subscribe(({ loadId }) => seen.push(loadId));
    for (let n = 0; n < 5; n += 1) {
      await app.profiles.store([submission('t3_1')], { source });
      await app.profiles.store([submission('t3_1')], { source: 'other' });
    }
    const named = (await app.stats.history()).filter((entry) => entry.source === source).map(({ loadId }) => loadId);
    expect(seen).toEqual(named.toReversed());
    await app.rows(`UPDATE storage_loads SET started_at = date_trunc('hour', now()) WHERE source = $1`, [source]);

    const whole = await app.stats.history();
    const pages: HistoryEntry[] = [];
    for (let after: string | undefined; pages.length < 10; after = pages.at(-1)?.loadId) {
      const page = await app.stats.history({ limit: 3, after });
      expect(page.length).toBe(Math.min(3, 10 - pages.length));
      pages.push(...page);
    }
    expect(pages).toEqual(whole);
    expect(await app.stats.history({ after: whole.at(-1)?.loadId })).toEqual([]);
    for (const limit of [-1, NaN, 1.5]) {
      await expect(app.stats.history({ limit })).rejects.toMatchObject({ code: 'INVALID_FILTER' });
    }
    for (const after of ['x', '00000000-0000-4000-8000-000000000000']) {
      await expect(app.stats.history({ after })).rejects.toMatchObject({ code: 'INVALID_FILTER' });
    }
  });

  it('names the error that ended a load', async () => {
    const rejection = { table: 'submissions', when: 'true', sqlstate: '53100' };
    await withRejection(app, rejection, () => app.profiles.store([submission('t3_1')]).catch(() => {}));
    const error = { code: '53100', message: expect.any(String) };
    expect(await app.stats.history()).toMatchObject([{ status: 'failed', failed: 1, error }]);
    expect(await app.stats.history({ table: 'app_opportunities' })).toEqual([]);
    expect(await app.stats.history({ limit: 0 })).toEqual([]);
  });
});
