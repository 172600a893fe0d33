import type { Type } from '@nestjs/common';
import { expect } from '@jest/globals';
import fc from 'fast-check';
import { Column, type ColumnOptions, Entity, PrimaryColumn } from 'typeorm';

import type { Disposition } from '../../../src/index.js';
import { quarantined } from '../app/quarantine.js';
import type { StorageApp } from '../app/storage-app.js';

type KeyedRecord = Readonly<Record<string, unknown>>;

/** A kind of key: its columns, its unique index, and texts of which some are equal to the index. */
interface KeyKind {
  readonly entity: Type<object>;
  readonly table: string;
  readonly key: readonly string[];
  /** The columns as in the index. */
  readonly indexed: string;
  readonly predicate: string;
  readonly nulls: string;
  readonly keys: fc.Arbitrary<KeyedRecord>;
  /** A key of its own for each number. */
  readonly paddingKey: (index: number) => KeyedRecord;
}

/** A table of its own with a unique index over columns `a` and `b`, or `a` alone. */
function kindOf(
  name: string,
  types: readonly [ColumnOptions['type'] & string, ColumnOptions?][],
  texts: readonly (readonly (string | number | null)[])[],
  padding: (index: number) => readonly unknown[],
  { indexed, predicate = '', nulls = '' }: { indexed?: string; predicate?: string; nulls?: string } = {},
): KeyKind {
  const key = types.map((_, index) => 'ab'.charAt(index));
  const table = `keyed_by_${name}`;
  class Keyed {}
  Entity(table)(Keyed);
  PrimaryColumn('uuid', { default: () => 'gen_random_uuid()' })(Keyed.prototype, 'id');
  types.forEach(([type, options], index) =>
    Column({ ...options, type, nullable: true })(Keyed.prototype, key[index] as string),
  );
  Column('integer', { nullable: true })(Keyed.prototype, 'v');
  Column('text', { nullable: true })(Keyed.prototype, 'w');
  Column('integer', { default: 7 })(Keyed.prototype, 'd');
  const named = (values: readonly unknown[]): KeyedRecord =>
    Object.fromEntries(key.map((column, index) => [column, values[index]]));
  return {
    entity: Keyed,
    table,
    key,
    indexed: indexed ?? key.join(', '),
    predicate,
    nulls,
    keys: fc.constantFrom(...texts).map(named),
    paddingKey: (index) => named(padding(index)),
  };
}

/** Kinds of keys. */
export const KEY_KINDS: readonly KeyKind[] = [
  kindOf(
    'two columns',
    [['text'], ['integer']],
    [
      ['x', 1],
      ['x', 2],
      ['y', 1],
      ['y', '01'],
    ],
    (index) => ['p', index],
  ),
  kindOf('numeric', [['numeric']], [['1'], ['1.0'], [1], ['1.00'], ['2'], ['2.0']], (index) => [`${index + 10}`]),
  kindOf('citext', [['citext']], [['x'], ['X'], ['y'], ['Yy'], ['yy']], (index) => [`p${index}`]),
  kindOf(
    'moment',
    [['timestamptz']],
    [['2024-01-01T00:00:00Z'], ['2024-01-01T02:00:00+02:00'], ['2024-01-02T00:00:00Z'], ['2024-01-01T19:00:00-05:00']],
    (index) => [`2023-01-01T00:00:00.${String(index).padStart(3, '0')}Z`],
  ),
  kindOf(
    'uuid',
    [['uuid']],
    [
      ['0b0e4f5c-7d0c-4f43-9a6b-2b1f6f0c9d11'],
      ['0B0E4F5C-7D0C-4F43-9A6B-2B1F6F0C9D11'],
      ['0b0e4f5c-7d0c-4f43-9a6b-2b1f6f0c9d12'],
    ],
    (index) => [`00000000-0000-4000-8000-${String(index).padStart(12, '0')}`],
  ),
  kindOf('blanks', [['char', { length: 4 }]], [['ab'], ['ab  '], ['ab '], ['cd']], (index) => [index.toString(36)]),
  kindOf('collation', [['text']], [['bob'], ['Bob'], ['BOB'], ['ann'], ['Ann']], (index) => [`p${index}`], {
    indexed: 'a COLLATE no_case',
  }),
  kindOf(
    'nulls',
    [['text'], ['integer']],
    [
      ['x', 1],
      ['x', null],
      [null, 1],
      [null, null],
    ],
    (index) => ['p', index],
    {
      nulls: 'NULLS NOT DISTINCT',
    },
  ),
  kindOf(
    'part',
    [['text'], ['integer']],
    [
      ['x', 1],
      ['x', 2],
      ['y', 1],
    ],
    (index) => ['p', index],
    {
      predicate: 'WHERE v > 0 AND d <> 8',
    },
  ),
];

const fields = fc.record(
  {
    v: fc.constantFrom(0, 1, 2, null),
    w: fc.constantFrom('m', 'n', null, 'bad'),
    d: fc.constantFrom(7, 8, 9),
  },
  { requiredKeys: [] },
);

