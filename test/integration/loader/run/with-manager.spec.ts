import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { EntityManager } from 'typeorm';

import { InvalidLoadError, type LoadCounts, LoadFailedError, RejectLimitExceededError } from '../../../../src/index.js';
import { clientOf } from '../../../../src/postgres/with-transaction.js';
import { watchingOverlaps } from '../../../support/database/overlapping-queries.js';
import { emptyTables } from '../../../support/app/quarantine.js';
import { startStorageApp, type StorageApp } from '../../../support/app/storage-app.js';

describe('withManager', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startStorageApp();
    await app.rows(`
      ALTER TABLE app_opportunities ADD CONSTRAINT sure CHECK (confidence <= 1);
      CREATE SEQUENCE attempts;
      CREATE FUNCTION collide() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          PERFORM nextval('attempts');
          RAISE EXCEPTION 'in the way' USING ERRCODE = 'serialization_failure';
        END $$;
      CREATE TRIGGER collide BEFORE INSERT ON app_opportunities
        FOR EACH ROW WHEN (NEW.subreddit = 'collides') EXECUTE FUNCTION collide();
    `);
  });
  afterAll(() => app.close());
  beforeEach(() => emptyTables(app));

  const record = (id: string, fields: object = {}) => ({ submission_id: id, problem_description: 'p', ...fields });
  const inTransaction = <T>(work: (manager: EntityManager) => Promise<T>) => app.dataSource.transaction(work);
  const rolledBack = async (work: (manager: EntityManager) => Promise<unknown>) => {
    const outcome = inTransaction(async (manager) => {
      await work(manager);
      throw new Error('the caller changed its mind');
    });
    await expect(outcome).rejects.toThrow('the caller changed its mind');
  };
  const TABLES = [
    'app_opportunities',
    'submissions',
    'storage_loads',
    'storage_load_batches',
    'storage_rejected_records',
  ];
  const counts = () => Promise.all(TABLES.map((table) => app.count(table)));

  it('commits with the caller', async () => {
    await inTransaction(async (manager) => {
      await app.opportunities.withManager(manager).store([record('a'), record('bad', { title: 5 })]);
      await app.hybrid.withManager(manager).storeBatch([record('b'), record('c')], { batchSize: 1 });
      await app.profiles.withManager(manager).store([{ submission_id: 'd' }]);
      expect(await app.count('app_opportunities')).toBe(0);
    });
    expect(await counts()).toEqual([3, 3, 3, 4, 1]);
  });

  it('never sends a query while another one runs on the connection of the caller', async () => {
    app.loader.clearPlans();
    await inTransaction(async (manager) => {
      const { sent, overlapping } = await watchingOverlaps(await clientOf(manager), () =>
        app.hybrid.withManager(manager).storeBatch([record('a'), record('b')], { batchSize: 1 }),
      );
      expect(sent).toBeGreaterThan(10);
      expect(overlapping).toBe(0);
    });
  });

  it('rolls back with the caller: rows, history and quarantine', async () => {
    await rolledBack(async (manager) => {
      await app.opportunities.withManager(manager).store([record('a'), record('bad', { title: 5 })]);
      await app.hybrid.withManager(manager).storeBatch([record('b'), record('c')], { batchSize: 1 });
    });
    expect(await counts()).toEqual([0, 0, 0, 0, 0]);
  });

  it('sees what the caller wrote, and shows the caller what it wrote', async () => {
    await inTransaction(async (manager) => {
      await manager.query(`INSERT INTO app_opportunities (submission_id, title) VALUES ('a', 't')`);
      const opportunities = app.opportunities.withManager(manager);
      expect(await opportunities.store([record('a')])).toMatchObject({ updated: 1, inserted: 0 });
      expect(await opportunities.findById('a')).toMatchObject({ title: 't', problemDescription: 'p' });
    });
  });

  it('counts nothing in LoadStatsService: nobody but the caller knows whether it commits', async () => {
    const before = app.stats.snapshot();
    await inTransaction((manager) => app.opportunities.withManager(manager).store([record('a')]));
    expect(app.stats.snapshot()).toEqual(before);
  });

  it('retries nothing, and fails inside with LoadFailedError', async () => {
    const [{ n: before } = { n: 0 }] = await app.rows<{ n: number }>(`SELECT nextval('attempts')::integer AS n`);
    let inside: unknown;
    const outcome = inTransaction(async (manager) => {
      await app.opportunities
        .withManager(manager)
        .store([record('a', { subreddit: 'collides' })])
        .catch((error: unknown) => {
          inside = error;
          throw error;
        });
    });
    await expect(outcome).rejects.toThrow(LoadFailedError);
    expect(inside).toMatchObject({ cause: { code: '40001' }, result: { received: 1, failed: 1 } });
    const [{ n: after } = { n: 0 }] = await app.rows<{ n: number }>(`SELECT nextval('attempts')::integer AS n`);
    expect(after - before - 1).toBe(1);
    expect(await counts()).toEqual([0, 0, 0, 0, 0]);
  });

  it('does not go on after a batch that failed', async () => {
    const records = [record('a'), record('b', { subreddit: 'collides' }), record('c')];
    const outcome = inTransaction((manager) =>
      app.opportunities.withManager(manager).storeBatch(records, { batchSize: 1 }),
    );
    await expect(outcome).rejects.toMatchObject({ name: 'LoadFailedError', result: { received: 2, failed: 1 } });
    expect(await app.count('app_opportunities')).toBe(0);
  });

  it('says that the transaction had failed before, where it cannot look at the tables', async () => {
    app.loader.clearPlans();
    const outcome = inTransaction(async (manager) => {
      await manager.query('SELECT 1 / 0').catch(() => {});
      await app.opportunities.withManager(manager).store([record('a')]);
    });
    await expect(outcome).rejects.toMatchObject({
      code: 'TRANSACTION_FAILED',
      message: 'Could not read the table schema: an earlier statement of the transaction failed [25P02]',
    });
  });

  it('leaves nothing of a batch that was stopped, even when the caller goes on and commits', async () => {
    await inTransaction(async (manager) => {
      const load = app.opportunities
        .withManager(manager)
        .store([record('a'), record('bad', { title: 5 })], { maxRejects: 0 });
      await expect(load).rejects.toThrow(RejectLimitExceededError);
    });
    expect(await app.count('app_opportunities')).toBe(0);
  });

  it('leaves nothing of a replace that was stopped, even when the caller goes on and commits', async () => {
    await app.opportunities.store([record('a')]);
    await inTransaction(async (manager) => {
      const records = [record('b'), record('bad', { title: 5 })];
      const load = app.opportunities.withManager(manager).store(records, { disposition: 'replace' });
      await expect(load).rejects.toThrow(RejectLimitExceededError);
    });
    expect(await app.rows('SELECT submission_id AS id FROM app_opportunities')).toEqual([{ id: 'a' }]);
  });

  const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);
  // Batches of other columns, masks and captured fields than those before them, with duplicates and rejected records.
  const mixed = (from: number, to: number) =>
    numbers(from, to).map((id) =>
      record(`t3_${id % 1_900}`, {
        ...(id % 3 > 0 && { title: id % 5 === 0 ? null : `t${id}` }),
        ...(id >= 400 && { reddit_score: id }),
        ...(id >= 800 && id % 2 === 0 && { enrichment_version: `v${id}`, mood: id }),
        ...(id % 250 === 249 && { confidence: 7 }),
      }),
    );
  const BY_BATCH = { batchSize: 250 } as const;

  it('gathers neither locks nor dead rows, however many batches and loads there are', async () => {
    const keptAfter = async (manager: EntityManager, from: number, to: number) => {
      await app.hybrid.withManager(manager).storeBatch(mixed(from, to), BY_BATCH);
      await app.opportunities.withManager(manager).storeBatch(mixed(from, to), BY_BATCH);
      const rows = await manager.query<{ locks: number; bytes: number }[]>(`
        SELECT (SELECT count(*)::integer FROM pg_locks WHERE pid = pg_backend_pid()) AS locks,
               (SELECT sum(pg_relation_size(oid))::integer FROM pg_class
                 WHERE relnamespace = pg_my_temp_schema() AND relkind = 'r') AS bytes`);
      return rows[0] ?? { locks: 0, bytes: 0 };
    };
    await inTransaction(async (manager) => {
      const first = await keptAfter(manager, 0, 1_000);
      const last = await keptAfter(manager, 1_000, 5_000);
      expect(last.locks).toBeLessThanOrEqual(first.locks);
      expect(last.bytes).toBeLessThan(2 * first.bytes);
    });
  }, 60_000);

  it('shares its temporary tables among small loads with a rejected record', async () => {
    await inTransaction(async (manager) => {
      const locks: number[] = [];
      for (const first of [0, 100, 200]) {
        const records = [
          ...numbers(first, first + 100).map((id) => record(`t3_${id}`)),
          record('bad', { confidence: 7 }),
        ];
        const { inserted, rejected } = await app.opportunities.withManager(manager).store(records);
        expect([inserted, rejected]).toEqual([100, 1]);
        const [row] = await manager.query<{ n: number }[]>(
          'SELECT count(*)::integer AS n FROM pg_locks WHERE pid = pg_backend_pid()',
        );
        locks.push(row?.n ?? -1);
      }
      expect(locks[2]).toBe(locks[1]);
    });
  });

  it.each([
    ['merged', mixed(0, 3_000), BY_BATCH],
    [
      'with keys that come twice in a batch, written one after the other',
      numbers(0, 3_000).map((id) => record(`t3_${id % 250}`, { reddit_score: id, title: `t${id}` })),
      { batchSize: 500, newerBy: 'redditScore' },
    ],
  ])(
    'stores batch by batch what it stores without: %s',
    async (_, records, options) => {
      const stored = () =>
        app.rows(`SELECT to_jsonb(o) - '{load_id,created_at,updated_at}'::text[] AS o FROM app_opportunities AS o
                 ORDER BY submission_id`);
      const countsOf = ({ received, inserted, updated, unchanged, duplicates, rejected, failed }: LoadCounts) => ({
        received,
        inserted,
        updated,
        unchanged,
        duplicates,
        rejected,
        failed,
      });
      const outside = countsOf(await app.opportunities.storeBatch(records, options));
      const expected = await stored();
      await emptyTables(app);
      const inside = await inTransaction((manager) =>
        app.opportunities.withManager(manager).storeBatch(records, options),
      );
      expect(countsOf(inside)).toEqual(outside);
      expect(outside).toMatchObject({ received: 3_000, failed: 0 });
      expect(await stored()).toEqual(expected);
    },
    60_000,
  );

  it('is rejected with the manager of no open transaction', async () => {
    const { manager } = app.dataSource;
    await expect(app.opportunities.withManager(manager).store([record('a')])).rejects.toThrow(InvalidLoadError);
    await expect(app.opportunities.withManager(manager).store([record('a')])).rejects.toThrow(/open transaction/);
    expect(await counts()).toEqual([0, 0, 0, 0, 0]);
  });
});
