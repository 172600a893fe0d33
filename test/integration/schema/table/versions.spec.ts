import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';
import type { Type } from '@nestjs/common';
import fc from 'fast-check';
import { Column, Entity, PrimaryColumn } from 'typeorm';

import {
  CapturedBefore,
  ExtraFields,
  type LoadResult,
  SchemaMismatchError,
  StorageModule,
} from '../../../../src/index.js';
import { createTestDatabase, type TestDatabase } from '../../../../src/testing/index.js';
import { initStorageApp, type StorageApp } from '../../../support/app/storage-app.js';
import { propertyRuns } from '../../../support/sizes/sizes.js';

@Entity('items')
class OldItem {
  @PrimaryColumn('text')
  id: string;

  @Column('text', { nullable: true })
  title: string | null;

  @ExtraFields()
  @Column('jsonb', { nullable: true })
  extra: Record<string, unknown> | null;
}

/** Has one more column, which the old version captures. */
@Entity('items')
class NewItem extends OldItem {
  @CapturedBefore()
  @Column('text', { nullable: true })
  flair: string | null;
}

const EXPAND = 'ALTER TABLE items ADD flair text';
const SWEEP = `UPDATE items SET flair = extra ->> 'flair', extra = NULLIF(extra - 'flair', '{}') WHERE extra ? 'flair'`;

