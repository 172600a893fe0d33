import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Type } from '@nestjs/common';
import fc from 'fast-check';
import { Column, type ColumnOptions, Entity, PrimaryColumn } from 'typeorm';

import { InvalidLoadError, type LoadOptions, StorageModule } from '../../../src/index.js';
import { emptyTables } from '../../support/app/quarantine.js';
import { startStorageApp, type StorageApp } from '../../support/app/storage-app.js';
import { propertyRuns } from '../../support/sizes/sizes.js';

type AnyRecord = Readonly<Record<string, unknown>>;

interface Kind {
  readonly entity: Type<object>;
  readonly table: string;
  readonly keys: readonly AnyRecord[];
}

/** A table whose primary key has these columns, and keys of which some are equal to Postgres. */
function kindOf(
  name: string,
  types: readonly [ColumnOptions['type'] & string, ColumnOptions?][],
  keys: readonly (readonly unknown[])[],
): Kind {
  const table = `sharded_by_${name}`;
  class Sharded {}
  Entity(table)(Sharded);
  types.forEach(([type, options], index) =>
    PrimaryColumn({ ...options, type } as never)(Sharded.prototype, 'ab'.charAt(index)),
  );
  Column('integer', { nullable: true })(Sharded.prototype, 'v');
  Column('text', { nullable: true })(Sharded.prototype, 'w');
  const named = keys.map((values) => Object.fromEntries(values.map((value, index) => ['ab'.charAt(index), value])));
  return { entity: Sharded, table, keys: named };
}

const UUID = '0b0e4f5c-7d0c-4f43-9a6b-2b1f6f0c9d1';

const KINDS: readonly Kind[] = [
  kindOf('text', [['text']], [['a'], ['A'], ['grün'], ['b'], [5], [' a']]),
  kindOf('integer', [['integer']], [[1], ['1'], ['01'], [2], ['2.0'], [0], [-0], ['x'], [2 ** 40]]),
  kindOf('bigint', [['bigint']], [[1], ['1'], [9007199254740993n], ['9007199254740993'], ['3']]),
  kindOf(
    'uuid',
    [['uuid']],
    [[`${UUID}1`], [`${UUID}1`.toUpperCase()], [`${UUID}1`.replaceAll('-', '')], [`${UUID}2`], [`${UUID}3`]],
  ),
  kindOf('numeric', [['numeric']], [['1'], ['1.0'], [1], ['1e0'], ['100e-2'], ['2'], [0.1], ['0.10'], ['-0'], [0]]),
  kindOf('scale', [['numeric', { precision: 8, scale: 2 }]], [['1'], ['1.00'], ['1.5'], [1.5], ['1.255'], ['2']]),
  kindOf(
    'double',
    [['double precision']],
    [[1], ['1.0'], ['1e0'], [-0], [0], [0.1], ['0.10'], ['0.1000000000000000055']],
  ),
  kindOf('boolean', [['boolean']], [[true], ['true'], [false], ['f']]),
  kindOf(
    'moment',
    [['timestamptz']],
    [
      ['2024-01-01T00:00:00Z'],
      ['2024-01-01 02:00:00.0+02'],
      [new Date('2024-01-01T00:00:00Z')],
      ['2024-01-01T00:00:00.000001Z'],
      ['2024-01-01T00:00:00'],
      ['2024-01-01T00:00:00+16:00'],
      ['infinity'],
    ],
  ),
  kindOf('local_time', [['timestamp']], [['2024-01-01T00:00'], ['2024-01-01 00:00:00.000'], ['2024-01-02T00:00:00']]),
  kindOf('date', [['date']], [['2024-01-01'], ['2024-01-02'], ['infinity'], ['0044-03-15 BC']]),
  kindOf(
    'strict_and_loose',
    [['text'], ['citext']],
    [
      ['x', 'q'],
      ['x', 'Q'],
      ['y', 'q'],
      ['z', 'Q'],
    ],
  ),
];

