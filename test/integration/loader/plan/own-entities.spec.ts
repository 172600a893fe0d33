import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Column, Entity, PrimaryColumn, UpdateDateColumn, VersionColumn } from 'typeorm';

import { startAppWith } from '../../../support/entities/own-entities.js';
import { emptyTables, quarantined } from '../../../support/app/quarantine.js';
import type { StorageApp } from '../../../support/app/storage-app.js';

class Address {
  @Column('text', { nullable: true })
  city: string | null;

  @Column('text', { name: 'post_code', nullable: true })
  postCode: string | null;
}

const cents = {
  to: (value: number | null) => (value === null ? null : Math.round(value * 100)),
  from: (value: number | null) => (value === null ? null : value / 100),
};
const strict = {
  to: (value: unknown) => {
    if (value === 'forbidden') throw new TypeError(`${value} is not allowed`);
    return value === '' ? null : value;
  },
  from: (value: unknown) => value,
};

@Entity('orders')
class Order {
  @PrimaryColumn('uuid')
  id: string;

  @PrimaryColumn('integer', { name: 'line_no' })
  lineNo: number;

  @Column('enum', { enum: ['new', 'paid'], enumName: 'order_state', default: 'new' })
  state: string;

  @Column('text', { array: true, nullable: true })
  tags: string[] | null;

  @Column('integer', { array: true, default: [] })
  amounts: number[];

  @Column('varchar', { length: 5, nullable: true })
  code: string | null;

  @Column('numeric', { precision: 10, scale: 2, nullable: true })
  price: string | null;

  @Column('bytea', { nullable: true })
  receipt: Buffer | null;

  @Column({ type: 'integer', nullable: true, transformer: cents })
  tip: number | null;

  @Column({ type: 'text', nullable: true, transformer: strict })
  note: string | null;

  @Column('date', { nullable: true })
  day: string | null;

  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  seen: Date | null;

  @Column('real', { nullable: true })
  weight: number | null;

  @Column({ type: 'integer', generatedType: 'STORED', asExpression: 'line_no * 2', nullable: true })
  doubled: number;

  @Column(() => Address)
  address: Address;

  @VersionColumn()
  version: number;

  @UpdateDateColumn({ type: 'timestamptz' })
  changed: Date;
}

const ID = '0b0e4f5c-7d0c-4f43-9a6b-2b1f6f0c9d11';

