import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { QuarantineService } from '../../../src/index.js';
import { emptyTables } from '../../support/app/quarantine.js';
import { startStorageApp, type StorageApp } from '../../support/app/storage-app.js';
import { withRejection } from '../../support/parity/faults.js';
import { many, submission } from '../../support/parity/records.js';

const DAY = 86_400_000;
const daysAgo = (days: number): Date => new Date(Date.now() - days * DAY);
const REJECTED = submission('t3_x', { trust_score: 'high' });

describe('a purge of the history', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startStorageApp({ loader: { maxAttempts: 1, batchSize: 2 } });
  });
  afterAll(() => app.close());
  beforeEach(() => emptyTables(app));

  /** Loads, and lets the load be so many days old. */
  const loadedAgo = async (days: number, options: { loadKey?: string } = {}, records = many(3, submission)) => {
    const { loadId } = await app.profiles.storeBatch(records, options);
    await age(loadId, days);
    return loadId;
  };
  const age = (loadId: string, days: number) =>
    app.rows(
      `UPDATE storage_loads SET started_at = now() - $2 * interval '1 day', finished_at = now() - $2 * interval '1 day'
        WHERE id = $1`,
      [loadId, days],
    );
  const kept = async () => (await app.rows<{ id: string }>('SELECT id FROM storage_loads')).map(({ id }) => id).sort();
  const batchesOf = (loadId: string) => app.rows('SELECT 1 FROM storage_load_batches WHERE load_id = $1', [loadId]);

  it('deletes loads that ended before a time, with their batches, and leaves rows and totals of this process', async () => {
    const old = await loadedAgo(40);
    const young = await loadedAgo(20);
    const counted = app.stats.snapshot();
    expect(await app.stats.historyPeriod()).toEqual({ completeFrom: null, incompleteFrom: null });
    expect(await app.stats.purge({ olderThan: daysAgo(30), dryRun: true })).toEqual({ loads: 1, batches: 2 });
    expect(await kept()).toEqual([old, young].sort());

    const [{ end } = {}] = await app.rows<{ end: Date }>('SELECT finished_at AS end FROM storage_loads WHERE id = $1', [
      old,
    ]);
    expect(await app.stats.purge({ olderThan: daysAgo(30) })).toEqual({ loads: 1, batches: 2 });
    expect(await kept()).toEqual([young]);
    expect([await batchesOf(old), await batchesOf(young)]).toMatchObject([[], { length: 2 }]);
    expect(await app.count('submissions')).toBe(3);
    expect(app.stats.snapshot()).toEqual(counted);
    // The totals lack the load, and say so.
    expect(await app.stats.totals()).toMatchObject({ submissions: { received: 3, unchanged: 3 } });
    const { completeFrom } = await app.stats.historyPeriod();
    expect(completeFrom?.getTime()).toBe(Number(end) + 1);

    expect(await app.stats.purge({ olderThan: daysAgo(30) })).toEqual({ loads: 0, batches: 0 });
    expect(await app.stats.historyPeriod()).toMatchObject({ completeFrom });
  });

  it('keeps a load until none of the records it rejected is open', async () => {
    const rejecting = await loadedAgo(40, {}, [REJECTED]);
    expect(await app.stats.purge({ olderThan: daysAgo(30) })).toEqual({ loads: 0, batches: 0 });
    expect(await kept()).toEqual([rejecting]);
    await app.rows('UPDATE storage_rejected_records SET replayed_at = now()');
    expect(await app.stats.purge({ olderThan: daysAgo(30) })).toEqual({ loads: 1, batches: 1 });
    expect(await app.module.get(QuarantineService).count({ replayed: true })).toBe(1);
  });

  it('keeps running loads', async () => {
    const running = await loadedAgo(40);
    await app.rows(`UPDATE storage_loads SET (status, finished_at) = ('running', NULL)`);
    await app.stats.purge({ olderThan: daysAgo(1), keepKeys: daysAgo(1) });
    expect(await kept()).toEqual([running]);
  });

  it('keeps load keys younger than it is told, and all without being told', async () => {
    const [older, younger] = [await loadedAgo(100, { loadKey: 'older' }), await loadedAgo(40, { loadKey: 'younger' })];
    expect(await app.stats.purge({ olderThan: daysAgo(30) })).toEqual({ loads: 0, batches: 0 });
    expect(await app.stats.purge({ olderThan: daysAgo(30), keepKeys: daysAgo(90) })).toEqual({ loads: 1, batches: 2 });
    expect(await kept()).toEqual([younger]);
    expect(await app.stats.purge({ olderThan: daysAgo(200), keepKeys: daysAgo(1) })).toEqual({ loads: 0, batches: 0 });
    expect(older).not.toBe(younger);

    const again = await app.profiles.storeBatch(many(3, submission), { loadKey: 'younger' });
    expect(again).toMatchObject({ loadId: younger, alreadyCompleted: true, received: 3 });
    const anew = await app.profiles.storeBatch(many(3, submission), { loadKey: 'older' });
    expect(anew).toMatchObject({ alreadyCompleted: false, received: 3, unchanged: 3 });
  });

  it('keeps what a load key can resume', async () => {
    const rejection = { table: 'submissions', when: `NEW.submission_id = 't3_0002'`, sqlstate: '40001' };
    const { loadId, failed } = await withRejection(app, rejection, () =>
      app.profiles.storeBatch(many(4, submission), { loadKey: 'in parts' }),
    );
    expect(failed).toBe(2);
    await age(loadId, 400);
    await app.stats.purge({ olderThan: daysAgo(1), keepKeys: daysAgo(1) });
    expect(await kept()).toEqual([loadId]);
    const resumed = await app.profiles.storeBatch(many(4, submission), { loadKey: 'in parts' });
    expect(resumed).toMatchObject({ loadId, received: 4, receivedEarlier: 2, inserted: 4 });
  });

  it('deletes any number, a page in a transaction', async () => {
    await app.rows(`
      INSERT INTO storage_loads (id, table_name, disposition, status, started_at, finished_at)
      SELECT gen_random_uuid(), 'submissions', 'merge', 'completed', at, at
        FROM (SELECT now() - (40 + n % 3) * interval '1 day' AS at FROM generate_series(1, 1200) AS n) AS s;
      INSERT INTO storage_load_batches (load_id, batch_no, first_position, end_position)
      SELECT id, n, 0, 0 FROM storage_loads, generate_series(0, 11) AS n`);
    const open = await loadedAgo(41, {}, [REJECTED]);
    const all = { loads: 1200, batches: 14_400 };
    expect(await app.stats.purge({ olderThan: daysAgo(30), dryRun: true })).toEqual(all);
    expect(await app.stats.purge({ olderThan: daysAgo(30) })).toEqual(all);
    expect(await kept()).toEqual([open]);
  });

  it('that ends in the middle of a load has freed its key, and the next one deletes the rest', async () => {
    const loadId = await loadedAgo(40, { loadKey: 'long' });
    await app.rows(
      `INSERT INTO storage_load_batches (load_id, batch_no, first_position, end_position)
       SELECT $1, n, 0, 0 FROM generate_series(2, 7999) AS n`,
      [loadId],
    );
    await app.rows(`
      CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'stop' USING ERRCODE = '53100'; END $$;
      CREATE TRIGGER stop BEFORE DELETE ON storage_loads FOR EACH ROW EXECUTE FUNCTION stop()`);
    const due = { olderThan: daysAgo(30), keepKeys: daysAgo(30) };
    await expect(app.stats.purge(due)).rejects.toMatchObject({ code: 'HISTORY_PURGE_FAILED' });
    await app.rows('DROP FUNCTION stop CASCADE');
    expect(await batchesOf(loadId)).toHaveLength(3000);
    const again = await app.profiles.storeBatch(many(3, submission), { loadKey: 'long' });
    expect(again).toMatchObject({ alreadyCompleted: false, received: 3 });
    expect(await app.stats.purge(due)).toEqual({ loads: 1, batches: 3000 });
    expect(await kept()).toEqual([again.loadId]);
  });

  it('does not wait for a load that somebody has locked', async () => {
    const [locked, free] = [await loadedAgo(40), await loadedAgo(40)];
    await app.dataSource.transaction(async (manager) => {
      await manager.query('SELECT 1 FROM storage_loads WHERE id = $1 FOR SHARE', [locked]);
      expect(await app.stats.purge({ olderThan: daysAgo(30) })).toEqual({ loads: 1, batches: 2 });
    });
    expect(await kept()).toEqual([locked]);
    expect(free).not.toBe(locked);
  });

  it('names every mistake in its options', async () => {
    await expect(app.stats.purge({} as never)).rejects.toMatchObject({
      code: 'INVALID_FILTER',
      message: expect.stringContaining('olderThan is missing'),
    });
    const wrong = { olderThan: new Date(NaN), keepKeys: '90d', dryRun: 1, all: true };
    await expect(app.stats.purge(wrong as never)).rejects.toThrow(
      /olderThan must be a valid Date.*keepKeys must be a valid Date.*dryRun must be.*all is not an option/,
    );
  });
});