/** Two versions of an application, on one database. */
describe('an old and a new version on one table', () => {
  let database: TestDatabase;
  let old: StorageApp;
  let fresh: StorageApp;

  const start = async (entity: Type<object>): Promise<StorageApp> =>
    initStorageApp(
      await Test.createTestingModule({
        imports: [StorageModule.forRoot({ url: database.url, poolSize: 4 }), StorageModule.forFeature([entity])],
      }).compile(),
    );
  const byOld = (records: object[]): Promise<LoadResult> => old.loader.load(OldItem, records);
  const byNew = (records: object[]): Promise<LoadResult> => fresh.loader.load(NewItem, records);
  const stored = (): Promise<unknown[]> =>
    old.rows('SELECT id, title, flair, extra FROM items ORDER BY id COLLATE "C"');

  beforeAll(async () => {
    database = await createTestDatabase();
    old = await start(OldItem);
    fresh = await start(NewItem);
  });
  beforeEach(async () => {
    await old.rows('DROP TABLE IF EXISTS items; CREATE TABLE items (id text PRIMARY KEY, title text, extra jsonb)');
  });
  afterAll(async () => {
    await old.close();
    await fresh.close();
    await database.drop();
  });

  it('expand, then the new version: the old one continues without a restart, and neither erases values of the other', async () => {
    expect(await byOld([{ id: 'a', title: 'old', flair: 'red' }])).toMatchObject({
      inserted: 1,
      unknownFields: { flair: 1 },
    });
    await old.rows(EXPAND);
    expect(await byOld([{ id: 'b', flair: 'blue' }])).toMatchObject({ ok: true, inserted: 1 });
    expect(
      await byNew([
        { id: 'c', flair: 'green' },
        { id: 'b', title: 'new' },
      ]),
    ).toMatchObject({
      ok: true,
      inserted: 1,
      updated: 1,
      unknownFields: {},
    });
    expect(await byOld([{ id: 'c', title: 'old' }])).toMatchObject({ ok: true, updated: 1 });
    expect(await stored()).toEqual([
      { id: 'a', title: 'old', flair: null, extra: { flair: 'red' } },
      { id: 'b', title: 'new', flair: null, extra: { flair: 'blue' } },
      { id: 'c', title: 'old', flair: 'green', extra: null },
    ]);
  });

  it('the new version, then the old one: a rollback of the deployment loses nothing either', async () => {
    await old.rows(EXPAND);
    await byNew([{ id: 'a', flair: 'red' }]);
    expect(await byOld([{ id: 'a', title: 'old', flair: 'blue' }])).toMatchObject({ ok: true, updated: 1 });
    // Values in extra are newer than the column.
    expect(await stored()).toEqual([{ id: 'a', title: 'old', flair: 'red', extra: { flair: 'blue' } }]);
    expect(await byNew([{ id: 'a', title: 'new' }])).toMatchObject({ updated: 1 });
    expect(await stored()).toEqual([{ id: 'a', title: 'new', flair: 'red', extra: { flair: 'blue' } }]);
    expect(await byNew([{ id: 'a', flair: 'red' }])).toMatchObject({ updated: 1 });
    expect(await byNew([{ id: 'a', flair: 'red' }])).toMatchObject({ unchanged: 1 });
    expect(await stored()).toEqual([{ id: 'a', title: 'new', flair: 'red', extra: null }]);
  });

  it('the new version before expand: it stops before it writes, naming the column, and needs no restart', async () => {
    const error: unknown = await byNew([{ id: 'a' }]).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(SchemaMismatchError);
    expect((error as Error).message).toContain('ALTER TABLE "public"."items" ADD COLUMN "flair" text');
    await byOld([{ id: 'a' }]);
    await old.rows(EXPAND);
    expect(await byNew([{ id: 'a', flair: 'red' }])).toMatchObject({ updated: 1 });
  });

  it('contract while the old version runs: it stops before it writes, naming the column', async () => {
    await byOld([{ id: 'a', title: 'old' }]);
    await old.rows('ALTER TABLE items DROP title');
    const error: unknown = await byOld([{ id: 'b' }]).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(SchemaMismatchError);
    expect((error as Error).message).toContain('column items.title');
    expect(await old.count('items')).toBe(1);
  });

  it('a replace by the old version keeps columns it does not know, in rows that stay', async () => {
    await old.rows(EXPAND);
    await byNew([
      { id: 'a', title: 'new', flair: 'red' },
      { id: 'b', flair: 'blue' },
    ]);
    const result = await old.loader.load(OldItem, [{ id: 'a', title: 'old' }], { disposition: 'replace' });
    expect(result).toMatchObject({ updated: 1, removed: 1 });
    expect(await stored()).toEqual([{ id: 'a', title: 'old', flair: 'red', extra: null }]);
  });

  it('the sweep updates the column to the latest value, from either version', async () => {
    await old.rows(EXPAND);
    await byNew([{ id: 'b', flair: 'first' }]);
    await byOld([
      { id: 'a', flair: 'late' },
      { id: 'b', flair: 'second', mood: 'kept' },
      { id: 'c', flair: 'first' },
    ]);
    // Rows of one statement with the column, without it, and with null.
    await byNew([
      { id: 'c', flair: 'second' },
      { id: 'a', title: 'x' },
    ]);
    await byOld([
      { id: 'd', flair: 'first' },
      { id: 'e', flair: 'first' },
    ]);
    await byNew([
      { id: 'd', flair: null },
      { id: 'e', title: 'x' },
      { id: 'f', flair: 'only' },
    ]);
    await old.rows(SWEEP);
    expect(await stored()).toEqual([
      { id: 'a', title: 'x', flair: 'late', extra: null },
      { id: 'b', title: null, flair: 'second', extra: { mood: 'kept' } },
      { id: 'c', title: null, flair: 'second', extra: null },
      { id: 'd', title: null, flair: null, extra: null },
      { id: 'e', title: 'x', flair: 'first', extra: null },
      { id: 'f', title: null, flair: 'only', extra: null },
    ]);
  });

  it('both versions at once on the same rows: no error, and no value is lost', async () => {
    await old.rows(EXPAND);
    const keys = Array.from({ length: 20 }, (_, index) => `k${String(index).padStart(2, '0')}`);
    const loads = Array.from({ length: 100 }, (_, load) =>
      load % 2 === 0
        ? byOld(keys.map((id) => ({ id, title: `t${load}`, mood: load })))
        : byNew(keys.map((id) => ({ id, flair: `f${load}` }))),
    );
    const results = await Promise.all(loads);
    expect(results.every(({ ok }) => ok)).toBe(true);
    expect(results.reduce((sum, { inserted }) => sum + inserted, 0)).toBe(20);
    const complete = `title LIKE 't%' AND flair LIKE 'f%' AND extra ->> 'mood' = substr(title, 2)`;
    expect(await old.rows(`SELECT count(*)::integer AS n FROM items WHERE ${complete}`)).toEqual([{ n: 20 }]);
  });

  interface Row {
    title: string | null;
    flair: string | null;
    extra: Record<string, unknown> | null;
  }
  const record = fc.record(
    {
      id: fc.integer({ min: 0, max: 9 }).map((n) => `k${n}`),
      title: fc.constantFrom('a', 'b', '', null),
      flair: fc.constantFrom('red', 'blue', null),
      mood: fc.constantFrom('good', 'bad'),
    },
    { requiredKeys: ['id'] },
  );
  const load = fc.record({
    isNew: fc.boolean(),
    records: fc.uniqueArray(record, { selector: ({ id }) => id, minLength: 1, maxLength: 6 }),
  });

  /** Expected effect of a record in a version: absent keeps, null is null, unknown fields are captured. */
  function apply(row: Row | undefined, isNew: boolean, given: Readonly<Record<string, unknown>>): Row {
    const next: Row = { ...(row ?? { title: null, flair: null, extra: null }) };
    for (const [name, value] of Object.entries(given)) {
      if (name === 'title' || (name === 'flair' && isNew)) {
        next[name] = value as string | null;
        // A null in both places means the same, and is not written again.
        if (name === 'flair' && (value !== null || next.extra?.['flair'] !== null)) {
          next.extra = without(next.extra, name);
        }
      } else if (name !== 'id') {
        next.extra = { ...next.extra, [name]: value };
      }
    }
    return next;
  }

  it('in 200 loads in any order: all are counted, and no column unknown to the old version is erased', () =>
    fc.assert(
      fc.asyncProperty(fc.array(load, { minLength: 200, maxLength: 200 }), async (loads) => {
        await old.rows(
          'DROP TABLE items; CREATE TABLE items (id text PRIMARY KEY, title text, extra jsonb, flair text)',
        );
        const model = new Map<string, Row>();
        const last = new Map<string, string | null>();
        for (const { isNew, records } of loads) {
          const result = await (isNew ? byNew(records) : byOld(records));
          const expected = { inserted: 0, updated: 0, unchanged: 0 };
          for (const { id, ...given } of records) {
            const before = model.get(id);
            const after = apply(before, isNew, given);
            model.set(id, after);
            if (given.flair !== undefined) {
              last.set(id, given.flair);
            }
            expected[before === undefined ? 'inserted' : isSame(before, after) ? 'unchanged' : 'updated'] += 1;
          }
          expect(result).toMatchObject({ ok: true, received: records.length, duplicates: 0, rejected: 0, failed: 0 });
          expect(result).toMatchObject(expected);
          expect(result.inserted + result.updated + result.unchanged).toBe(result.received);
        }
        expect(await stored()).toEqual(
          [...model].sort(([a], [b]) => (a < b ? -1 : 1)).map(([id, row]) => ({ id, ...row })),
        );
        await old.rows(SWEEP);
        expect(await old.rows('SELECT id, flair FROM items WHERE flair IS NOT NULL ORDER BY id')).toEqual(
          [...last]
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .flatMap(([id, flair]) => (flair === null ? [] : [{ id, flair }])),
        );
      }),
      { ...propertyRuns(), numRuns: 1 },
    ));
});

function isSame(a: object, b: object): boolean {
  const sorted = (row: object): string =>
    JSON.stringify(row, (_, value: unknown) =>
      typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value).sort()) : value,
    );
  return sorted(a) === sorted(b);
}

function without(extra: Record<string, unknown> | null, name: string): Record<string, unknown> | null {
  const left = Object.entries(extra ?? {}).filter(([key]) => key !== name);
  return left.length === 0 ? null : Object.fromEntries(left);
}