/** Loads of one kind of key. */
export const keyedLoads = (kinds: readonly KeyKind[], most: number) =>
  fc.constantFrom(...kinds).chain((kind) => {
    const record = fc.tuple(kind.keys, fields).map(([key, given]): KeyedRecord => ({ ...key, ...given }));
    const dispositions: Disposition[] =
      kind.predicate === ''
        ? ['merge', 'merge', 'insert', 'update', 'replace', 'append']
        : ['merge', 'insert', 'update', 'append'];
    const load = fc.record({
      disposition: fc.constantFrom(...dispositions),
      records: fc.array(record, { minLength: 1, maxLength: 12 }),
      batchSize: fc.constantFrom(1, 3, 1000),
      /** Enough other records for COPY. */
      isPadded: fc.boolean(),
      inOrder: fc.boolean(),
    });
    return fc.record({ kind: fc.constant(kind), loads: fc.array(load, { minLength: 1, maxLength: most }) });
  });

export type KeyedLoads = ReturnType<typeof keyedLoads> extends fc.Arbitrary<infer T> ? T : never;

const PADDING = 210;

/** Makes the tables, their indexes and, for each table, one that plain upserts fill. */
export async function prepareKinds(app: StorageApp): Promise<void> {
  await app.rows('CREATE EXTENSION citext');
  await app.dataSource.synchronize();
  await app.rows(`CREATE COLLATION no_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false)`);
  for (const { table, indexed, predicate, nulls } of KEY_KINDS) {
    await app.rows(`
      CREATE UNIQUE INDEX ON "${table}" (${indexed}) ${nulls} ${predicate};
      ALTER TABLE "${table}" ADD CHECK (w <> 'bad');
      CREATE TABLE "${table} by one" (LIKE "${table}" INCLUDING ALL)`);
  }
}

/** Does loads, and the same by one upsert a record; the tables and the rejected records must be the same. */
export async function expectSameAsOneByOne(
  apps: readonly [StorageApp, StorageApp],
  { kind, loads }: KeyedLoads,
): Promise<void> {
  const [app] = apps;
  const { table, key } = kind;
  await app.rows(`DELETE FROM "${table}"; DELETE FROM "${table} by one"`);
  const contentOf = (name: string) =>
    app.rows(`SELECT ${key.map((column) => `${column}::text`).join(', ')}, v, w, d FROM "${name}"
      WHERE w IS DISTINCT FROM 'padding' ORDER BY 1, 2, 3, 4, ${key.length + 3}`);
  for (const { disposition, records, batchSize, isPadded, inOrder } of loads) {
    const padding = Array.from({ length: isPadded ? PADDING : 0 }, (_, index) => ({
      ...kind.paddingKey(index),
      v: 1,
      w: 'padding',
    }));
    const { loader } = apps[inOrder ? 0 : 1];
    const options = {
      disposition,
      batchSize,
      primaryKey: [...key],
      maxRejects: 10_000,
      ...(disposition === 'replace' && { allowEmpty: true }),
    };
    const { loadId } = await loader.loadBatch(kind.entity, [...records, ...padding], options);
    const rejected = (await quarantined(app, loadId)).map(({ position }) => position);

    expect(rejected.filter((position) => position < records.length)).toEqual(
      await oneByOne(app, kind, disposition, records),
    );
    expect(await contentOf(table)).toEqual(await contentOf(`${table} by one`));
  }
}

/** Returns the positions of rejected records. */
async function oneByOne(
  app: StorageApp,
  kind: KeyKind,
  disposition: Disposition,
  records: readonly KeyedRecord[],
): Promise<number[]> {
  const { table, key, indexed, predicate } = kind;
  if (disposition === 'replace') {
    await app.rows(`DELETE FROM "${table} by one"`);
  }
  const rejected: number[] = [];
  for (const [position, record] of records.entries()) {
    if (/insert|update/.test(disposition) && (await isStored(app, kind, record)) !== (disposition === 'update')) {
      continue;
    }
    const names = Object.keys(record);
    const others = names.filter((name) => !key.includes(name));
    const action =
      others.length === 0 ? 'NOTHING' : `UPDATE SET ${others.map((name) => `${name} = EXCLUDED.${name}`).join(', ')}`;
    const upsert = disposition === 'append' ? '' : `ON CONFLICT (${indexed}) ${predicate} DO ${action}`;
    try {
      await app.rows(
        `INSERT INTO "${table} by one" (${names.join(', ')}) VALUES (${names.map((_, index) => `$${index + 1}`).join(', ')}) ${upsert}`,
        Object.values(record),
      );
    } catch (error) {
      expect(['23505', '23514']).toContain((error as { code?: string }).code);
      rejected.push(position);
    }
  }
  return rejected;
}

/** Whether a record meets a stored row, whatever its other values are. */
async function isStored(
  app: StorageApp,
  { table, indexed, predicate }: KeyKind,
  record: KeyedRecord,
): Promise<boolean> {
  const { w: _, ...values } = record;
  const names = Object.keys(values);
  const inserted = await app.rows(
    `INSERT INTO "${table} by one" (${names.join(', ')}) VALUES (${names.map((_name, index) => `$${index + 1}`).join(', ')})
     ON CONFLICT (${indexed}) ${predicate} DO NOTHING RETURNING id`,
    Object.values(values),
  );
  await app.rows(`DELETE FROM "${table} by one" WHERE id = $1`, [inserted[0]?.['id']]);
  return inserted.length === 0;
}
