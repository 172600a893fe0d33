import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import type { LoadOptions } from '../../../../src/index.js';
import { emptyTables } from '../../../support/app/quarantine.js';
import { startStorageApp, type StorageApp } from '../../../support/app/storage-app.js';
import { untilLockIsAwaited } from '../../../support/database/lock-waits.js';
import { THROUGH_PGBOUNCER } from '../../../support/database/open-connections.js';
import { withoutPipelining } from '../../../support/database/without-pipelining.js';
import { followRoundTrips, type RoundTrips } from '../../../support/database/round-trips.js';

const record = (n: number, title = 't') => ({ submission_id: `t3_${n}`, problem_description: 'p', title });

describe('a small store', () => {
  let app: StorageApp;
  let trips: RoundTrips;
  beforeAll(async () => {
    app = await startStorageApp();
    // The first load reads the tables.
    await app.hybrid.store([record(0)]);
    trips = followRoundTrips(app.dataSource);
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    await emptyTables(app);
    trips.reset();
  });

  it.each([
    ['one record', () => app.opportunities.store([record(1)])],
    ['one hybrid record', () => app.hybrid.store([record(1)])],
    [
      '100 records by append',
      () =>
        app.profiles.store(
          Array.from({ length: 100 }, (_, n) => record(n)),
          { disposition: 'append' },
        ),
    ],
  ])('waits once for the server: %s', async (_, store) => {
    const result = await store();
    expect(result).toMatchObject({ ok: true, retries: 0 });
    expect(trips.waits).toBe(1);
    expect(trips.sent).toEqual([expect.stringMatching(/^BEGIN/), expect.stringMatching(/^WITH/), 'COMMIT']);
  });

  it('that tells what became of each record waits twice: it has the rows before it commits them', async () => {
    await app.profiles.store([record(1), record(2)]);
    trips.reset();
    const records = [record(3), record(1, 'new'), { submission_id: '' }, record(2), record(3)];
    const { rows } = await app.profiles.store(records, { returning: ['title'] });
    expect(trips.waits).toBe(2);
    expect(rows.map((row) => [row.outcome, row.key, 'row' in row ? row.row : row.outcome])).toEqual([
      ['duplicate', { submissionId: 't3_3' }, { title: 't' }],
      ['updated', { submissionId: 't3_1' }, { title: 'new' }],
      ['rejected', { submissionId: '' }, 'rejected'],
      ['unchanged', { submissionId: 't3_2' }, { title: 't' }],
      ['inserted', { submissionId: 't3_3' }, { title: 't' }],
    ]);
  });

  it('whose table was altered begins again, by the table as it is now', async () => {
    await app.opportunities.store([record(1)]);
    await app.rows("ALTER TABLE app_opportunities ALTER COLUMN title SET DEFAULT 'new'");
    trips.reset();
    const result = await app.opportunities.store([{ submission_id: 't3_2', problem_description: 'p' }]);
    const messages = trips.sent.length;
    await app.rows('ALTER TABLE app_opportunities ALTER COLUMN title DROP DEFAULT');
    expect(result).toMatchObject({ ok: true, received: 1, inserted: 1, retries: 0 });
    expect(messages).toBeGreaterThan(3);
    expect(await app.count('storage_loads')).toBe(2);
    expect(app.stats.snapshot().errorCount).toBe(0);
  });

  it('with a record that Postgres rejects begins again, and rejects that record', async () => {
    await app.rows("ALTER TABLE submissions ADD CONSTRAINT no_bad CHECK (title <> 'bad')");
    try {
      await app.profiles.store([record(0)]);
      const result = await app.hybrid.store([record(1), record(2, 'bad')]);
      expect(result).toMatchObject({
        received: 2,
        stored: 1,
        rejected: 1,
        rejects: [{ position: 1, reason: '23514' }],
      });
      expect(await app.count('app_opportunities')).toBe(1);
      expect(await app.count('storage_rejected_records')).toBe(1);
    } finally {
      await app.rows('ALTER TABLE submissions DROP CONSTRAINT no_bad');
    }
  });

  it('that begins again takes its records as it has read them', async () => {
    await app.profiles.store([record(1)]);
    const good = record(1, 'as handed over');
    const bad = { submission_id: 't3_2', trust_score: 'as handed over' };
    const other = app.dataSource.createQueryRunner();
    try {
      await other.startTransaction();
      await other.query('DELETE FROM submissions');
      const storing = app.profiles.store([good, bad]);
      await untilLockIsAwaited(app.rows);
      good.title = bad.trust_score = 'changed';
      // The row that the statement has seen is gone: it begins again.
      await other.commitTransaction();
      expect(await storing).toMatchObject({ received: 2, inserted: 1, rejected: 1 });
    } finally {
      await other.release();
    }
    expect(await app.rows('SELECT title FROM submissions')).toEqual([{ title: 'as handed over' }]);
    const [kept] = await app.rows<{ raw: Buffer }>('SELECT raw FROM storage_rejected_records');
    expect(JSON.parse(String(kept?.raw))).toEqual({ submission_id: 't3_2', trust_score: 'as handed over' });
  });

  it('is in the history with all that several statements would tell', async () => {
    // The tables may have been altered by another test.
    await app.hybrid.store([record(0)]);
    await emptyTables(app);
    const records = [record(1), { ...record(2), odd: 1 }, { submission_id: '' }, record(1)];
    const { loadId } = await app.hybrid.store(records);
    expect(await app.stats.findLoad(loadId)).toMatchObject({
      status: 'completed',
      received: 4,
      stored: 2,
      duplicates: 1,
      rejected: 1,
      unknownFields: { odd: 1 },
      tables: { app_opportunities: { inserted: 2, rejected: 1 }, submissions: { inserted: 2, duplicates: 1 } },
    });
    expect(await app.count('storage_load_batches')).toBe(0);
    expect(await app.count('storage_rejected_records')).toBe(1);
  });

  it.each([
    ['one record', () => app.opportunities.store([record(1)])],
    ['hybrid', () => app.hybrid.store([record(1), record(2)])],
  ])('takes three round trips where pg cannot pipeline: %s', async (_, store) => {
    const result = await withoutPipelining(app.dataSource, async () => {
      trips.reset();
      return store();
    });
    expect(result).toMatchObject({ ok: true, retries: 0 });
    expect(trips.waits).toBe(3);
    expect(trips.sent).toEqual([expect.stringMatching(/^BEGIN/), expect.stringMatching(/^WITH/), 'COMMIT']);
    expect(await app.count('app_opportunities')).toBe(result.received);
    expect(await app.count('storage_loads')).toBe(1);
  });

  describe('that is repeated', () => {
    interface Prepared {
      readonly name: string;
      readonly parameters: number;
    }
    const prepared = (column: string) =>
      app.rows<Prepared>(
        `SELECT name, cardinality(parameter_types) AS parameters FROM pg_prepared_statements
          WHERE name LIKE 'harbor%' AND position(quote_ident($1) IN statement) > 0`,
        [column],
      );
    const storeOften = async (times: number, fields: object): Promise<void> => {
      for (let n = 0; n < times; n += 1) {
        expect(await app.profiles.store([{ ...record(n), ...fields }])).toMatchObject({ ok: true, retries: 0 });
      }
      expect(trips.waits).toBe(times);
    };
    // Another test may have altered the table.
    beforeEach(async () => {
      await app.profiles.store([record(0)]);
      await app.rows('VACUUM ANALYZE submissions');
      trips.reset();
    });

    it('is prepared, but not through a pooler, and reads its table by the key, however small that was', async () => {
      await storeOften(3, { url: 'u' });
      const found = await prepared('url');
      expect(found).toHaveLength(THROUGH_PGBOUNCER ? 0 : 1);
      for (const { name, parameters } of found) {
        const runner = app.dataSource.createQueryRunner();
        await runner.query(`BEGIN; SET LOCAL plan_cache_mode = force_generic_plan`);
        const values = Array.from({ length: parameters }, () => 'NULL').join();
        const plan: unknown[] = await runner.query(`EXPLAIN EXECUTE "${name}"(${values})`);
        await runner.query('ROLLBACK');
        await runner.release();
        expect(JSON.stringify(plan)).toMatch(/Index Scan using submissions_pkey on submissions/);
        expect(JSON.stringify(plan)).not.toMatch(/Seq Scan on submissions|Hash Join|Merge Join/);
      }
    });

    it('of records of many shapes is one statement, which takes each as it is', async () => {
      const names = ['author', 'selftext', 'url', 'trust_level'];
      const shapes = names.flatMap((one) => names.map((other) => ({ [one]: 'a', [other]: 'b' })));
      for (const shape of shapes) {
        trips.reset();
        await storeOften(1, shape);
      }
      // Each shape has stored the row of the same key.
      expect(await app.rows('SELECT author, selftext, url, trust_level, title FROM submissions')).toEqual([
        { author: 'b', selftext: 'b', url: 'b', trust_level: 'b', title: 't' },
      ]);
      trips.reset();
      for (const shape of shapes) await app.profiles.store([{ ...record(0), ...shape }]);
      // Four shapes have statements of their own.
      expect(new Set(trips.sent.filter((text) => text.startsWith('WITH'))).size).toBeLessThan(6);
    });

    it('is among the eight that a connection keeps, those used last', async () => {
      const ways: LoadOptions[] = [
        ...(['merge', 'insert', 'update', 'append'] as const).map((disposition) => ({ disposition })),
        { history: 'off' },
      ];
      const stores = [
        (n: number, options: LoadOptions) => app.opportunities.store([record(n)], options),
        (n: number, options: LoadOptions) => app.profiles.store([record(n)], options),
      ];
      for (const store of stores) {
        for (const options of ways) {
          for (let n = 0; n < 3; n += 1) {
            expect(await store(n, options)).toMatchObject({ ok: true, retries: 0 });
            await app.rows('DELETE FROM submissions; DELETE FROM app_opportunities');
          }
        }
      }
      const kept = await prepared('submission_id');
      expect(kept).toHaveLength(THROUGH_PGBOUNCER ? 0 : 8);
    });

    it('is stored when the application deallocates it, and then is no longer prepared', async () => {
      await storeOften(2, { author: 'a' });
      await app.rows('DEALLOCATE ALL');
      const result = await app.profiles.store([{ ...record(9), author: 'a' }]);
      expect(result).toMatchObject({ ok: true, inserted: 1, retries: 0 });
      trips.reset();
      await storeOften(3, { author: 'b' });
      expect(await prepared('author')).toEqual([]);
      expect(await app.count('storage_loads')).toBe(7);
    });
  });
});
