import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import type { HistoryEntry, HistoryFilter, QuarantinedRecord, RejectFilter } from '../../../src/index.js';
import { StorageOperations } from '../../../src/operations/storage-operations.js';
import { emptyTables } from '../../support/app/quarantine.js';
import { startStorageApp, type StorageApp } from '../../support/app/storage-app.js';
import { seedHistory } from '../../support/history/seed-history.js';

const HOUR_MS = 3_600_000;

describe('what operators ask', () => {
  let app: StorageApp;
  let operations: StorageOperations;
  beforeAll(async () => {
    app = await startStorageApp();
    operations = new StorageOperations(app.dataSource);
  });
  afterAll(() => app.close());

  it('an empty history has empty answers', async () => {
    const none = { loads: { running: 0, completed: 0 }, records: { received: 0 }, averageSeconds: null };
    for (const [period, buckets] of [['24h', 24] as const, ['7d', 28] as const, ['30d', 30] as const]) {
      const activity = await operations.activity(period);
      expect(activity).toMatchObject({ total: none, history: { completeFrom: null } });
      expect(activity.buckets).toHaveLength(buckets);
    }
    expect(await operations.loads()).toEqual({ loads: [], hasNewer: false, hasOlder: false });
    expect(await operations.running()).toEqual({ count: 0, stalled: 0, loads: [] });
    expect(await operations.freshness()).toEqual([]);
    expect(await operations.rejectsByTableAndReason()).toEqual({ groups: [], count: 0, isExact: true });
    expect(await operations.pendingMigrations()).toEqual([]);
    expect(await operations.schemaDifferences()).toMatchObject({ breaking: [], other: [] });
  });

  describe('of a history of 90 days', () => {
    beforeAll(() =>
      seedHistory((sql, parameters) => app.dataSource.query(sql, parameters), {
        loads: 300,
        rejects: 600,
        batchesOfLargest: 150,
      }),
    );
    afterAll(() => emptyTables(app));

    it.each(['24h', '7d', '30d'] as const)('the activity of %s is that of storage_loads', async (period) => {
      const { from, until, bucketMs, buckets, total } = await operations.activity(period);
      expect(buckets.map((bucket) => [bucket.from.getTime(), bucket.until.getTime()])).toEqual(
        buckets.map((_, n) => [from.getTime() + n * bucketMs, from.getTime() + (n + 1) * bucketMs]),
      );
      expect(from.getTime() % bucketMs).toBe(0);
      expect(until.getTime()).toBeGreaterThan(Date.now() - bucketMs);
      const names = Object.keys(total.records);
      const [expected] = await app.rows(
        `SELECT ${names.map((name) => `COALESCE(sum(${name}), 0)::float8 AS ${name}`).join(', ')}
           FROM storage_loads WHERE started_at >= $1 AND status <> 'running'`,
        [from],
      );
      expect(total.records).toEqual(expected);
      const { received, ...outcomes } = total.records;
      expect(received).toBeGreaterThan(0);
      expect(Object.values(outcomes).reduce((sum, count) => sum + count, 0)).toBe(received);
      const [loads] = await app.rows('SELECT count(*)::float8 AS n FROM storage_loads WHERE started_at >= $1', [from]);
      expect(Object.values(total.loads).reduce((sum, count) => sum + count, 0)).toBe(loads?.['n']);
    });

    it.each<[string, HistoryFilter, string]>([
      ['all', {}, 'true'],
      ['of a table', { table: 'Odd "Name"' }, `table_name = 'Odd "Name"'`],
      ['of a source', { source: 'feed', status: 'completed' }, `source = 'feed' AND status = 'completed'`],
      ['of a key', { loadKey: 'key 50' }, `load_key = 'key 50'`],
      [
        'of a time',
        { startedFrom: new Date(Date.now() - 9.15 * 24 * HOUR_MS) },
        `started_at >= now() - interval '9.15 days'`,
      ],
    ])('pages forth and back have each load once: %s', async (_, filter, condition) => {
      const rows = await app.rows<{ id: string }>(
        `SELECT id FROM storage_loads WHERE ${condition} ORDER BY started_at DESC, id`,
      );
      const ids = rows.map(({ id }) => id);
      const forth = [await operations.loads({ ...filter, limit: 7 })];
      for (let page = forth[0]; page?.hasOlder === true; page = forth.at(-1)) {
        forth.push(await operations.loads({ ...filter, limit: 7, after: page.loads.at(-1)?.loadId }));
      }
      expect(forth.flatMap(({ loads }) => loads.map(({ loadId }) => loadId))).toEqual(ids);
      const back = [forth.at(-1) as (typeof forth)[number]];
      for (let page = back[0]; page?.hasNewer === true; page = back[0]) {
        back.unshift(await operations.loads({ ...filter, limit: 7, before: page.loads[0]?.loadId }));
      }
      expect(back.flatMap(({ loads }) => loads.map(({ loadId }) => loadId))).toEqual(ids);
    });

    it.each<[string, RejectFilter, string]>([
      ['open ones', {}, 'replayed_at IS NULL'],
      ['replayed ones', { replayed: true }, 'replayed_at IS NOT NULL'],
      ['all', { replayed: 'any' }, 'true'],
      ['of a table', { table: 'Odd "Name"', replayed: 'any' }, `table_name = 'Odd "Name"'`],
      [
        'of a table with a point',
        { table: 'feedback.events' },
        `table_name = 'feedback.events' AND replayed_at IS NULL`,
      ],
      [
        'with its schema',
        { table: 'public.feedback.events' },
        `table_name = 'feedback.events' AND replayed_at IS NULL`,
      ],
      ['of another schema', { table: 'other.prices' }, 'false'],
      ['of a reason', { reason: '23505' }, `reason = '23505' AND replayed_at IS NULL`],
      [
        'of a time',
        { until: new Date(Date.now() - 45.15 * 24 * HOUR_MS) },
        `created_at < now() - interval '45.15 days' AND replayed_at IS NULL`,
      ],
    ])('rejected records are listed and counted by groups as one by one: %s', async (_, filter, condition) => {
      const rows = await app.rows<{ id: string }>(
        `SELECT id FROM storage_rejected_records WHERE ${condition} ORDER BY created_at DESC, load_id, position, id`,
      );
      const listed: QuarantinedRecord[] = [];
      for (;;) {
        const page = await operations.rejects({ ...filter, limit: 41, after: listed.at(-1)?.id });
        listed.push(...page);
        if (page.length < 41) break;
      }
      expect(listed.map(({ id }) => id)).toEqual(rows.map(({ id }) => id));
      expect(await operations.countRejects(filter)).toBe(rows.length);
      const groups = await app.rows(
        `SELECT table_name AS table, reason, count(*)::float8 AS count, true AS "isExact",
                min(created_at) AS oldest, max(created_at) AS newest
           FROM storage_rejected_records WHERE ${condition}
          GROUP BY 1, 2 ORDER BY table_name COLLATE "C", count(*) DESC, reason COLLATE "C"`,
      );
      expect(await operations.rejectsByTableAndReason(filter)).toEqual({ groups, count: rows.length, isExact: true });
    });

    it('a running load tells what its batches have committed, and when it last did', async () => {
      const { count, stalled, loads } = await operations.running({ stalledAfterMs: 24 * HOUR_MS });
      expect([count, stalled, loads.length]).toEqual([1, 0, 1]);
      const [load] = loads;
      expect(load).toMatchObject({
        status: 'running',
        batches: 150,
        received: 15_000,
        rejected: 1_500,
        stalled: false,
      });
      expect(await operations.running({ stalledAfterMs: 0 })).toMatchObject({ stalled: 1, loads: [{ stalled: true }] });
      const { batches, slices } = await operations.timeline(load as HistoryEntry);
      expect([batches, slices.length]).toEqual([150, 60]);
      expect(slices.reduce((sum, { records }) => sum + records, 0)).toBe(15_000);
      expect([slices[0]?.firstBatchNo, slices.at(-1)?.lastBatchNo]).toEqual([0, 149]);
      const page = await operations.batches(load as NonNullable<typeof load>, { after: 99, limit: 50 });
      expect(page).toMatchObject({ hasMore: false });
      expect(page.batches.map(({ batchNo }) => batchNo)).toEqual(Array.from({ length: 50 }, (_, n) => 100 + n));
    });
  });

  it('a table is stale when records have not arrived for three times as long as usual', async () => {
    const load = (table: string, hoursAgo: number, inserted = 1, tables: object | null = null): Promise<unknown> =>
      app.rows(
        `INSERT INTO storage_loads (id, table_name, disposition, status, received, inserted, tables, options, started_at, finished_at)
         SELECT gen_random_uuid(), $1, 'merge', 'completed', 1, $3, $4,
                CASE WHEN $4::jsonb IS NOT NULL THEN jsonb_build_object('tables', ARRAY['daily', 'rare']) END, at, at
           FROM (SELECT now() - $2::float8 * interval '1 hour' AS at) AS t`,
        [table, hoursAgo, inserted, tables],
      );
    for (const n of [0, 1, 2, 3, 4, 5]) {
      await load('hourly', 4 + n);
      await load('hourly', 4.01 + n);
      await load('both', 1 + 24 * n, 0, { daily: { inserted: 1 }, rare: { inserted: Number(n === 3) } });
    }
    await load('hourly', 0.5, 0);
    const answer = await operations.freshness();
    expect(answer.map(({ table, stale }) => [table, stale])).toEqual([
      ['daily', false],
      ['hourly', true],
      ['rare', false],
    ]);
    const [daily, hourly, rare] = answer;
    expect(Math.round((daily?.usualIntervalMs ?? 0) / HOUR_MS)).toBe(24);
    expect(Math.round((hourly?.usualIntervalMs ?? 0) / HOUR_MS)).toBe(1);
    expect(Math.round((hourly?.silentMs ?? 0) / HOUR_MS)).toBe(4);
    expect(rare).toMatchObject({ usualIntervalMs: null, staleAfterMs: null });
    expect(Math.round((rare?.silentMs ?? 0) / HOUR_MS)).toBe(73);
  });

  it('a load has no negative duration, when the clock was set back meanwhile', async () => {
    await app.profiles.store([{ submission_id: 'a' }]);
    await app.rows("UPDATE storage_loads SET finished_at = started_at - interval '1 hour'");
    const { total } = await operations.activity('24h');
    expect(total).toMatchObject({ averageSeconds: 0, maxSeconds: 0, recordsPerSecond: null });
    await app.rows("UPDATE storage_loads SET finished_at = NULL, status = 'running'");
    expect((await operations.activity('24h')).total).toMatchObject({ averageSeconds: null, maxSeconds: null });
  });
});
