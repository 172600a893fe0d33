import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import type { HybridResult, LoadResult, LoadResultWithRows } from '../../src/index.js';
import { type FaultApp, startFaultApp } from '../support/app/fault-app.js';
import { emptyTables } from '../support/app/quarantine.js';
import type { StorageApp } from '../support/app/storage-app.js';
import { aboutTheFirst } from '../support/database/interceptions.js';
import { untilLockIsAwaited } from '../support/database/lock-waits.js';

const record = (n: number) => ({ submission_id: `t3_${n}`, problem_description: 'p' });

const STORES: readonly [string, (app: StorageApp) => Promise<LoadResult | HybridResult>][] = [
  ['append', ({ profiles }) => profiles.store([record(1), record(2)], { disposition: 'append' })],
  ['merge', ({ profiles }) => profiles.store([record(1), record(2)])],
  ['rows', ({ profiles }) => profiles.store([record(1), record(2)], { returning: [] })],
  ['hybrid', ({ hybrid }) => hybrid.store([record(1), record(2)])],
];

const STATEMENT = /^WITH table_0_/;
const PHASES = [
  ['BEGIN', /^BEGIN/],
  ['the statement', STATEMENT],
  ['COMMIT', /^COMMIT/],
] as const;

/** A statement that brings a reject with it, which no later attempt may repeat. */
const WITH_REJECT = [record(1), { submission_id: '' }];

/** Both records once in the table, in the accounts and in the history. */
async function expectOnce({ app, rows, value }: FaultApp, result: LoadResult | HybridResult): Promise<void> {
  const inserted = result.kind === 'hybrid' ? result.submissions.inserted : result.inserted;
  expect({ ok: result.ok, received: result.received, inserted }).toEqual({ ok: true, received: 2, inserted: 2 });
  const outcomes = 'rows' in result ? (result as LoadResultWithRows).rows.map(({ outcome }) => outcome) : [];
  expect(outcomes.filter((outcome) => outcome !== 'inserted')).toEqual([]);
  expect('rows' in result).toBe(outcomes.length === 2);
  expect(await value('SELECT count(*)::integer FROM submissions')).toBe(2);
  expect(await rows('SELECT status, received::integer, failed::integer FROM storage_loads')).toEqual([
    { status: 'completed', received: 2, failed: 0 },
  ]);
  expect(app.stats.snapshot().errorCount).toBe(0);
}

describe('a small store that loses its connection', () => {
  let fault: FaultApp;
  beforeAll(async () => {
    fault = await startFaultApp();
    for (const [, store] of STORES) await store(fault.app).catch(() => undefined);
  });
  afterAll(() => fault.close());
  beforeEach(async () => {
    await fault.proxy.restore();
    await emptyTables(fault.app);
    fault.app.stats.reset();
  });

  const CASES = PHASES.flatMap(([phase, pattern]) =>
    (['cut', 'cut the reply'] as const).flatMap((verdict) =>
      STORES.map(([name, store]) => [verdict, phase, name, pattern, store] as const),
    ),
  );
  it.each(CASES)('is stored once: %s at %s: %s', async (verdict, _phase, _name, pattern, store) => {
    let isOne = false;
    const cut = aboutTheFirst({ pattern, after: /^BEGIN/ }, () => verdict);
    fault.proxy.intercept((statement) => {
      isOne ||= STATEMENT.test(statement.sql);
      return cut(statement);
    });
    const result = await store(fault.app);
    expect(result.retries).toBeGreaterThan(0);
    // Else this would be the other way of a load.
    expect(isOne || pattern.test('BEGIN')).toBe(true);
    await expectOnce(fault, result);
  });

  it('keeps its rejected record once', async () => {
    fault.proxy.intercept(aboutTheFirst({ pattern: /^COMMIT/, after: STATEMENT }, () => 'cut the reply'));
    const result = await fault.app.profiles.store(WITH_REJECT, { disposition: 'append' });
    expect(result).toMatchObject({ received: 2, inserted: 1, rejected: 1, rejects: [{ position: 1 }] });
    expect(await fault.value('SELECT count(*)::integer FROM storage_rejected_records')).toBe(1);
  });

  it('counts once what an update has skipped', async () => {
    await fault.app.opportunities.store([record(1)]);
    fault.proxy.intercept(aboutTheFirst({ pattern: /^COMMIT/, after: STATEMENT }, () => 'cut the reply'));
    const records = [{ ...record(1), title: 'new' }, record(2)];
    const result = await fault.app.opportunities.store(records, { disposition: 'update' });
    expect(result.retries).toBeGreaterThan(0);
    const counts = { inserted: 0, updated: 1, unchanged: 0 };
    expect(result).toMatchObject({ ...counts, received: 2, skipped: 1, skippedReasons: { not_stored: 1 } });
    expect(await fault.rows("SELECT updated, skipped FROM storage_loads WHERE disposition = 'update'")).toEqual([
      { updated: '1', skipped: '1' },
    ]);

    // Records that are skipped for two reasons go in several statements, which keep both counts.
    fault.proxy.intercept(aboutTheFirst({ pattern: /^COMMIT/, after: /storage_load_batches/ }, () => 'cut the reply'));
    const mixed = await fault.app.opportunities.store([...records, { submission_id: 't3_3' }], {
      disposition: 'update',
    });
    expect(mixed.retries).toBeGreaterThan(0);
    expect(mixed).toMatchObject({
      received: 3,
      updated: 0,
      unchanged: 1,
      skipped: 2,
      skippedReasons: { missing_problem_description: 1, not_stored: 1 },
    });
  });
});

