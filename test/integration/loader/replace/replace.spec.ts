import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { QueryRunner } from 'typeorm';

import { InvalidLoadError, RejectLimitExceededError } from '../../../../src/index.js';
import { untilLockIsAwaited } from '../../../support/database/lock-waits.js';
import { quarantined } from '../../../support/app/quarantine.js';
import { startStorageApp, type StorageApp } from '../../../support/app/storage-app.js';

const REPLACE = { disposition: 'replace' } as const;

describe('replace', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startStorageApp();
    await app.rows(`
      ALTER TABLE app_opportunities ADD CONSTRAINT sure CHECK (confidence <= 1);
      CREATE TABLE notes (submission_id text PRIMARY KEY REFERENCES app_opportunities ON DELETE CASCADE);
    `);
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    await app.rows('TRUNCATE notes, app_opportunities');
    await emptyTablesKeepingNotes();
    await app.opportunities.store(['a', 'b', 'c'].map((id) => opportunity(id, { title: 'old', app_name: 'old' })));
  });

  const emptyTablesKeepingNotes = async () => {
    await app.rows('TRUNCATE storage_loads, storage_load_batches, storage_rejected_records');
  };
  const opportunity = (id: string, fields: object = {}) => ({ submission_id: id, problem_description: 'p', ...fields });
  const rows = () =>
    app.rows('SELECT submission_id AS id, title, app_name, enrichment_version AS v FROM app_opportunities ORDER BY 1');

  it('leaves exactly the load: rows not brought are gone, those brought hold nothing of before', async () => {
    const records = [
      opportunity('b', { title: 'new' }),
      opportunity('c', { title: null, enrichment_version: 'x' }),
      opportunity('d'),
    ];
    const result = await app.opportunities.store(records, REPLACE);

    expect(result).toMatchObject({ received: 3, inserted: 1, updated: 2, ok: true });
    expect(await rows()).toEqual([
      { id: 'b', title: 'new', app_name: null, v: 'v3.0.0' },
      { id: 'c', title: null, app_name: null, v: 'x' },
      { id: 'd', title: null, app_name: null, v: 'v3.0.0' },
    ]);
  });

  it('erases extra and preserved columns as well', async () => {
    await app.opportunities.store([opportunity('a', { trust_score: 1, mood: 'good' })]);
    await app.opportunities.store([opportunity('a', { season: 'spring' })], REPLACE);
    expect(await app.rows('SELECT trust_score, extra FROM app_opportunities')).toEqual([
      { trust_score: null, extra: { season: 'spring' } },
    ]);
  });

  it('is one transaction, however many batches were asked for', async () => {
    const records = Array.from({ length: 25 }, (_, index) => opportunity(`n${index}`));
    const result = await app.opportunities.storeBatch(records, { ...REPLACE, batchSize: 4 });
    expect(result).toMatchObject({ received: 25, inserted: 25, successfulBatches: 1 });
    expect(await app.count('app_opportunities')).toBe(25);
  });

  it.each([
    ['no records', []],
    ['skipped records only', [{ submission_id: 'x' }]],
  ])('is rejected with %s, unless allowEmpty', async (_, records) => {
    for (const load of [
      () => app.opportunities.store(records, REPLACE),
      () => app.opportunities.storeBatch(records, REPLACE),
    ]) {
      await expect(load()).rejects.toThrow(InvalidLoadError);
      await expect(load()).rejects.toThrow(/allowEmpty/);
    }
    expect(await app.count('app_opportunities')).toBe(3);

    await app.opportunities.store(records, { ...REPLACE, allowEmpty: true });
    expect(await app.count('app_opportunities')).toBe(0);
  });

  it('by default stops at the first rejected record and leaves the old rows', async () => {
    const records = [opportunity('d'), opportunity('a', { title: 5 })];
    await expect(app.opportunities.store(records, REPLACE)).rejects.toThrow(RejectLimitExceededError);
    expect((await rows()).map(({ id }) => id)).toEqual(['a', 'b', 'c']);
  });

  it.each([
    ['by a rule', { title: 5 }],
    ['by Postgres', { confidence: 2 }],
  ])('removes the old row of a record rejected %s', async (_, wrong) => {
    const records = [opportunity('a', wrong), opportunity('b')];
    const result = await app.opportunities.store(records, { ...REPLACE, maxRejects: 1 });
    expect(result).toMatchObject({ rejected: 1, updated: 1 });
    expect((await rows()).map(({ id }) => id)).toEqual(['b']);
    expect(await quarantined(app, result.loadId)).toHaveLength(1);
  });

  it('folds the good ones of several records with one key field by field, though another of them is rejected', async () => {
    const records = [
      opportunity('a', { title: 't' }),
      opportunity('a', { app_name: 'n' }),
      opportunity('a', { confidence: 2 }),
    ];
    const result = await app.opportunities.store(records, { ...REPLACE, maxRejects: 1 });
    expect(result).toMatchObject({ rejected: 1, updated: 1, duplicates: 1 });
    expect(await rows()).toEqual([{ id: 'a', title: 't', app_name: 'n', v: 'v3.0.0' }]);
  });

  it('keeps the children of the rows it keeps, and drops those of the rows it drops', async () => {
    await app.rows(`INSERT INTO notes VALUES ('a'), ('b')`);
    await app.opportunities.store([opportunity('b', { title: 'new' }), opportunity('d')], REPLACE);
    expect(await app.rows('SELECT * FROM notes')).toEqual([{ submission_id: 'b' }]);
  });

  it('keeps created_at of the rows it keeps', async () => {
    await app.rows(`UPDATE app_opportunities SET created_at = '2020-01-01Z'`);
    await app.opportunities.store([opportunity('b', { title: 'new' })], REPLACE);
    expect(await app.rows(`SELECT created_at = '2020-01-01Z' AS kept FROM app_opportunities`)).toEqual([
      { kept: true },
    ]);
  });

  it('shows a reader all of the old until it is done, and a reader at REPEATABLE READ for as long as it reads', async () => {
    // The trigger holds the replace in the middle of its writes until the lock is given free.
    await app.rows(`
      CREATE FUNCTION wait_for_test() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_advisory_xact_lock_shared(1); RETURN NEW; END $$;
      CREATE TRIGGER wait BEFORE INSERT ON app_opportunities FOR EACH ROW EXECUTE FUNCTION wait_for_test();
    `);
    const ids = async (runner: QueryRunner) =>
      ((await runner.query('SELECT submission_id AS id FROM app_opportunities ORDER BY 1')) as { id: string }[]).map(
        ({ id }) => id,
      );
    const [gate, early, late] = [1, 2, 3].map(() => app.dataSource.createQueryRunner()) as [
      QueryRunner,
      QueryRunner,
      QueryRunner,
    ];
    try {
      await early.startTransaction('REPEATABLE READ');
      expect(await ids(early)).toEqual(['a', 'b', 'c']);
      await gate.startTransaction();
      await gate.query('SELECT pg_advisory_xact_lock(1)');
      const replacing = app.opportunities.store([opportunity('b'), opportunity('x')], REPLACE);
      await untilLockIsAwaited(app.rows);
      await late.startTransaction('REPEATABLE READ');
      expect(await ids(late)).toEqual(['a', 'b', 'c']);
      expect((await rows()).map(({ id }) => id)).toEqual(['a', 'b', 'c']);

      await gate.commitTransaction();
      await replacing;
      expect(await ids(early)).toEqual(['a', 'b', 'c']);
      expect(await ids(late)).toEqual(['a', 'b', 'c']);
      expect((await rows()).map(({ id }) => id)).toEqual(['b', 'x']);
    } finally {
      for (const runner of [gate, early, late]) {
        // Released with its transaction open, a connection would keep its locks in the pool.
        await runner.query('ROLLBACK');
        await runner.release();
      }
      await app.rows('DROP TRIGGER wait ON app_opportunities');
    }
  });

  it('of two at once leaves one complete set', async () => {
    const set = (name: string) =>
      Array.from({ length: 50 }, (_, index) => opportunity(`${name}${index}`, { title: name }));
    const sets = ['x', 'y', 'z'];
    await Promise.all(sets.map((name) => app.opportunities.store(set(name), REPLACE)));
    const titles = await app.rows('SELECT title, count(*)::integer AS n FROM app_opportunities GROUP BY title');
    expect(titles).toEqual([{ title: expect.stringMatching(/^[xyz]$/), n: 50 }]);
  });
});
