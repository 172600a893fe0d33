import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Check, Column, Entity, PrimaryColumn } from 'typeorm';

import { QuarantineService } from '../../../../src/index.js';
import { emptyTables } from '../../../support/app/quarantine.js';
import type { StorageApp } from '../../../support/app/storage-app.js';
import { startAppWith } from '../../../support/entities/own-entities.js';

/** Keeps its amount to itself. */
class Money {
  readonly #amount: number;
  constructor(amount: number) {
    this.#amount = amount;
  }
  get amount(): number {
    return this.#amount;
  }
}

class Price {
  @Column('integer', { nullable: true })
  amount: number | null;
}

@Entity('handed')
@Check('handed_v', `v <> 'bad'`)
class Handed {
  @PrimaryColumn('integer')
  id: number;

  @Column('varchar', { length: 5, nullable: true })
  v: string | null;

  @Column('text', { array: true, nullable: true })
  tags: string[] | null;

  @Column('jsonb', { nullable: true })
  meta: unknown;

  @Column('timestamptz', { nullable: true })
  at: Date | null;

  @Column('bytea', { nullable: true })
  bytes: Buffer | null;

  @Column(() => Price)
  price: Price;
}

describe('a record is loaded, and kept, as it was when it was handed over', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startAppWith([Handed]);
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    await emptyTables(app);
    await app.rows('TRUNCATE handed');
  });

  const kept = async (loadId: string): Promise<unknown[]> => {
    const rows = await app.rows<{ raw: Buffer }>(
      'SELECT raw FROM storage_rejected_records WHERE load_id = $1 ORDER BY position',
      [loadId],
    );
    return rows.map(({ raw }) => JSON.parse(raw.toString()) as unknown);
  };

  const FORMS: readonly [string, (app: StorageApp, records: Iterable<object>) => Promise<{ loadId: string }>][] = [
    ['one transaction', ({ loader }, records) => loader.load(Handed, records)],
    ['batches', ({ loader }, records) => loader.loadBatch(Handed, records, { batchSize: 2 })],
    ['a replace', ({ loader }, records) => loader.load(Handed, records, { disposition: 'replace', maxRejects: 9 })],
    ['a buffer', addAll],
  ];

  /** Before the table is known. */
  async function addAll({ loader }: StorageApp, records: Iterable<object>): Promise<{ loadId: string }> {
    loader.clearPlans();
    const buffer = loader.for(Handed).untyped().buffer();
    await Promise.allSettled(Array.from(records, (record) => buffer.add(record)));
    const [load] = await app.rows<{ loadId: string }>('SELECT id AS "loadId" FROM storage_loads');
    return load ?? { loadId: '' };
  }

  it.each(FORMS)('whatever its owner does with the object afterwards: %s', async (_, load) => {
    function* reuse(): Generator<object> {
      const record = { id: 0, v: '', tags: [''], meta: { n: [0] }, at: new Date(0), bytes: Buffer.alloc(1) };
      // The record class rejects one, the table another.
      for (const v of ['a', 'too long', 'bad', 'b']) {
        record.id += 1;
        record.v = v;
        record.tags[0] = `tag ${record.id}`;
        record.meta.n[0] = record.id;
        record.at.setTime(record.id * 1000);
        record.bytes[0] = record.id;
        yield record;
      }
      record.v = 'later';
    }
    const { loadId } = await load(app, reuse());
    const state = (id: number, v: string): object => ({
      id,
      v,
      tags: [`tag ${id}`],
      meta: { n: [id] },
      at: { $date: new Date(id * 1000).toISOString() },
      bytes: { $buffer: Buffer.from([id]).toString('base64') },
    });
    expect(await kept(loadId)).toEqual([state(2, 'too long'), state(3, 'bad')]);
    expect(await app.rows(`SELECT id, v, tags, meta, at, bytes FROM handed ORDER BY id`)).toEqual(
      [1, 4].map((id) => ({
        id,
        v: id === 1 ? 'a' : 'b',
        tags: [`tag ${id}`],
        meta: { n: [id] },
        at: new Date(id * 1000),
        bytes: Buffer.from([id]),
      })),
    );
    await app.rows('ALTER TABLE handed DROP CONSTRAINT handed_v');
    try {
      expect(await app.module.get(QuarantineService).replay({ loadId })).toMatchObject({ loaded: 1, rejected: 1 });
      expect(await app.rows('SELECT v, meta FROM handed WHERE id = 3')).toEqual([{ v: 'bad', meta: { n: [3] } }]);
    } finally {
      await app.rows(`DELETE FROM handed WHERE v = 'bad'`);
      await app.rows(`ALTER TABLE handed ADD CONSTRAINT handed_v CHECK (v <> 'bad')`);
    }
  });

  it('with instances of classes in it, which no copy could replace', async () => {
    const items = new Map([['a', 1]]);
    function* change(): Generator<object> {
      yield { id: 1, v: 'too long', meta: items };
      items.set('a', 2);
    }
    const { loadId } = await app.loader.load(Handed, change());
    expect(await kept(loadId)).toEqual([{ id: 1, v: 'too long', meta: { $map: [['a', 1]] } }]);
  });

  const GETTERS: readonly [string, (record: object) => Promise<unknown>, object][] = [
    [
      'a load',
      (record) => app.loader.load(Handed, [record], { disposition: 'append' }),
      { inserted: 1, unknownFields: {} },
    ],
    ['a buffer', (record) => app.loader.for(Handed).untyped().buffer().add(record), { outcome: 'inserted' }],
  ];

  it.each(GETTERS)(
    'by its getters, also those of its class and of an embedded one, each read once: %s',
    async (...how) => {
      const [, load, loaded] = how;
      app.loader.clearPlans();
      let reads = 0;
      class Source {
        readonly #id = 7;
        get id(): number {
          return this.#id;
        }
        get v(): string {
          reads += 1;
          return reads === 1 ? 'first' : 'second, and too long';
        }
        /** No field of the table: no field of the record. */
        get summary(): string {
          throw new Error('not asked for');
        }
        price = new Money(5);
      }
      const meta = {
        get text() {
          reads += 1;
          return reads === 2 ? 'a' : '\ud800';
        },
      };
      const record = Object.assign(new Source(), { meta });
      const descriptor = Object.getOwnPropertyDescriptor(meta, 'text') as PropertyDescriptor;
      Object.defineProperty(record.meta, 'text', descriptor);
      expect(await load(record)).toMatchObject(loaded);
      expect(await app.rows('SELECT id, v, meta, "priceAmount" FROM handed')).toEqual([
        { id: 7, v: 'first', meta: { text: 'a' }, priceAmount: 5 },
      ]);
      expect(reads).toBe(2);
    },
  );

  it('with the fields that it inherits from another object', async () => {
    const shared = { v: 'both', meta: { text: 'a' }, id: undefined, other: 1 };
    const records = [1, 2].map((id) =>
      Object.assign(Object.create(shared) as object, { id, ...(id === 2 && { v: 'own' }) }),
    );
    expect(await app.loader.load(Handed, records)).toMatchObject({ inserted: 2, unknownFields: {} });
    expect(await app.rows('SELECT id, v, meta FROM handed ORDER BY id')).toEqual([
      { id: 1, v: 'both', meta: { text: 'a' } },
      { id: 2, v: 'own', meta: { text: 'a' } },
    ]);
  });

  it('and a record that cannot be read costs only itself', async () => {
    const throwing = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error('secret');
        },
      },
    );
    const revoked = Proxy.revocable({}, {});
    revoked.revoke();
    const records = [
      { id: 1 },
      throwing,
      revoked.proxy,
      Promise.resolve({ id: 2 }),
      [{ id: 2 }],
      new Map([['id', 2]]),
      { id: 3 },
    ];
    const result = await app.loader.load(Handed, records);
    expect(result).toMatchObject({ inserted: 2, rejected: 5 });
    expect(result.rejects.map(({ reason, message }) => [reason, message])).toEqual([
      ['unreadable_value', 'reading the record threw an error'],
      ['unreadable_value', 'reading the record threw an error'],
      ['not_an_object', 'a record is an object, found Promise'],
      ['not_an_object', 'a record is an object, found array'],
      ['not_an_object', 'a record is an object, found Map'],
    ]);
    expect(await kept(result.loadId)).toEqual([
      { $unreadable: true },
      { $unreadable: true },
      { $unsupported: ['Promise', {}] },
      [{ id: 2 }],
      { $map: [['id', 2]] },
    ]);
  });
});
