import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import type { CombinedLoader } from '../../src/index.js';
import { quarantined } from '../support/app/quarantine.js';
import type { StorageApp } from '../support/app/storage-app.js';
import { Customer, Order, OrderItem, partsOf, type Purchase } from '../support/entities/orders.js';
import { startAppWith } from '../support/entities/own-entities.js';
import { propertyRuns } from '../support/sizes/sizes.js';

const few = <T>(...values: T[]): fc.Arbitrary<T> => fc.constantFrom(...values);

/** Purchases of few customers, orders and goods, so that most share rows; some of them break a rule or a constraint. */
const purchase: fc.Arbitrary<Purchase> = fc.record(
  {
    order: fc.integer({ min: 1, max: 6 }),
    buyer: fc.option(
      fc.record(
        { id: few('a', 'b', 'c', ' '), name: few('x', 'y', null), email: few('a@x', 'b@x', 'c@x') },
        { requiredKeys: ['id'] },
      ),
    ),
    total: fc.integer({ min: -1, max: 4 }),
    items: fc.array(
      fc.record({ sku: few('p', 'q', 'r'), pieces: few<number | string>(1, 2, 0, 'many') }, { requiredKeys: ['sku'] }),
      {
        maxLength: 3,
      },
    ),
  },
  { requiredKeys: ['order'] },
);

describe('a combined load of any records', () => {
  let app: StorageApp;
  let purchases: CombinedLoader<Purchase>;
  beforeAll(async () => {
    app = await startAppWith([Customer, Order, OrderItem]);
    purchases = app.loader.combine({ customer: Customer, order: Order, items: OrderItem }, partsOf);
  });
  afterAll(() => app.close());

  const empty = () => app.rows('DELETE FROM order_items; DELETE FROM orders; DELETE FROM customers');
  const tables = async () => ({
    customers: await app.rows('SELECT id, email, name FROM customers ORDER BY 1'),
    orders: await app.rows('SELECT * FROM orders ORDER BY id'),
    items: await app.rows('SELECT * FROM order_items ORDER BY 1, 2'),
  });

  /** The tables and the rejected records of loads of one record each. */
  async function alone(records: readonly Purchase[]) {
    await empty();
    const rejected: [number, string][] = [];
    for (const [position, record] of records.entries()) {
      const { rejects } = await purchases.load([record]);
      rejected.push(...rejects.map(({ reason }): [number, string] => [position, reason]));
    }
    return { rejected, ...(await tables()) };
  }

  it('does what loads of one record each do, in input order, whatever the batches', async () => {
    const runs = fc.asyncProperty(
      fc.array(purchase, { minLength: 1, maxLength: 25 }),
      fc.integer({ min: 1, max: 30 }),
      async (records, batchSize) => {
        const expected = await alone(records);
        await empty();
        const result = await purchases.loadBatch(records, { batchSize });
        const rows = await quarantined(app, result.loadId);
        expect({ rejected: rows.map(({ position, reason }) => [position, reason]), ...(await tables()) }).toEqual(
          expected,
        );
        const { received, stored, duplicates, skipped, rejected, failed } = result;
        expect([received, failed]).toEqual([records.length, 0]);
        expect(stored + duplicates + skipped + rejected).toBe(received);
        for (const counts of Object.values(result.tables)) {
          const { inserted, updated, unchanged } = counts;
          expect(inserted + updated + unchanged + counts.duplicates + counts.skipped + counts.rejected).toBe(
            counts.received,
          );
        }
      },
    );
    await fc.assert(runs, propertyRuns(200));
  }, 600_000);

  it('stores many records that share rows, without those at fault', async () => {
    await empty();
    const records = Array.from({ length: 3_000 }, (_, order) => ({
      order,
      buyer: { id: `c${order % 7}` },
      total: order % 300 === 0 ? -1 : order,
      items: [{ sku: 'p' }, { sku: 'q' }],
    }));
    const result = await purchases.loadBatch(records, { batchSize: 1_000 });
    expect(result).toMatchObject({
      stored: 2_990,
      rejected: 10,
      tables: {
        customers: { inserted: 7, rejected: 10 },
        orders: { inserted: 2_990 },
        order_items: { inserted: 5_980 },
      },
    });
    const { orders, items } = await tables();
    expect([orders.length, items.length]).toEqual([2_990, 5_980]);
  }, 120_000);
});
