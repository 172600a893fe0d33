import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Column, Entity, PrimaryColumn } from 'typeorm';

import { ExtraFields, LoadId, type LoadOptions, QuarantineService } from '../../../../src/index.js';
import { emptyTables, quarantined } from '../../../support/app/quarantine.js';
import type { StorageApp } from '../../../support/app/storage-app.js';
import { traceStatements } from '../../../support/app/writer-trace.js';
import { whileOtherDoes } from '../../../support/database/lock-waits.js';
import { withLoginRole } from '../../../support/database/login-role.js';
import { startAppWith } from '../../../support/entities/own-entities.js';

@Entity('stock')
class Stock {
  @PrimaryColumn('text')
  id: string;

  @Column('integer', { nullable: true })
  n: number | null;

  @Column('text', { default: 'none' })
  note: string;

  @Column({ type: 'text', update: false, nullable: true })
  made: string | null;

  @ExtraFields()
  @Column('jsonb', { nullable: true })
  extra: object | null;

  @LoadId()
  @Column('uuid', { nullable: true })
  load: string | null;
}

/** Enough records for COPY. */
const MANY = 250;
const many = (prefix: string) => Array.from({ length: MANY }, (_, index) => ({ id: `${prefix}${index}`, n: index }));

describe('dispositions that leave rows out', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startAppWith([Stock]);
    await app.rows("ALTER TABLE stock ADD CHECK (n >= 0), ADD CHECK (note <> 'bad')");
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    await emptyTables(app);
    await app.rows('TRUNCATE stock');
    await app.rows("INSERT INTO stock (id, n, note) VALUES ('a', 1, 'old')");
  });

  const content = () => app.rows("SELECT id, n, note FROM stock WHERE id ~ '^[a-e]$' ORDER BY id");
  const history = async (loadId: string) => {
    const [row] = await app.rows(
      `SELECT disposition, received::integer, inserted::integer, updated::integer, unchanged::integer,
              duplicates::integer, skipped::integer, rejected::integer FROM storage_loads WHERE id = $1`,
      [loadId],
    );
    return row;
  };
  const A = { id: 'a', n: 1, note: 'old' };

  it.each<LoadOptions>([{}, { loadKey: 'keys alone' }])(
    'updates nothing by records of keys alone, where rows have the id of their load: %o',
    async (options) => {
      const records = [{ id: 'none' }];
      const result = await app.loader.load(Stock, records, { ...options, disposition: 'update' });
      expect(result).toMatchObject({ ok: true, skipped: 1, skippedReasons: { not_stored: 1 } });
    },
  );

  describe('insert', () => {
    it.each([{ more: [] }, { more: many('x') }])(
      'leaves stored rows as they are, and counts them as unchanged (%#)',
      async ({ more }) => {
        const records = [{ id: 'a', n: 9, more: 1 }, { id: 'b', n: 2 }, ...more];
        const result = await app.loader.load(Stock, records, { disposition: 'insert' });
        const counts = {
          received: records.length,
          inserted: records.length - 1,
          updated: 0,
          unchanged: 1,
          rejected: 0,
        };
        expect(result).toMatchObject({ ...counts, ok: true, disposition: 'insert' });
        expect(await history(result.loadId)).toMatchObject({ ...counts, disposition: 'insert' });
        expect(await content()).toEqual([A, { id: 'b', n: 2, note: 'none' }]);
        expect(await app.rows("SELECT extra FROM stock WHERE id = 'a'")).toEqual([{ extra: null }]);
      },
    );

    it.each([1, 2, 100])('stores the first good record of a key, in batches of %d', async (batchSize) => {
      const records = [
        { id: 'b', n: -1 },
        { id: 'b', n: 2, more: 'first' },
        { id: 'b', n: 3, note: 'later', more: 'later', made: 'later' },
        { id: 'b', n: -2, note: 'bad' },
      ];
      const result = await app.loader.loadBatch(Stock, records, { disposition: 'insert', batchSize });
      expect(result).toMatchObject({ received: 4, inserted: 1, rejected: 1 });
      expect(result.unchanged + result.duplicates).toBe(2);
      expect(await quarantined(app, result.loadId)).toMatchObject([{ position: 0, reason: '23514' }]);
      expect(await content()).toEqual([A, { id: 'b', n: 2, note: 'none' }]);
      expect(await app.rows("SELECT extra, made FROM stock WHERE id = 'b'")).toEqual([
        { extra: { more: 'first' }, made: null },
      ]);
    });

    it('needs no privilege to update', () =>
      withLoginRole(app, async (_, role) => {
        await app.rows(`ALTER ROLE ${role} BYPASSRLS; REVOKE UPDATE ON stock FROM ${role}`);
        const inserting = (records: object[]) =>
          app.dataSource.transaction(async (manager) => {
            await manager.query(`SET LOCAL ROLE ${role}`);
            return app.loader.for(Stock).withManager(manager).load(records, { disposition: 'insert' });
          });
        const traced = traceStatements(app, /^COPY "public"\."stock"/);
        expect(await inserting([{ id: 'a', n: 9 }, { id: 'b' }])).toMatchObject({ inserted: 1, unchanged: 1 });
        expect(await inserting([{ id: 'a' }, ...many('y')])).toMatchObject({ inserted: MANY, unchanged: 1 });
        expect(traced.count).toBe(1);
      }));
  });

  describe('update', () => {
    it.each([
      ['one statement', [], {}],
      ['arrays', [], { loadKey: 'k' }],
      ['a staging table', many('x'), {}],
    ])('skips records without a stored row: %s', async (_, more, options: LoadOptions) => {
      const before = { ...app.stats.forTable('stock') };
      const records = [{ id: 'a', n: 9 }, { id: 'b', n: 2 }, { id: 'c' }, ...more];
      const result = await app.loader.load(Stock, records, { ...options, disposition: 'update' });
      const counts = { received: records.length, inserted: 0, updated: 1, unchanged: 0, skipped: 2 + more.length };
      expect(result).toMatchObject({ ...counts, ok: true, skippedReasons: { not_stored: 2 + more.length } });
      expect(await history(result.loadId)).toMatchObject({ ...counts, disposition: 'update' });
      expect(app.stats.forTable('stock').skipped).toBe(before.skipped + counts.skipped);
      expect(await content()).toEqual([{ id: 'a', n: 9, note: 'old' }]);
      expect(await app.count('stock')).toBe(1);
    });

    it.each([1, 2, 100])('counts each record of a key for itself, in batches of %d', async (batchSize) => {
      const records = [
        { id: 'a', n: 2 },
        { id: 'b', n: 2 },
        { id: 'a', note: 'new' },
        { id: 'b', n: -3 },
        { id: 'a', n: -2 },
        { id: 'a', n: 2 },
      ];
      const result = await app.loader.loadBatch(Stock, records, { disposition: 'update', batchSize });
      const counts = { received: 6, inserted: 0, updated: 2, unchanged: 1, duplicates: 0, skipped: 2, rejected: 1 };
      expect(result).toMatchObject({ ...counts, skippedReasons: { not_stored: 2 } });
      expect(await history(result.loadId)).toMatchObject(counts);
      expect(await quarantined(app, result.loadId)).toMatchObject([{ position: 4, reason: '23514' }]);
      expect(await content()).toEqual([{ id: 'a', n: 2, note: 'new' }]);
    });

    it('finds the faulty among many, and resumes with the counts of all attempts', async () => {
      await app.loader.load(Stock, many('x'));
      const records = [...many('x').map(({ id, n }) => ({ id, n: n % 50 === 7 ? -1 : n + 1 })), ...many('y')];
      const options: LoadOptions = { disposition: 'update', loadKey: 'resumed', batchSize: 300 };
      const broken = async function* () {
        yield* records.slice(0, 400);
        throw new Error('broken');
      };
      await expect(app.loader.loadBatch(Stock, broken(), options)).rejects.toThrow('failed');
      const result = await app.loader.loadBatch(Stock, records, options);
      const counts = { received: 2 * MANY, inserted: 0, updated: MANY - 5, unchanged: 0, skipped: MANY, rejected: 5 };
      expect(result).toMatchObject({ ...counts, receivedEarlier: 300, skippedReasons: { not_stored: MANY } });
      expect(await history(result.loadId)).toMatchObject(counts);
      expect(await app.loader.loadBatch(Stock, records, options)).toMatchObject({ ...counts, alreadyCompleted: true });
    });

    it.each([{ more: [] }, { more: many('x') }])(
      'skips a row that another deletes meanwhile (%#)',
      async ({ more }) => {
        const load = () => app.loader.load(Stock, [{ id: 'a', n: 2 }, ...more], { disposition: 'update' });
        const result = await whileOtherDoes(app, "DELETE FROM stock WHERE id = 'a'", load);
        expect(result).toMatchObject({ updated: 0, unchanged: 0, skipped: 1 + more.length, ok: true });
      },
    );

    it('lets an older record change nothing', async () => {
      const options: LoadOptions = { disposition: 'update', newerBy: 'n' };
      const result = await app.loader.load(
        Stock,
        [
          { id: 'a', n: 0, note: 'older' },
          { id: 'b', n: 5 },
        ],
        options,
      );
      expect(result).toMatchObject({ updated: 0, unchanged: 1, skipped: 1 });
      expect(await content()).toEqual([A]);
    });
  });

  it.each(['insert', 'update'] as const)('a replay of rejected records is an %s again', async (disposition) => {
    const quarantine = app.module.get(QuarantineService);
    const records = [
      { id: 'a', n: 3, note: 'bad' },
      { id: 'b', n: -1 },
      { id: 'b', n: 4, note: 'bad' },
    ];
    await app.loader.load(Stock, records, { disposition });
    await app.rows('ALTER TABLE stock DROP CONSTRAINT stock_n_check, DROP CONSTRAINT stock_note_check');
    const result = await quarantine.replay();
    await app.rows("DELETE FROM stock WHERE n < 0 OR note = 'bad'");
    await app.rows("ALTER TABLE stock ADD CHECK (n >= 0), ADD CHECK (note <> 'bad')");
    expect(result.loads).toMatchObject([
      disposition === 'insert' ? { disposition, inserted: 1, duplicates: 1 } : { disposition, updated: 1, skipped: 0 },
    ]);
  });

  it.each(['insert', 'update'] as const)(
    'an %s that goes well leaves no history where that is off',
    async (disposition) => {
      const loads = await app.count('storage_loads');
      await app.loader.load(Stock, [{ id: 'a', n: 3 }, { id: 'b' }], { disposition, history: 'off' });
      expect(await app.count('storage_loads')).toBe(loads);
    },
  );
});

describe('a column that stored rows keep', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startAppWith([Stock]);
  });
  afterAll(() => app.close());

  it('has the value of the first record of a key, as if each had come alone', async () => {
    const result = await app.loader.load(Stock, [
      { id: 'a', made: 'first', n: 1 },
      { id: 'a', made: 'later', n: 2 },
    ]);
    expect(result).toMatchObject({ inserted: 1, duplicates: 1 });
    expect(await app.rows('SELECT made, n FROM stock')).toEqual([{ made: 'first', n: 2 }]);
  });
});
