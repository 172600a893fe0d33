import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Column, Entity, PrimaryColumn } from 'typeorm';

import { errorOf } from '../../../support/parity/faults.js';
import { LoadFailedError, RejectLimitExceededError } from '../../../../src/index.js';
import { startAppWith } from '../../../support/entities/own-entities.js';
import { emptyTables, quarantined } from '../../../support/app/quarantine.js';
import type { StorageApp } from '../../../support/app/storage-app.js';

@Entity('lines')
class Line {
  @PrimaryColumn('text')
  id: string;

  @Column('text', { nullable: true })
  product: string | null;

  @Column('text', { nullable: true, unique: true })
  code: string | null;

  @Column('integer', { nullable: true })
  amount: number | null;
}

const REPLACE = { disposition: 'replace', batchSize: 4, maxRejects: 100 } as const;

describe('a row that only the table itself rejects', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startAppWith([Line]);
    await app.rows(`
      CREATE TABLE products (name text PRIMARY KEY);
      INSERT INTO products VALUES ('tea'), ('milk');
      ALTER TABLE lines ADD CONSTRAINT known FOREIGN KEY (product) REFERENCES products;
    `);
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    await emptyTables(app);
    await app.rows(`
      TRUNCATE lines CASCADE;
      DELETE FROM products WHERE name NOT IN ('tea', 'milk');
      INSERT INTO lines (id, product, amount) VALUES ('k1', 'tea', 1), ('k3', 'tea', 1), ('old', 'tea', 1)
    `);
  });

  const many = (count: number) => Array.from({ length: count }, (_, n) => ({ id: `k${n}`, product: 'tea', amount: n }));
  const replace = (records: object[], options: object = {}) =>
    app.loader.loadBatch(Line, records, { ...REPLACE, ...options });
  const ids = async () =>
    (await app.rows<{ id: string }>('SELECT id FROM lines ORDER BY length(id), id')).map(({ id }) => id);
  const TABLE_BEFORE = ['k1', 'k3', 'old'];

  it('is rejected alone, and its record kept as it came; fixed, it is taken by the next replace', async () => {
    const records = many(20).map((record) => (record.amount === 13 ? { ...record, product: 'salt' } : record));
    const result = await replace(records);
    expect(result).toMatchObject({ received: 20, inserted: 17, updated: 1, unchanged: 1, rejected: 1, removed: 1 });
    expect(result.rejects).toEqual([
      {
        position: 13,
        reason: '23503',
        message: 'foreign key violation (table lines, constraint known) [23503]',
      },
    ]);
    expect(await app.count('lines')).toBe(19);
    const [row] = await quarantined(app, result.loadId);
    expect(row).toMatchObject({ reason: '23503', position: 13, key: 'k13', table: 'lines' });
    expect(JSON.parse(String(row?.raw))).toEqual(records[13]);

    await app.rows(`INSERT INTO products VALUES ('salt')`);
    expect(await replace(records)).toMatchObject({ received: 20, inserted: 1, unchanged: 19, rejected: 0, ok: true });
  });

  it('is rejected by load as well, and with many others', async () => {
    const records = many(50).map((record) => (record.amount % 5 === 2 ? { ...record, product: 'salt' } : record));
    const result = await app.loader.load(Line, records, REPLACE);
    expect(result).toMatchObject({ received: 50, inserted: 38, updated: 1, unchanged: 1, rejected: 10, failed: 0 });
    expect((await quarantined(app, result.loadId)).map(({ position }) => position)).toEqual(
      records.flatMap(({ product }, position) => (product === 'salt' ? [position] : [])),
    );
    expect(await app.rows(`SELECT rejected, status FROM storage_loads WHERE id = $1`, [result.loadId])).toEqual([
      { rejected: '10', status: 'completed' },
    ]);
  });

  it('takes the stored row of its key with it, and all records that were folded into it', async () => {
    const records = [
      { id: 'k1', amount: 5 },
      ...many(1),
      { id: 'k2', product: 'milk' },
      { id: 'k1', product: 'salt' },
      { id: 'k4', product: 'milk' },
      { id: 'k1', code: 'c' },
      { id: 'k4', amount: 7 },
    ];
    const result = await replace(records, { batchSize: 2 });
    expect(result).toMatchObject({ received: 7, inserted: 3, duplicates: 1, rejected: 3, removed: 3, ok: false });
    expect(await ids()).toEqual(['k0', 'k2', 'k4']);
    const rejected = await quarantined(app, result.loadId);
    expect(rejected.map(({ position, key, raw }) => [position, key, JSON.parse(String(raw)) as unknown])).toEqual(
      [0, 3, 5].map((position) => [position, 'k1', records[position]]),
    );
  });

  it('is rejected when a trigger says so', async () => {
    await app.rows(`
      CREATE FUNCTION reject_large() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'too large: %', NEW.amount USING ERRCODE = 'check_violation'; END $$;
      CREATE TRIGGER reject_large BEFORE INSERT OR UPDATE ON lines
        FOR EACH ROW WHEN (NEW.amount > 10) EXECUTE FUNCTION reject_large();
    `);
    try {
      const records = [...many(8), { id: 'k1', amount: 11 }, { id: 'new', amount: 12 }];
      const result = await replace(records);
      // k1 came twice: nobody can tell any more that only its second record is at fault.
      expect(result).toMatchObject({ received: 10, inserted: 6, updated: 1, rejected: 3 });
      expect(result.rejects.map(({ position, reason, message }) => [position, reason, message])).toEqual([
        [1, '23514', 'check violation [23514]'],
        [8, '23514', 'check violation [23514]'],
        [9, '23514', 'check violation [23514]'],
      ]);
      expect(await ids()).toEqual(['k0', 'k2', 'k3', 'k4', 'k5', 'k6', 'k7']);
    } finally {
      await app.rows('DROP TRIGGER reject_large ON lines');
    }
  });

  it('fails the load where a trigger rejects what is deleted, for which no record is at fault', async () => {
    await app.rows(`
      CREATE FUNCTION keep_all() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'closed' USING ERRCODE = 'check_violation'; END $$;
      CREATE TRIGGER keep_all AFTER DELETE ON lines FOR EACH STATEMENT EXECUTE FUNCTION keep_all();
    `);
    try {
      const error = await errorOf(replace(many(8)));
      expect(error).toBeInstanceOf(LoadFailedError);
      expect(error).toMatchObject({ result: { received: 8, failed: 8, rejected: 0 } });
      expect(await ids()).toEqual(TABLE_BEFORE);
    } finally {
      await app.rows('DROP TRIGGER keep_all ON lines');
    }
  });

  it('is rejected too where its unique value is still held by a row that would give it away later', async () => {
    await app.rows(`UPDATE lines SET code = id`);
    const records = [
      { id: 'k1', code: 'k3' },
      { id: 'k3', code: 'k1' },
      { id: 'k5', code: 'old' },
    ];
    const result = await replace(records);
    expect(result).toMatchObject({ received: 3, inserted: 1, updated: 1, rejected: 1 });
    expect(result.rejects).toMatchObject([{ reason: '23505' }]);
    expect(await app.count('lines')).toBe(2);
  });

  it('of two that want one unique value, the later one is rejected when it is staged', async () => {
    const records = [
      { id: 'k1', code: 'c', amount: 1 },
      { id: 'k2', code: 'd' },
      { id: 'k5', code: 'c' },
    ];
    const result = await replace(records, { batchSize: 2 });
    expect(result).toMatchObject({ received: 3, inserted: 1, updated: 1, rejected: 1 });
    expect(result.rejects).toMatchObject([{ position: 2, reason: '23505' }]);
    expect(result.rejects[0]?.message).toMatch(/^duplicate key \(table lines, constraint UQ_\w+\) \[23505\]$/);

    // With more to read than it takes to find the two, the source is not read to its end.
    const endless = [...records, ...many(500)].values();
    const error = await errorOf(app.loader.loadBatch(Line, endless, { ...REPLACE, maxRejects: 0 }));
    expect(error).toBeInstanceOf(RejectLimitExceededError);
    expect([...endless].length).toBeGreaterThan(400);
  });

  it.each([
    [0, 1],
    [1, 2],
  ])(
    'stops the load when %i may be rejected and %i are, and leaves the table as it was',
    async (maxRejects, rejected) => {
      const records = many(20).map((record) => (record.amount < rejected ? { ...record, product: 'salt' } : record));
      const error = await errorOf(replace(records, { maxRejects }));
      expect(error).toBeInstanceOf(RejectLimitExceededError);
      expect(error).toMatchObject({ result: { received: 20, inserted: 0, rejected: 0, failed: 20 } });
      expect(await ids()).toEqual(TABLE_BEFORE);
      expect(await app.count('storage_rejected_records')).toBe(0);
      expect(await replace(records, { maxRejects: rejected })).toMatchObject({ rejected: rejected });
    },
  );

  it('is found though its constraint waits for COMMIT', async () => {
    await app.rows('ALTER TABLE lines ALTER CONSTRAINT known DEFERRABLE INITIALLY DEFERRED');
    app.loader.clearPlans();
    try {
      const result = await replace([...many(8), { id: 'k9', product: 'salt' }]);
      expect(result).toMatchObject({ received: 9, rejected: 1, rejects: [{ position: 8, reason: '23503' }] });
    } finally {
      await app.rows('ALTER TABLE lines ALTER CONSTRAINT known NOT DEFERRABLE');
      app.loader.clearPlans();
    }
  });

  it('counts all records that were folded into it', async () => {
    const records = [...many(8), { id: 'k2', product: 'salt' }];
    expect(await errorOf(replace(records, { maxRejects: 1 }))).toBeInstanceOf(RejectLimitExceededError);
    expect(await ids()).toEqual(TABLE_BEFORE);
    expect(await replace(records, { maxRejects: 2 })).toMatchObject({ received: 9, rejected: 2, duplicates: 0 });
  });

  it('and is the only one leaves nothing to replace the table with', async () => {
    await expect(replace([{ id: 'k1', product: 'salt' }])).rejects.toThrow(/None of the 1 records is a row of lines/);
    expect(await ids()).toEqual(TABLE_BEFORE);
  });

  it('fails the load where the row that goes is still needed by another table', async () => {
    await app.rows(`
      CREATE TABLE receipts (line text REFERENCES lines);
      INSERT INTO receipts VALUES ('old')`);
    try {
      expect(await errorOf(replace(many(5)))).toMatchObject({ name: 'LoadFailedError', cause: { code: '23503' } });
      expect(await ids()).toEqual(TABLE_BEFORE);
      expect(await replace([...many(5), { id: 'old' }])).toMatchObject({ inserted: 3, updated: 2, removed: 0 });
    } finally {
      await app.rows('DROP TABLE receipts');
    }
  });
});
