import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import {
  type CombinedBufferOptions,
  type CombinedLoader,
  type CombinedOutcome,
  EnrichmentModule,
  enrichmentMigrations,
  EnrichmentStoreService,
  LoaderService,
  type RecordBuffer,
  RecordRejectedError,
  StorageModule,
} from '../../../../src/index.js';
import { emptyTables, quarantined } from '../../../support/app/quarantine.js';
import { startStorageApp, type StorageApp } from '../../../support/app/storage-app.js';
import { BufferedEvent, fates } from '../../../support/entities/buffered-event.js';
import { Customer, Order, OrderItem, partsOf, type Purchase } from '../../../support/entities/orders.js';
import { propertyRuns } from '../../../support/sizes/sizes.js';

describe('a buffer of records that feed several tables', () => {
  let app: StorageApp;
  let purchases: CombinedLoader<Purchase>;
  let enrichment: EnrichmentStoreService;
  beforeAll(async () => {
    app = await startStorageApp({ migrations: enrichmentMigrations }, [
      EnrichmentModule.forFeature(),
      StorageModule.forFeature([Customer, Order, OrderItem, BufferedEvent]),
    ]);
    await app.dataSource.synchronize();
    await app.rows('ALTER TABLE submissions ADD CHECK (num_comments >= 0)');
    purchases = app.loader.combine({ customer: Customer, order: Order, items: OrderItem }, partsOf, { name: 'bought' });
    enrichment = app.module.get(EnrichmentStoreService);
  });
  afterAll(() => app.close());
  const empty = async () => {
    await emptyTables(app);
    await app.rows('DELETE FROM order_items; DELETE FROM orders; DELETE FROM customers; DELETE FROM events');
  };
  beforeEach(empty);

  const ada = { id: 'ada', name: 'Ada' };

  it('stores all parts of each record in one transaction, and tells each caller what became of its own', async () => {
    const buffer = purchases.buffer({ maxWaitMs: 0, source: 'web' });
    const bad = { order: 3, buyer: { id: 'bob' }, total: 1, items: [{ sku: 'x', pieces: 0 }] };
    const adding = [
      buffer.add({ order: 1, buyer: ada, total: 1, items: [{ sku: 'x' }] }),
      buffer.add({ order: 1, buyer: ada }),
      buffer.add(bad),
      buffer.add({ order: 4 }),
      buffer.add({ order: 5, buyer: ada, total: 5 }),
      buffer.add({ order: 6, buyer: { id: 'eve' }, total: 1, items: [{ sku: 'x', pieces: 'many' }] }),
    ];
    expect((await Promise.allSettled(adding)).map((fate) => ('value' in fate ? fate.value : fate.status))).toEqual([
      { position: 0, outcome: 'stored' },
      { position: 1, outcome: 'duplicate' },
      'rejected',
      { position: 3, outcome: 'skipped', reason: 'no_parts' },
      { position: 4, outcome: 'stored' },
      'rejected',
    ]);
    await expect(adding[2]).rejects.toBeInstanceOf(RecordRejectedError);
    await expect(adding[2]).rejects.toMatchObject({ reason: '23514' });
    await expect(adding[5]).rejects.toMatchObject({ reason: 'wrong_type' });
    const [load, ...others] = await app.stats.history({ table: 'bought' });
    expect(others).toEqual([]);
    expect(load).toMatchObject({ received: 6, stored: 2, duplicates: 1, skipped: 1, rejected: 2, source: 'web' });
    expect(await app.rows('SELECT id FROM customers')).toEqual([{ id: 'ada' }]);
    expect(await app.rows('SELECT id FROM orders ORDER BY 1')).toEqual([{ id: 1 }, { id: 5 }]);
    const [row] = await quarantined(app, load?.loadId ?? '');
    expect(JSON.parse(String(row?.raw))).toEqual(bad);
  });

  it('stores a row that records share though the first of them is rejected, and tells whose it is', async () => {
    const buffer = purchases.buffer({ maxWaitMs: 0 });
    const adding = [
      buffer.add({ order: 1, buyer: ada, total: -1 }),
      buffer.add({ order: 2, buyer: ada }),
      buffer.add({ order: 2, buyer: { id: 'ada', name: 'A.' } }),
      buffer.add({ order: 3, buyer: { id: 'ada', name: 'A.' } }),
    ];
    expect(await fates(adding)).toEqual(['RECORD_REJECTED', 'stored', 'stored', 'duplicate']);
    expect(await app.rows('SELECT id, name FROM customers')).toEqual([{ id: 'ada', name: 'A.' }]);
  });

  it('tells of records as the results of their loads count them, whatever they share', async () => {
    const purchase = fc.record(
      {
        order: fc.integer({ min: 1, max: 2 }),
        buyer: fc.constantFrom(null, ada, { id: 'bob' }, { id: 'eve', email: 'taken' }, { id: 'kim', email: 'taken' }),
        total: fc.integer({ min: -1, max: 1 }),
        items: fc.array(fc.record({ sku: fc.constantFrom('x', 'y'), pieces: fc.integer({ min: 0, max: 3 }) }), {
          maxLength: 2,
        }),
      },
      { requiredKeys: ['order'] },
    );
    const submission = fc.record(
      {
        submission_id: fc.constantFrom('a', 'b'),
        problem_description: fc.constantFrom(null, 'p'),
        title: fc.constantFrom('t', 'u', 1),
        num_comments: fc.integer({ min: -1, max: 1 }),
      },
      { requiredKeys: ['title'] },
    );
    const expectCounted = async <R extends object>(buffer: RecordBuffer<R, CombinedOutcome>, records: R[]) => {
      await empty();
      const told = await fates(records.map((record) => buffer.add(record)));
      const count = (fate: string): number => told.filter((other) => other === fate).length;
      const all = { stored: count('stored'), duplicates: count('duplicate'), skipped: count('skipped') };
      const counts = { received: records.length, ...all, rejected: count('RECORD_REJECTED') };
      expect(await app.stats.history()).toMatchObject([counts]);
    };
    const halves = app.hybrid.untyped();
    await fc.assert(
      fc.asyncProperty(fc.array(purchase, { minLength: 1, maxLength: 8 }), (records) =>
        expectCounted(purchases.buffer({ maxWaitMs: 0 }), records),
      ),
      propertyRuns(),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(submission, { minLength: 1, maxLength: 8 }), (records) =>
        expectCounted(halves.buffer({ maxWaitMs: 0 }), records),
      ),
      propertyRuns(),
    );
  });

  it('tells of records that are written in one round trip', async () => {
    const buffer = app.loader
      .combine([Customer, BufferedEvent], ({ by, event }: { by?: string; event?: string }) => [
        by === undefined ? null : { id: by },
        event === undefined ? null : { id: event },
      ])
      .buffer({ maxWaitMs: 0, history: 'off' });
    // From now on its plans are known.
    await buffer.add({ by: 'eve' });
    const adding = [buffer.add({ by: 'ada', event: 'e' }), buffer.add({ by: 'ada' }), buffer.add({})];
    expect(await fates(adding)).toEqual(['stored', 'duplicate', 'skipped']);
    expect(await app.count('events')).toBe(1);
  });

  it('takes a record, and splits it, as it is when it is added', async () => {
    class Sale {
      readonly buyer = { ...ada };
      item = { sku: 'x' };
      constructor(readonly order: number) {}
      get total(): number {
        return this.order * 2;
      }
    }
    const split = ({ order, total, item, buyer }: Sale) => {
      if (order === 3) {
        throw new Error('secret');
      }
      return { customer: buyer, order: { id: order, customerId: 'ada', total }, items: { orderId: order, ...item } };
    };
    const entities = { customer: Customer, order: Order, items: OrderItem };
    const buffer = app.loader.combine<typeof entities, Sale>(entities, split).buffer({ maxWaitMs: 0 });
    const sale = new Sale(1);
    const unreadable = new Proxy(sale, {
      ownKeys() {
        throw new Error('secret');
      },
    });
    const adding = [buffer.add(sale)];
    sale.item.sku = 'y';
    sale.buyer.name = 'changed';
    adding.push(buffer.add(new Sale(3)), buffer.add(unreadable), buffer.add([] as unknown as Sale));
    expect(await fates(adding)).toEqual(['stored', 'RECORD_REJECTED', 'RECORD_REJECTED', 'RECORD_REJECTED']);
    for (const [index, reason] of ['split_failed', 'unreadable_value', 'not_an_object'].entries()) {
      await expect(adding[index + 1]).rejects.toMatchObject({ reason });
    }
    expect(await app.rows('SELECT id, total FROM orders')).toEqual([{ id: 1, total: 2 }]);
    expect(await app.rows('SELECT sku FROM order_items')).toEqual([{ sku: 'x' }]);
    expect(await app.rows('SELECT id, name FROM customers')).toEqual([ada]);
  });

  it('stores both halves of hybrid records, or neither', async () => {
    const buffer = app.hybrid.untyped().buffer({ maxWaitMs: 0 });
    const whole = (id: string, num_comments = 1) => ({
      submission_id: id,
      problem_description: 'p',
      title: 't',
      num_comments,
    });
    const changed = whole('a');
    const adding = [buffer.add(changed), buffer.add({ ...whole('a'), title: 'later' }), buffer.add(whole('b', -1))];
    changed.title = 'changed';
    adding.push(
      buffer.add({ submission_id: 'c', title: 't', extra: { mood: 'good' } }),
      buffer.add({ title: 'no key' }),
    );
    expect(await fates(adding)).toEqual(['duplicate', 'stored', 'RECORD_REJECTED', 'stored', 'skipped']);
    expect(await app.rows('SELECT submission_id AS id, title FROM app_opportunities')).toEqual([
      { id: 'a', title: 'later' },
    ]);
    expect(await app.rows('SELECT submission_id AS id, extra FROM submissions ORDER BY 1')).toEqual([
      { id: 'a', extra: null },
      { id: 'c', extra: { mood: 'good' } },
    ]);
    expect(await app.stats.history()).toMatchObject([
      { received: 5, stored: 2, duplicates: 1, skipped: 1, rejected: 1 },
    ]);
    expect(await fates([buffer.add(whole('a')), buffer.add(whole('d'))])).toEqual(['stored', 'stored']);
  });

  it('stores enrichment records', async () => {
    const buffer = enrichment.buffer({ maxWaitMs: 0 });
    const record = (id: string, total: number) => ({ submission_id: id, title: 't', opportunity_scores: { total } });
    const adding = [buffer.add(record('a', 50)), buffer.add(record('b', 101)), buffer.add(record('c', 100))];
    expect(await fates(adding)).toEqual(['stored', 'RECORD_REJECTED', 'stored']);
    for (const table of ['submissions', 'opportunity_scores']) {
      expect(await app.rows(`SELECT submission_id AS id FROM ${table} ORDER BY 1`)).toEqual([{ id: 'a' }, { id: 'c' }]);
    }
  });

  it('refuses options of one table, and the transaction of a caller', async () => {
    const newerBy = { newerBy: 'total' } as CombinedBufferOptions;
    for (const loader of [purchases, app.hybrid, enrichment]) {
      expect(() => loader.buffer(newerBy)).toThrow('remove the options newerBy');
      expect(() => loader.buffer({ maxRecords: 0 })).toThrow('maxRecords must be an integer from 1');
      expect(() => loader.buffer({ loadKey: 'k' } as CombinedBufferOptions)).toThrow('loadKey');
    }
    await app.dataSource.transaction(async (manager) => {
      for (const loader of [purchases, app.hybrid, enrichment]) {
        expect(() => loader.withManager(manager).buffer()).toThrow("cannot load inside a caller's transaction");
      }
    });
  });

  it('is drained at the shutdown of the application', async () => {
    const buffer = purchases.buffer({ maxWaitMs: 60_000 });
    const hybrid = app.hybrid.buffer({ maxWaitMs: 60_000 });
    const adding = [buffer.add({ order: 1, buyer: ada, total: 1 }), hybrid.add({ submission_id: 'a', title: 't' })];
    await app.module.get(LoaderService).beforeApplicationShutdown();
    expect(await fates(adding)).toEqual(['stored', 'stored']);
    expect(await fates([buffer.add({ order: 2 }), hybrid.add({ submission_id: 'b', title: 't' })])).toEqual([
      'BUFFER_CLOSED',
      'BUFFER_CLOSED',
    ]);
  });
});
