import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';

import type { RowOutcome } from '../../../src/index.js';
import { quarantined } from '../../support/app/quarantine.js';
import type { StorageApp } from '../../support/app/storage-app.js';
import { whileOtherDoes } from '../../support/database/lock-waits.js';
import { startAppWith } from '../../support/entities/own-entities.js';
import { propertyRuns, sized } from '../../support/sizes/sizes.js';

class Good {
  @PrimaryGeneratedColumn('increment', { type: 'bigint' })
  no: string;

  @Column('text', { nullable: true })
  id: string | null;

  @Column('text', { nullable: true, unique: true })
  other: string | null;

  @Column('text', { nullable: true, default: 'none' })
  v: string | null;

  @Column('integer', { nullable: true })
  n: number | null;
}

@Entity('plain_goods')
@Index(['id'], { unique: true })
class PlainGood extends Good {}

@Entity('nullable_goods')
@Index('nulls', ['id', 'n'], { unique: true })
class NullableGood extends Good {}

@Entity('partial_goods')
@Index('living', ['id'], { unique: true, where: 'v IS NOT NULL' })
class PartialGood extends Good {}

@Entity('newest_goods')
@Index(['id'], { unique: true })
class NewestGood extends Good {}

const KINDS = [
  { entity: PlainGood, table: 'plain_goods', key: { primaryKey: ['id'] } },
  { entity: NullableGood, table: 'nullable_goods', key: { primaryKey: ['id', 'n'] } },
  { entity: PartialGood, table: 'partial_goods', key: { primaryKey: 'living' } },
  { entity: NewestGood, table: 'newest_goods', key: { primaryKey: ['id'], newerBy: 'n' } },
];

const some = fc.record(
  {
    id: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
    n: fc.constantFrom(1, 2, null),
    other: fc.constantFrom('x', 'y', null),
    v: fc.oneof(
      { weight: 5, arbitrary: fc.constantFrom('1', '2', null) },
      { weight: 1, arbitrary: fc.constant('bad') },
    ),
  },
  { requiredKeys: ['id', 'n'] },
);
const loads = fc.record({
  stored: fc.array(some, { maxLength: 6 }),
  incoming: fc.array(some, { minLength: 1, maxLength: 12 }),
  disposition: fc.constantFrom('merge', 'merge', 'append', 'insert', 'update'),
});
const padding = Array.from({ length: 210 }, (_, index) => ({ id: `p${index}`, n: 1 }));

