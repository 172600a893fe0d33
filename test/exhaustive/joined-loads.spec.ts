import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Check, Column, Entity, PrimaryColumn } from 'typeorm';

import { propertyRuns } from '../support/sizes/sizes.js';
import { startAppWith } from '../support/entities/own-entities.js';
import type { StorageApp } from '../support/app/storage-app.js';

@Entity('a')
class A {
  @PrimaryColumn('integer')
  id: number;
}

@Entity('b')
@Check('n < 1000')
class B {
  @PrimaryColumn('integer')
  id: number;

  @Column('integer', { nullable: true })
  n: number | null;
}

/** A load: its table, its records by id, whether their CHECK fails, and how it is called. */
const loads = fc.record({
  table: fc.constantFrom<['a' | 'b', typeof A | typeof B]>(['a', A], ['b', B]),
  // Fewer and more than the writers change at.
  ids: fc.oneof(
    fc.uniqueArray(fc.nat(500), { maxLength: 12 }),
    fc.integer({ min: 190, max: 320 }).map((count) => Array.from({ length: count }, (_, id) => id)),
  ),
  faults: fc.array(fc.nat(320), { maxLength: 3 }),
  batchSize: fc.option(fc.integer({ min: 1, max: 250 }).filter((size) => size < 4 || size > 90)),
});

describe('loads called at once in one transaction', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startAppWith([A, B]);
  });
  afterAll(() => app.close());

  it.each([2, 3, 8])(
    'leave what they leave one after the other: %i loads',
    async (count) => {
      const { numRuns, ...seed } = propertyRuns(400);
      const property = fc.asyncProperty(fc.array(loads, { minLength: count, maxLength: count }), async (chosen) => {
        await app.rows('TRUNCATE a, b');
        const results = await app.dataSource.transaction((manager) =>
          Promise.all(
            chosen.map(({ table: [, entity], ids, faults, batchSize }) => {
              const records = ids.map((id) => (entity === B && faults.includes(id) ? { id, n: 1000 } : { id }));
              const loader = app.loader.for<A | B>(entity).withManager(manager);
              return batchSize === null ? loader.load(records) : loader.loadBatch(records, { batchSize });
            }),
          ),
        );
        const stored = { a: new Set<number>(), b: new Set<number>() };
        for (const [index, { table, ids, faults }] of chosen.entries()) {
          const [name] = table;
          const good = ids.filter((id) => name === 'a' || !faults.includes(id));
          const added = good.filter((id) => !stored[name].has(id));
          added.forEach((id) => stored[name].add(id));
          expect(results[index]).toMatchObject({
            received: ids.length,
            inserted: added.length,
            unchanged: good.length - added.length,
            updated: 0,
            rejected: ids.length - good.length,
          });
        }
        const held = await app.rows<{ table: string; ids: number[] }>(
          `SELECT 'a' AS table, array_agg(id ORDER BY id) AS ids FROM a UNION ALL
         SELECT 'b', array_agg(id ORDER BY id) FROM b`,
        );
        const sorted = (ids: Set<number>): number[] => [...ids].sort((x, y) => x - y);
        expect(held.map(({ ids }) => ids ?? [])).toEqual([sorted(stored.a), sorted(stored.b)]);
      });
      await fc.assert(property, { ...seed, numRuns: Math.ceil(numRuns / 3) });
    },
    600_000,
  );
});