describe('a small store that loses its connection, and may not be retried', () => {
  let fault: FaultApp;
  beforeAll(async () => {
    fault = await startFaultApp({ loader: { maxAttempts: 1, maxRetryMs: 300 } });
    for (const [, store] of STORES) await store(fault.app).catch(() => undefined);
  });
  afterAll(() => fault.close());
  beforeEach(async () => {
    await fault.proxy.restore();
    await emptyTables(fault.app);
    fault.app.stats.reset();
  });

  it.each(STORES)('counts where its COMMIT took place: %s', async (_, store) => {
    fault.proxy.intercept(aboutTheFirst({ pattern: /^COMMIT/, after: STATEMENT }, () => 'cut the reply'));
    await expectOnce(fault, await store(fault.app));
  });

  it.each(STORES)('says that the outcome is unknown when nobody can be asked: %s', async (_, store) => {
    fault.proxy.intercept(
      aboutTheFirst({ pattern: /^COMMIT/, after: STATEMENT }, () => {
        fault.proxy.onConnection(() => 'cut');
        return 'cut the reply';
      }),
    );
    await expect(store(fault.app)).rejects.toMatchObject({
      code: 'LOAD_FAILED',
      message: expect.stringContaining('Commit outcome unknown'),
    });
  });
});

describe('a small store in contention', () => {
  let fault: FaultApp;
  beforeAll(async () => {
    fault = await startFaultApp();
    for (const [, store] of STORES) await store(fault.app).catch(() => undefined);
    await fault.rows(`
      CREATE SEQUENCE tries;
      CREATE TABLE fault_once (code text);
      CREATE FUNCTION fail_once() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE fault text := (SELECT code FROM fault_once);
        BEGIN
          IF fault = 'cancel' AND nextval('tries') = 1 THEN PERFORM pg_cancel_backend(pg_backend_pid());
          ELSIF fault = 'terminate' AND nextval('tries') = 1 THEN PERFORM pg_terminate_backend(pg_backend_pid());
          ELSIF fault ~ '^[0-9]' AND nextval('tries') = 1 THEN RAISE EXCEPTION 'once' USING ERRCODE = fault;
          END IF;
          RETURN NEW;
        END $$;
      CREATE TRIGGER fails_once AFTER INSERT ON submissions FOR EACH ROW EXECUTE FUNCTION fail_once();
      CREATE CONSTRAINT TRIGGER fails_once_at_commit AFTER INSERT ON storage_loads DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION fail_once();
    `);
  });
  afterAll(() => fault.close());
  beforeEach(async () => {
    await emptyTables(fault.app);
    fault.app.stats.reset();
    await fault.rows(`ALTER SEQUENCE tries RESTART; DELETE FROM fault_once`);
  });

  it.each(['40P01', '40001', '55P03', 'terminate'])('is retried after %s', async (code) => {
    for (const [, store] of STORES) {
      await emptyTables(fault.app);
      await fault.rows('ALTER SEQUENCE tries RESTART');
      await fault.rows('DELETE FROM fault_once');
      await fault.rows('INSERT INTO fault_once VALUES ($1)', [code]);
      const result = await store(fault.app);
      await expectOnce(fault, result);
    }
  });

  it('is retried after a deadlock with another session', async () => {
    await fault.app.profiles.store([record(1), record(2)]);
    const other = await fault.connect();
    await other.query(`BEGIN; UPDATE submissions SET title = 'other' WHERE submission_id = 't3_2'`);
    // It locks its rows in the order of their keys, and waits for the second one.
    const storing = fault.app.profiles.store([1, 2].map((n) => ({ submission_id: `t3_${n}`, title: 'ours' })));
    await untilLockIsAwaited(fault.rows, 1, 'WITH table_0_%');
    // The store has waited for longer, so it finds the deadlock and ends.
    await other.query(`UPDATE submissions SET title = 'other' WHERE submission_id = 't3_1'`);
    await other.query('COMMIT');
    await other.end();
    expect(await storing).toMatchObject({ ok: true, updated: 2, retries: 1 });
    expect(await fault.rows('SELECT DISTINCT title FROM submissions')).toEqual([{ title: 'ours' }]);
  });

  it('is not retried after a cancel request', async () => {
    await fault.rows(`INSERT INTO fault_once VALUES ('cancel')`);
    await expect(fault.app.profiles.store([record(1)])).rejects.toMatchObject({ code: 'LOAD_FAILED' });
    expect(await fault.value('SELECT count(*)::integer FROM submissions')).toBe(0);
  });
});
