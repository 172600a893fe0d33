import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Column, Entity, PrimaryColumn, QueryFailedError } from 'typeorm';

import { whileOtherDoes } from '../support/database/lock-waits.js';
import { startAppWith } from '../support/entities/own-entities.js';
import { traceStatements } from '../support/app/writer-trace.js';
import { sized } from '../support/sizes/sizes.js';
import type { StorageApp } from '../support/app/storage-app.js';

@Entity('goods')
class Good {
  @PrimaryColumn('integer')
  id: number;

  @Column('text', { nullable: true })
  v: string | null;
}

const LOADERS = 8;

function unlessDeadlock(error: unknown): void {
  if (!(error instanceof QueryFailedError && (error.driverError as { code?: unknown }).code === '40P01')) {
    throw error;
  }
}

describe('rows that another transaction writes while they are merged', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startAppWith([Good], { poolSize: LOADERS + 3 });
    await app.rows("ALTER TABLE goods ADD CHECK (v <> 'bad')");
  });
  afterAll(() => app.close());
  beforeEach(() => app.rows("TRUNCATE goods; INSERT INTO goods VALUES (0, 'old'), (1, 'v1')"));

  const goods = (count: number) => Array.from({ length: count }, (_, id) => ({ id, v: `v${id}` }));

  /** The small writer, the staged one, and the direct one for most of the rows. */
  describe.each(sized([250], [3, 150, 250]))('in a load of %i', (count) => {
    it.each([
      ['inserts one', "INSERT INTO goods VALUES (2, 'other')", { inserted: count - 3, updated: 2, unchanged: 1 }],
      ['inserts one alike', "INSERT INTO goods VALUES (2, 'v2')", { inserted: count - 3, updated: 1, unchanged: 2 }],
      ['deletes one', 'DELETE FROM goods WHERE id = 0', { inserted: count - 1, updated: 0, unchanged: 1 }],
      ['updates one', "UPDATE goods SET v = 'other' WHERE id = 0", { inserted: count - 2, updated: 1, unchanged: 1 }],
      [
        'updates one alike',
        "UPDATE goods SET v = 'v0' WHERE id = 0",
        { inserted: count - 2, updated: 0, unchanged: 2 },
      ],
    ])('are counted as they then are, where it %s', async (_, statement, counts) => {
      expect(await whileOtherDoes(app, statement, () => app.loader.load(Good, goods(count)))).toMatchObject({
        ...counts,
        retries: 0,
      });
      expect(await app.count(`goods WHERE v = 'v' || id`)).toBe(count);

      // The same, where a record is rejected before the lock is met.
      await app.rows("TRUNCATE goods; INSERT INTO goods VALUES (0, 'old'), (1, 'v1')");
      const records = [{ id: -1, v: 'bad' }, ...goods(count)];
      expect(await whileOtherDoes(app, statement, () => app.loader.load(Good, records))).toMatchObject({
        ...counts,
        rejected: 1,
        retries: 0,
      });
      expect(await app.count(`goods WHERE v = 'v' || id`)).toBe(count);
    });

    it('are inserted once by one of many loaders', async () => {
      await app.rows('TRUNCATE goods');
      const loads = Array.from({ length: LOADERS }, () => app.loader.load(Good, goods(count)));
      const results = await Promise.all(loads);
      expect(results.reduce((sum, { inserted }) => sum + inserted, 0)).toBe(count);
      expect(results.reduce((sum, { unchanged }) => sum + unchanged, 0)).toBe((LOADERS - 1) * count);
      expect(results.every(({ retries }) => retries === 0)).toBe(true);
    });

    it('are stored by many loaders, though another transaction deletes them again and again', async () => {
      const over = new AbortController();
      const deleting = (async () => {
        // It locks rows in the order of the table, so that it may be the victim of a deadlock itself.
        while (!over.signal.aborted) await app.rows('DELETE FROM goods').catch(unlessDeadlock);
      })();
      const loading = Array.from({ length: LOADERS }, async (_, loader) => {
        for (let round = 0; round < sized(4, 12); round += 1) {
          const bad = round % 2 === 0 ? [] : [{ id: -1, v: 'bad' }];
          const records = [...bad, ...goods(count).map(({ id }) => ({ id, v: `${loader} ${round}` }))];
          const { ok, received, inserted, updated, unchanged, rejected } = await app.loader.load(Good, records);
          expect([ok, inserted + updated + unchanged, rejected]).toEqual([bad.length === 0, count, bad.length]);
          expect(received).toBe(count + bad.length);
        }
      });
      const settled = await Promise.allSettled(loading);
      over.abort();
      await deleting;
      expect(settled.filter(({ status }) => status === 'rejected')).toEqual([]);
    });
  });

  describe('in a load of 250 that are all stored', () => {
    const count = 250;
    beforeEach(() => app.rows(`TRUNCATE goods; INSERT INTO goods SELECT n, 'old' FROM generate_series(0, 249) AS n`));

    it.each([
      ['deletes one', 'DELETE FROM goods WHERE id = 7', { inserted: 1, updated: 249, unchanged: 0 }, 1],
      ['updates one', "UPDATE goods SET v = 'other' WHERE id = 7", { inserted: 0, updated: 250, unchanged: 0 }, 0],
      ['updates one alike', "UPDATE goods SET v = 'v7' WHERE id = 7", { inserted: 0, updated: 249, unchanged: 1 }, 1],
    ])('are counted as they then are, where it %s', async (_, statement, counts, again) => {
      const atOnce = traceStatements(app, /^WITH incoming(?![^]*locked AS)/);
      const locking = traceStatements(app, /^WITH incoming[^]*locked AS/);
      const result = await whileOtherDoes(app, statement, () => app.loader.load(Good, goods(count)));
      expect(result).toMatchObject({ ...counts, retries: 0 });
      expect(await app.count(`goods WHERE v = 'v' || id`)).toBe(count);
      expect([atOnce.count, locking.count]).toEqual([1, again]);
    });

    it('are updated by many loaders that bring them in other orders, without a deadlock', async () => {
      await app.rows('ANALYZE goods');
      const loads = Array.from({ length: LOADERS }, (_, loader) => {
        const records = goods(count).map(({ id }) => ({ id: (id * 7 + loader * 31) % count, v: `by ${loader}` }));
        return app.loader.load(Good, loader % 2 === 0 ? records : records.toReversed());
      });
      const results = await Promise.all(loads);
      expect(results.map(({ updated, retries }) => ({ updated, retries }))).toEqual(
        results.map(() => ({ updated: count, retries: 0 })),
      );
      expect(await app.rows('SELECT DISTINCT v FROM goods')).toHaveLength(1);
    });

    it('are updated in the order of their keys, however few the planner knows of', async () => {
      await app.rows("TRUNCATE goods; INSERT INTO goods VALUES (24, 'old')");
      await app.rows('ANALYZE goods');
      await app.rows("INSERT INTO goods SELECT 33 - n, 'old' FROM generate_series(10, 23) AS n");
      const records = [...goods(25).slice(10), ...goods(count + 40).slice(100)];
      expect(await app.loader.load(Good, records)).toMatchObject({ inserted: 190, updated: 15 });
      // New versions of rows follow each other in their table.
      const versions = await app.rows('SELECT id FROM goods WHERE id < 100 ORDER BY ctid');
      expect(versions.map(({ id }) => id)).toEqual(
        goods(25)
          .slice(10)
          .map(({ id }) => id),
      );
    });
  });
});