const LOOSE: readonly Kind[] = [
  kindOf('citext', [['citext']], []),
  kindOf('interval', [['interval']], []),
  kindOf('real', [['real']], []),
  kindOf('blanks', [['char', { length: 4 }]], []),
];

describe('a load in any number of shards', () => {
  let app: StorageApp;
  beforeAll(async () => {
    const entities = [...KINDS, ...LOOSE].map(({ entity }) => entity);
    app = await startStorageApp({ poolSize: 20 }, [StorageModule.forFeature(entities)]);
    await app.rows('CREATE EXTENSION IF NOT EXISTS citext');
    await app.dataSource.synchronize();
    for (const { table } of KINDS) {
      await app.rows(`ALTER TABLE ${table} ADD CHECK (w <> 'bad')`);
    }
  });
  afterAll(() => app.close());

  const leftBy = async (table: string, order: string, work: () => Promise<unknown>) => {
    await emptyTables(app);
    await app.rows(`DELETE FROM ${table}`);
    await work();
    return {
      rows: await app.rows(`SELECT * FROM ${table} ORDER BY ${order}`),
      rejected: await app.rows(
        'SELECT position, reason, column_name, record_key, raw FROM storage_rejected_records ORDER BY position',
      ),
      loads: await app.rows(
        `SELECT status, received, inserted, updated + unchanged + duplicates AS again, skipped, rejected, failed, unknown_fields
           FROM storage_loads`,
      ),
    };
  };

  const loads = (keys: readonly AnyRecord[]) =>
    fc.record({
      records: fc.array(
        fc
          .tuple(
            fc.option(fc.constantFrom(...keys), { freq: 8, nil: {} }),
            fc.record(
              {
                v: fc.constantFrom(1, 2, 3, 4, 5, null, 'no integer'),
                w: fc.constantFrom('m', 'n', 'o', 'p', null, 'bad'),
              },
              { requiredKeys: [] },
            ),
          )
          .map(([key, given]): unknown => ({ ...key, ...given })),
        { minLength: 1, maxLength: 60, size: 'max' },
      ),
      disposition: fc.constantFrom('merge' as const, 'merge' as const, 'insert' as const, 'append' as const),
      batchSize: fc.constantFrom(1, 3, 100),
      count: fc.integer({ min: 1, max: 5 }),
      /** Indexes of shards in the order they begin, some again. */
      order: fc.shuffledSubarray([0, 1, 2, 3, 4, 0, 1, 2, 3, 4], { minLength: 10 }),
      atOnce: fc.boolean(),
    });

  it.each(KINDS)(
    'leaves $table, its rejected records and its history as one loader does',
    async ({ entity, table, keys }) => {
      expect.hasAssertions();
      const key = Object.keys(keys[0] ?? {})
        .map((name) => `${name}::text`)
        .join(', ');
      await fc.assert(
        fc.asyncProperty(loads(keys), async ({ records, disposition, batchSize, count, order, atOnce }) => {
          const load = (more: LoadOptions) =>
            app.loader.loadBatch(entity, records as object[], { loadKey: 'k', disposition, batchSize, ...more });
          const alone = await leftBy(table, key, () => load({}));
          const together = await leftBy(table, key, async () => {
            const indexes = order.filter((index) => index < count);
            if (atOnce) {
              await Promise.all([...new Set(indexes)].map((index) => load({ shard: { index, count } })));
            } else {
              for (const index of indexes) await load({ shard: { index, count } });
            }
          });
          expect(together).toEqual(alone);
        }),
        propertyRuns(60),
      );
    },
  );

  it.each(LOOSE)('is refused for $table, where only Postgres knows which keys are equal', async ({ entity, table }) => {
    const load = app.loader.loadBatch(entity, [{}], { loadKey: 'k', shard: { index: 0, count: 2 } });
    await expect(load).rejects.toThrow(InvalidLoadError);
    await expect(load).rejects.toThrow(`${table} cannot be loaded in shards: only Postgres can tell which values`);
  });
});