describe('an entity of the application', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startAppWith([Order]);
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    await emptyTables(app);
    await app.rows('TRUNCATE orders');
  });

  const order = (fields: object = {}) => ({ id: ID, lineNo: 1, ...fields });
  const load = (...fields: object[]) => app.loader.load(Order, fields.map(order));
  const stored = async () => (await app.dataSource.getRepository(Order).find())[0];

  it('reads back through TypeORM what was loaded', async () => {
    const fields = {
      state: 'paid',
      tags: ['a', '', 'NULL', 'x"y\\z', '{}', 'é,\n'],
      amounts: [1, -2],
      code: 'äöü€😀',
      price: '12345678.90',
      receipt: Buffer.from([0, 255, 92, 39]),
      tip: 1.5,
      day: '2024-02-29',
      seen: new Date('2024-01-01T00:00:00.123Z'),
      weight: 0.5,
    };
    expect(await load(fields)).toMatchObject({ inserted: 1, rejected: 0 });
    expect(await stored()).toMatchObject({ id: ID, lineNo: 1, doubled: 2, version: 1, ...fields });
    expect(await load(fields)).toMatchObject({ unchanged: 1 });
  });

  it('takes the defaults of absent columns, also of enums and arrays', async () => {
    await load({});
    expect(await stored()).toMatchObject({ state: 'new', amounts: [], tags: null });
  });

  it('keeps arrays apart: null, empty, and one that holds null', async () => {
    await load({ tags: [] }, { lineNo: 2, tags: null }, { lineNo: 3, tags: [null, 'null'] });
    expect(await app.rows('SELECT tags FROM orders ORDER BY line_no')).toEqual([
      { tags: [] },
      { tags: null },
      { tags: [null, 'null'] },
    ]);
  });

  it('is found by its composite key, in either form', async () => {
    await load({ code: 'a' }, { lineNo: 2, code: 'b' });
    const record = { id: ID.toUpperCase(), line_no: '2', code: 'c' };
    expect(await app.loader.load('orders', [record])).toMatchObject({ updated: 1 });
    expect(await app.rows('SELECT line_no, code FROM orders ORDER BY 1')).toEqual([
      { line_no: 1, code: 'a' },
      { line_no: 2, code: 'c' },
    ]);
  });

  it('is written by COPY as well, whatever the type of its key', async () => {
    const orders = Array.from({ length: 200 }, (_, lineNo) => ({ lineNo, code: 'a' }));
    expect(await load(...orders)).toMatchObject({ inserted: 200, rejected: 0 });
    const mixed = orders.map(({ lineNo }) => (lineNo % 2 === 0 ? { lineNo, code: null } : { lineNo, note: 'n' }));
    expect(await load(...mixed)).toMatchObject({ updated: 200 });
  });

  it.each<[string, string | null, object]>([
    ['too_long', 'code', { code: 'abcdef' }],
    ['too_long', 'code', { code: 'abcde ' }],
    ['inexact_decimal', 'price', { price: 1.005 }],
    ['out_of_range', 'price', { price: '123456789.00' }],
    ['22P02', 'state', { state: 'lost' }],
    ['null_not_allowed', 'state', { state: null }],
    ['wrong_type', 'tags', { tags: 'a' }],
    ['wrong_type', 'amounts', { amounts: [1, 'x'] }],
    ['wrong_type', 'receipt', { receipt: 'text' }],
    ['wrong_type', 'id', { id: 'no uuid' }],
    ['out_of_range', 'line_no', { lineNo: 2 ** 31 }],
    ['missing_key', 'line_no', { lineNo: undefined }],
    ['invalid_date_time', 'day', { day: '2023-02-29' }],
    ['inexact_integer', 'weight', { weight: 16_777_217 }],
    ['inexact_date_time', 'seen', { seen: '2024-01-01T00:00:00.123456Z' }],
    ['unknown_field', null, { mood: 'good' }],
  ])('rejects by name what a column cannot hold exactly: %s in %s', async (reason, column, fields) => {
    const result = await load({ lineNo: 7 }, fields, { lineNo: 8 });
    expect(result).toMatchObject({ inserted: 2, rejected: 1 });
    expect(await quarantined(app, result.loadId)).toMatchObject([{ reason, column, position: 1 }]);
  });

  it('goes through transformers, which may turn a value into null', async () => {
    expect(await load({ tip: 1.25, note: '' })).toMatchObject({ inserted: 1, rejected: 0 });
    expect(await app.rows('SELECT tip, note FROM orders')).toEqual([{ tip: 125, note: null }]);
  });

  it('loses only the record a transformer throws at', async () => {
    const result = await load({ note: 'a' }, { lineNo: 2, note: 'forbidden' }, { lineNo: 3, note: 'b' });
    expect(result).toMatchObject({ inserted: 2, rejected: 1 });
    expect(result.rejects).toMatchObject([{ position: 1, column: 'note' }]);
  });

  it('counts @VersionColumn up on a change only, and sets @UpdateDateColumn then', async () => {
    await load({ code: 'a' });
    const first = await stored();
    await load({ code: 'a' });
    expect(await stored()).toMatchObject({ version: 1, changed: first?.changed });
    await load({ code: 'b' });
    const second = await stored();
    expect(second?.version).toBe(2);
    expect(second?.changed.getTime()).toBeGreaterThan(first?.changed.getTime() ?? Infinity);
  });

  it('takes embedded columns by column name', async () => {
    expect(await load({ addressCity: 'Rome', addressPost_code: '00100' })).toMatchObject({ inserted: 1 });
    expect((await stored())?.address).toEqual({ city: 'Rome', postCode: '00100' });
  });

  it('takes embedded columns as the nested object TypeORM reads them into', async () => {
    expect(await load({ address: { city: 'Oslo' } })).toMatchObject({ inserted: 1, rejected: 0 });
    expect((await stored())?.address).toEqual({ city: 'Oslo', postCode: null });
  });
});