describe('rows of records', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startAppWith(KINDS.map(({ entity }) => entity));
    for (const { table } of KINDS) {
      await app.rows(`ALTER TABLE ${table} ADD CHECK (v <> 'bad')`);
    }
    await app.rows('DROP INDEX nulls; CREATE UNIQUE INDEX nulls ON nullable_goods (id, n) NULLS NOT DISTINCT');
  });
  afterAll(() => app.close());

  describe.each(KINDS)('of $table', ({ entity, table, key }) => {
    const content = () =>
      app.rows<Record<string, unknown>>(`SELECT no::text, id, other, v, n FROM ${table} ORDER BY no`);
    const prepare = async (stored: readonly object[]): Promise<void> => {
      await app.rows(`TRUNCATE ${table} RESTART IDENTITY`);
      if (stored.length > 0) await app.loader.load(entity, [...stored], { primaryKey: key.primaryKey });
      await app.rows(`ALTER SEQUENCE ${table}_no_seq RESTART 1000`);
    };
    const returning = ['no', 'id', 'other', 'v', 'n'] as const;

    it.each([
      { way: 'few', more: [], before: [] },
      { way: 'staged beside stored ones', more: padding, before: padding },
      { way: 'staged beside new ones', more: padding, before: [] },
    ])(
      'are what a load does without them: $way',
      async ({ more, before }) => {
        await fc.assert(
          fc.asyncProperty(loads, async ({ stored, incoming, disposition }) => {
            const records = [...incoming, ...more];
            const options = {
              disposition,
              maxRejects: 1000,
              ...(disposition === 'insert' ? { primaryKey: key.primaryKey } : disposition !== 'append' && key),
            };
            await prepare([...before, ...stored]);
            const expected = await app.loader.load(entity, records, options);
            const expectedTable = valuesOf(await content());
            const rejects = await quarantined(app, expected.loadId);

            await prepare([...before, ...stored]);
            const result = await app.loader.load(entity, records, { ...options, returning });
            const { rows } = result;
            const now = await content();
            expect(valuesOf(now)).toEqual(expectedTable);
            expect(countsOf(result)).toEqual(countsOf(expected));
            expect(rows.map(({ position }) => position)).toEqual(records.map((_, index) => index));
            expect(countsIn(rows)).toEqual(countsOf(result));
            expect(rows.filter(({ outcome }) => outcome === 'rejected').map(({ position }) => position)).toEqual(
              rejects.map(({ position }) => position),
            );
            checkRows(rows, records, now);
          }),
          propertyRuns(100),
        );
      },
      300_000,
    );

    it.each([
      { beside: 'few', more: [] },
      { beside: 'many', more: padding },
    ])('are exact where another inserts a key meanwhile, beside $beside', async ({ more }) => {
      await prepare([{ id: 'b', n: 1, v: 'old' }]);
      const records = [{ id: 'a', n: 1, v: '1' }, { id: 'b', n: 1, v: '2' }, { id: 'c', n: 1, v: '3' }, ...more];
      const insert = `INSERT INTO ${table} (id, n, v) VALUES ('c', 1, 'others')`;
      const load = () => app.loader.load(entity, records, { ...key, returning });
      const { rows } = await whileOtherDoes(app, insert, load);
      expect(rows.slice(0, 3).map(({ outcome }) => outcome)).toEqual(['inserted', 'updated', 'updated']);
      checkRows(rows, records, await content());
    });
  });

  it('of many records are all given, batch by batch, and none is kept', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const count = sized(20_000, 100_000);
    const codes = Array.from({ length: count }, (_, index) => `c${(index * 7919) % count}`);
    function* records(all: readonly string[]) {
      for (const id of all) yield { id, v: 'x'.repeat(100) };
    }
    let batches: WeakRef<object>[] = [];
    let ids = new Map<string, string>();
    const outcomes = new Set<string>();
    let most = 0;
    const onRows = async (rows: readonly RowOutcome<PlainGood, 'no' | 'id'>[]) => {
      for (const row of rows) {
        outcomes.add(row.outcome);
        if ('row' in row) ids.set(row.row.id as string, row.row.no);
      }
      batches.push(new WeakRef(rows));
      await new Promise((resolve) => setImmediate(resolve));
      collect();
      most = Math.max(most, batches.filter((batch) => batch.deref() !== undefined).length);
    };
    const options = { primaryKey: 'id', returning: ['no', 'id'] as const, onRows, batchSize: 1000 };
    await app.rows('TRUNCATE plain_goods');
    const table = async () =>
      new Map(
        (await app.rows<{ id: string; no: string }>('SELECT id, no::text FROM plain_goods')).map(({ id, no }) => [
          id,
          no,
        ]),
      );

    expect(await app.loader.for(PlainGood).loadBatch(records(codes), options)).toMatchObject({ inserted: count });
    expect([...outcomes]).toEqual(['inserted']);
    expect(ids.size).toBe(count);
    expect(ids).toEqual(await table());
    expect(batches.length).toBeGreaterThanOrEqual(count / 1000);
    // That of the batch, and of another that is written at the same time.
    expect(most).toBeLessThanOrEqual(4);

    ids = new Map();
    batches = [];
    outcomes.clear();
    const again = codes.slice(0, count / 10);
    expect(await app.loader.for(PlainGood).loadBatch(records(again), options)).toMatchObject({ unchanged: count / 10 });
    expect([...outcomes]).toEqual(['unchanged']);
    const stored = await table();
    expect(ids).toEqual(new Map(again.map((id) => [id, stored.get(id)])));
  }, 300_000);
});

/** Without the generated ids, in any order. */
function valuesOf(table: readonly Record<string, unknown>[]): string[] {
  return table.map((row) => JSON.stringify({ ...row, no: undefined })).sort();
}

/** A stored record tells the row of its key; its last one has the values that the table has. */
function checkRows(
  rows: readonly RowOutcome[],
  records: readonly Record<string, unknown>[],
  table: readonly Record<string, unknown>[],
): void {
  const stored = rows.flatMap((outcome) => ('row' in outcome ? [outcome] : []));
  expect(stored.map(({ row }) => row['id'])).toEqual(stored.map(({ position }) => records[position]?.['id']));
  const last = new Map(stored.map(({ row }) => [row['no'], row]));
  const inTable = new Map(table.map((row) => [row['no'], row]));
  expect([...last.values()]).toEqual([...last.keys()].map((no) => inTable.get(no)));
}

const OUTCOMES = ['inserted', 'updated', 'unchanged', 'skipped', 'rejected'] as const;

function countsIn(rows: readonly RowOutcome[]): Record<string, number> {
  const count = (outcome: string): number => rows.filter((row) => row.outcome === outcome).length;
  return { ...Object.fromEntries(OUTCOMES.map((name) => [name, count(name)])), duplicates: count('duplicate') };
}

function countsOf(result: Record<string, unknown> | object): Record<string, unknown> {
  const counts = result as Record<string, unknown>;
  return Object.fromEntries([...OUTCOMES, 'duplicates'].map((name) => [name, counts[name]]));
}
