import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { type CombinedLoader, InvalidLoadError, QuarantineService } from '../../../../src/index.js';
import { emptyTables, quarantined } from '../../../support/app/quarantine.js';
import type { StorageApp } from '../../../support/app/storage-app.js';
import { Customer, Delivery, Order, OrderItem, partsOf, type Purchase } from '../../../support/entities/orders.js';
import { startAppWith } from '../../../support/entities/own-entities.js';

describe('a combined load', () => {
  let app: StorageApp;
  let purchases: CombinedLoader<Purchase>;
  beforeAll(async () => {
    app = await startAppWith([Customer, Order, OrderItem, Delivery]);
    purchases = app.loader.combine({ customer: Customer, order: Order, items: OrderItem }, partsOf);
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    await emptyTables(app);
    await app.rows('DELETE FROM order_items; DELETE FROM orders; DELETE FROM customers');
  });

  const ada = { id: 'ada', name: 'Ada' };
  const stored = async () => ({
    customers: await app.rows('SELECT id, name FROM customers ORDER BY 1'),
    orders: await app.rows('SELECT id, customer_id AS by, total FROM orders ORDER BY 1'),
    items: await app.rows('SELECT order_id AS "order", sku, pieces FROM order_items ORDER BY 1, 2'),
  });

  it('stores the parts of each record, and counts records and rows', async () => {
    const records = [
      { order: 1, buyer: ada, total: 5, items: [{ sku: 'x' }, { sku: 'y', pieces: 2 }] },
      { order: 2, buyer: ada, total: 7, items: [] },
      { order: 3, buyer: { id: 'bob' } },
    ];
    const result = await purchases.load(records);
    expect(result).toMatchObject({
      kind: 'combined',
      table: 'customers+orders+order_items',
      ok: true,
      received: 3,
      stored: 3,
      rejected: 0,
      tables: {
        customers: { received: 3, inserted: 2, duplicates: 1, skipped: 0 },
        orders: { received: 3, inserted: 2, skipped: 1 },
        order_items: { received: 4, inserted: 2, skipped: 2 },
      },
    });
    expect(await stored()).toEqual({
      customers: [ada, { id: 'bob', name: null }],
      orders: [
        { id: 1, by: 'ada', total: 5 },
        { id: 2, by: 'ada', total: 7 },
      ],
      items: [
        { order: 1, sku: 'x', pieces: 1 },
        { order: 1, sku: 'y', pieces: 2 },
      ],
    });
    expect(await purchases.load(records)).toMatchObject({
      stored: 3,
      tables: { customers: { unchanged: 2, duplicates: 1 }, orders: { unchanged: 2 }, order_items: { unchanged: 2 } },
    });
    const [latest] = await app.stats.history({ table: purchases.name, limit: 1 });
    expect(latest).toMatchObject({
      status: 'completed',
      received: 3,
      stored: 3,
      inserted: 0,
      options: {
        tables: ['customers', 'orders', 'order_items'],
        primaryKeys: { customers: ['id'], orders: ['id'], order_items: ['order_id', 'sku'] },
      },
      tables: { customers: { unchanged: 2 } },
    });
  });

  it.each([
    ['a constraint of the first table', { buyer: { id: 'bad', email: 'taken' } }, '23505', 'customers'],
    ['a constraint of the second table', { total: -1 }, '23514', 'orders'],
    ['a constraint of the last table', { items: [{ sku: 'x' }, { sku: 'y', pieces: 0 }] }, '23514', 'order_items'],
    ['a rule of the last table', { items: [{ sku: 'x' }, { sku: 'y', pieces: 'many' }] }, 'wrong_type', 'order_items'],
    ['an unknown field', { items: [{ sku: 'x', colour: 'red' }] }, 'unknown_field', 'order_items'],
    ['two rows of one key', { items: [{ sku: 'x' }, { sku: 'x' }] }, 'repeated_key', 'order_items'],
  ])('stores no part of a record that breaks %s', async (_, wrong, reason, table) => {
    await app.loader.for(Customer).load([{ id: 'eve', email: 'taken' }]);
    const bad = { order: 2, buyer: { id: 'bad' }, total: 1, items: [{ sku: 'z' }], ...wrong };
    const result = await purchases.load([
      { order: 1, buyer: ada, total: 1 },
      bad,
      { order: 3, buyer: { id: 'bob', name: 'Bob' }, total: 1 },
    ]);
    expect(result).toMatchObject({ received: 3, stored: 2, rejected: 1, ok: false });
    expect(result.tables['orders']).toMatchObject({ received: 3, inserted: 2, rejected: 1 });
    const { customers, orders, items } = await stored();
    expect(customers.map(({ id }) => id)).toEqual(['ada', 'bob', 'eve']);
    expect(orders.map(({ id }) => id)).toEqual([1, 3]);
    expect(items).toEqual([]);
    const [row, ...others] = await quarantined(app, result.loadId);
    expect(others).toEqual([]);
    expect(row).toMatchObject({ reason, position: 1, table: purchases.name });
    expect(JSON.parse(String(row?.raw))).toEqual(bad);
    expect(row?.message).toContain(`table ${table}`);
  });

  it('names the table whose trigger rejects a row', async () => {
    await app.rows(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN IF NEW.sku = 'bad' THEN RAISE EXCEPTION 'no' USING ERRCODE = '22000'; END IF; RETURN NEW; END $$;
      CREATE TRIGGER refuse BEFORE INSERT ON order_items FOR EACH ROW EXECUTE FUNCTION refuse()`);
    try {
      const result = await purchases.load([
        { order: 1, buyer: ada, total: 1, items: [{ sku: 'good' }] },
        { order: 2, buyer: ada, total: 1, items: [{ sku: 'good' }, { sku: 'bad' }] },
      ]);
      expect(result).toMatchObject({ stored: 1, rejected: 1 });
      expect(result.rejects[0]?.message).toContain('table order_items');
    } finally {
      await app.rows('DROP FUNCTION refuse CASCADE');
    }
  });

  it('stores a row that records share also when the first of them is rejected', async () => {
    const result = await purchases.load([
      { order: 1, buyer: ada, total: -1 },
      { order: 2, buyer: ada, total: 2 },
      { order: 3, buyer: ada, total: 3 },
    ]);
    expect(result).toMatchObject({ stored: 2, rejected: 1, tables: { customers: { inserted: 1, rejected: 1 } } });
    expect((await stored()).customers).toEqual([ada]);
  });

  it('applies records that change a row of each other in input order, field by field', async () => {
    const result = await purchases.load([
      { order: 1, buyer: { id: 'ada', email: 'a@b' }, total: 1 },
      { order: 2, buyer: { id: 'ada', name: 'Ada' }, total: 2 },
      { order: 1, buyer: { id: 'bob' }, total: 3 },
      { order: 2, buyer: { id: 'ada', name: null }, total: 2 },
    ]);
    expect(result).toMatchObject({ stored: 4, tables: { customers: { inserted: 2, updated: 2 } } });
    expect(await app.rows('SELECT id, email, name FROM customers ORDER BY 1')).toEqual([
      { id: 'ada', email: 'a@b', name: null },
      { id: 'bob', email: null, name: null },
    ]);
    expect((await stored()).orders).toEqual([
      { id: 1, by: 'bob', total: 3 },
      { id: 2, by: 'ada', total: 2 },
    ]);
  });

  it('gives the fields of one object to the parts that know them, and the others to the last one', async () => {
    const loader = app.loader.combine([Order, Customer], (record: object) => [record, record]);
    await app.loader.for(Customer).load([{ id: 'ada' }]);
    const record = { id: '7', customer_id: 'ada', total: 1, name: 'n', mood: 'good' };
    expect(await loader.load([record])).toMatchObject({ stored: 1, unknownFields: { mood: 1 } });
    expect(await app.rows('SELECT id, name, extra FROM customers WHERE name IS NOT NULL')).toEqual([
      { id: '7', name: 'n', extra: { mood: 'good' } },
    ]);
    expect((await stored()).orders).toEqual([{ id: 7, by: 'ada', total: 1 }]);
  });

  it('loads batch by batch, in order', async () => {
    const records = Array.from({ length: 50 }, (_, index) => ({
      order: index % 20,
      buyer: { id: `c${index % 3}`, name: `${Math.floor(index / 10)}` },
      total: index === 33 ? -1 : index,
      items: [{ sku: `s${index % 5}` }],
    }));
    const result = await purchases.loadBatch(records, { batchSize: 7 });
    expect(result).toMatchObject({ received: 50, stored: 49, rejected: 1, batches: 8, failedBatches: 0 });
    expect((await stored()).customers).toEqual(['c0', 'c1', 'c2'].map((id) => ({ id, name: '4' })));
    const { orders } = await stored();
    expect(orders.find(({ id }) => id === 13)).toMatchObject({ total: 13 });
    expect(orders.find(({ id }) => id === 9)).toMatchObject({ total: 49 });
  });

  it('is part of the transaction of a manager', async () => {
    const rollback = app.dataSource.transaction(async (manager) => {
      const result = await purchases.withManager(manager).load([{ order: 1, buyer: ada, total: 1 }]);
      expect(result).toMatchObject({ stored: 1 });
      throw new Error('rolled back');
    });
    await expect(rollback).rejects.toThrow('rolled back');
    expect((await stored()).customers).toEqual([]);
  });

  it('takes place once by a load key, batch by batch', async () => {
    const records = [1, 2, 3].map((order) => ({ order, buyer: ada, total: order }));
    const first = await purchases.loadBatch(records, { loadKey: 'k', batchSize: 2 });
    const again = await purchases.loadBatch([], { loadKey: 'k' });
    const counts = { customers: { inserted: 1, duplicates: 1, unchanged: 1 }, orders: { inserted: 3 } };
    expect(first).toMatchObject({ alreadyCompleted: false, stored: 3, tables: counts });
    expect(again).toMatchObject({ alreadyCompleted: true, loadId: first.loadId, stored: 3, tables: counts });
  });

  it('merges each table by the key that was named for it when the loader was made', async () => {
    const byEmail = ['email'];
    const loader = app.loader.combine([Customer, Order], (customer: object) => [customer], {
      name: 'by_email',
      primaryKeys: [byEmail],
    });
    byEmail[0] = 'id';
    await loader.load([{ id: 'a', email: 'a@b', name: 'old' }]);
    expect(await loader.load([{ email: 'a@b', name: 'new' }])).toMatchObject({ stored: 1, table: 'by_email' });
    expect((await stored()).customers).toEqual([{ id: 'a', name: 'new' }]);
  });

  it('knows which keys are equal to Postgres, in each table', async () => {
    const loader = app.loader.combine([Customer, Delivery], ({ row }: { readonly row: string }) => {
      const [id = '', ...parcels] = row.split(' ');
      return [{ id }, parcels.map((parcel) => ({ parcel, state: id }))];
    });
    const result = await loader.load(['a 1 2', 'b 1.0', 'c 3 3.00', 'd 2.0 4'].map((row) => ({ row })));
    expect(result).toMatchObject({ stored: 3, rejected: 1, rejects: [{ position: 2, reason: 'repeated_key' }] });
    expect(await app.rows('SELECT parcel::integer AS parcel, state FROM deliveries ORDER BY 1')).toEqual([
      { parcel: 1, state: 'b' },
      { parcel: 2, state: 'd' },
      { parcel: 4, state: 'd' },
    ]);
  });

  it('resumes by its load key after its last committed batch, and shows what that was meanwhile', async () => {
    const records = [1, 2, 3, 4, 5].map((order) => ({ order, buyer: ada, total: order }));
    const stop = new AbortController();
    const options = { loadKey: 'resumed', batchSize: 2 };
    const first = purchases.loadBatch(records, { ...options, signal: stop.signal, onProgress: () => stop.abort() });
    await expect(first).rejects.toMatchObject({ code: 'LOAD_INTERRUPTED', result: { kind: 'combined', stored: 2 } });
    await app.rows("UPDATE storage_loads SET status = 'running'");
    const [running] = await app.stats.history({ table: purchases.name });
    expect(running).toMatchObject({ stored: 2, inserted: 0, tables: { customers: { inserted: 1, duplicates: 1 } } });
    const totals = await app.stats.totals();
    expect(Object.keys(totals).sort()).toEqual(['customers', 'order_items', 'orders']);
    expect(totals['orders']).toMatchObject({ received: 2, loaded: 2 });
    const result = await purchases.loadBatch(records, options);
    expect(result).toMatchObject({ ok: true, stored: 5, receivedEarlier: 2, tables: { orders: { inserted: 5 } } });
  });

  it('does not resume by other keys', async () => {
    const byEmail = app.loader.combine({ customer: Customer, order: Order, items: OrderItem }, partsOf, {
      primaryKeys: { customer: 'email' },
    });
    const records = [{ order: 1, buyer: { id: 'ada', email: 'ada@example.org' }, total: 1 }];
    const options = { loadKey: 'other keys' };
    await purchases.loadBatch(records, options);
    await app.rows("UPDATE storage_loads SET status = 'interrupted'");
    await expect(byEmail.loadBatch(records, options)).rejects.toThrow(
      /^loadKey "other keys" belongs to load .*"customers":\["id"\].*This load is .*"customers":\["email"\]/,
    );
    expect(await purchases.loadBatch(records, options)).toMatchObject({ ok: true, stored: 1, receivedEarlier: 1 });
  });

  it('is replayed by its loader only; a replay without it leaves its records, and replays the others', async () => {
    await app.rows('ALTER TABLE orders DROP CONSTRAINT orders_total_check');
    await app.rows('ALTER TABLE orders ADD CONSTRAINT orders_total_check CHECK (total > 100) NOT VALID');
    const quarantine = app.module.get(QuarantineService);
    try {
      await purchases.load([{ order: 1, buyer: ada, total: 5 }]);
      await app.loader.load(Customer, [{ id: 'bob' }]);
      await app.loader.load(Order, [{ id: 2, customerId: 'bob', total: 6 }]);
    } finally {
      await app.rows('ALTER TABLE orders DROP CONSTRAINT orders_total_check');
      await app.rows('ALTER TABLE orders ADD CONSTRAINT orders_total_check CHECK (total >= 0) NOT VALID');
    }
    const left = [{ table: purchases.name, records: 1, message: expect.stringContaining('{ combined: [loader] }') }];
    const nothing = { received: 0, loaded: 0, rejected: 0, rejects: [] };
    expect(await quarantine.replay()).toMatchObject({ ...nothing, ok: false, received: 1, loaded: 1, left });
    expect(await quarantine.replay()).toMatchObject({ ...nothing, ok: false, loads: [], left });
    expect((await stored()).orders).toEqual([{ id: 2, by: 'bob', total: 6 }]);
    const result = await quarantine.replay({ table: purchases.name }, { combined: [purchases] });
    expect(result).toMatchObject({ ok: true, loaded: 1, left: [], loads: [{ kind: 'combined', stored: 1 }] });
    expect((await stored()).orders).toMatchObject([{ id: 1, by: 'ada', total: 5 }, { id: 2 }]);
  });

  it.each([
    ['one entity', () => app.loader.combine([Order], () => [])],
    ['a table twice', () => app.loader.combine([Order, Order], () => [])],
    ['the name of a table', () => app.loader.combine([Order, Customer], () => [], { name: 'order_items' })],
    ['a reserved name', () => app.loader.combine([Order, Customer], () => [], { name: 'hybrid' })],
    ['an unknown entity', () => app.loader.combine([Order, 'nowhere'], () => [])],
    [
      'a key that is none',
      () => app.loader.combine([Order, Customer], () => [], { primaryKeys: [5] } as unknown as object),
    ],
    ['an option that there is not', () => app.loader.combine([Order, Customer], () => [], { nam: 'x' } as object)],
    [
      'a key of another entity',
      () => app.loader.combine({ o: Order, c: Customer }, () => ({}), { primaryKeys: { x: 'id' } } as object),
    ],
  ])('cannot be made of %s', (_, make) => {
    expect(make).toThrow(InvalidLoadError);
  });

  it('does not take options of a load into one table', async () => {
    const wrong = { disposition: 'append', primaryKey: 'id', returning: [] };
    await expect(purchases.load([], wrong as object)).rejects.toThrow(
      /remove the options disposition, primaryKey, returning/,
    );
  });
});
