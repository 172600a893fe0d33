import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

import { InvalidLoadError, NewerBy } from '../../../../src/index.js';
import { startAppWith } from '../../../support/entities/own-entities.js';
import { quarantined } from '../../../support/app/quarantine.js';
import type { StorageApp } from '../../../support/app/storage-app.js';

@Entity('products')
@Index(['shop', 'code'], { unique: true })
@Index('partial_key', ['name'], { unique: true, where: 'price IS NULL' })
class Product {
  @PrimaryColumn('uuid', { default: () => 'gen_random_uuid()' })
  id: string;

  @Column('text', { unique: true })
  sku: string;

  @Column('text', { nullable: true })
  shop: string | null;

  @Column('integer', { nullable: true })
  code: number | null;

  @Column('text')
  name: string;

  @Column('integer', { nullable: true })
  price: number | null;
}

@Entity('readings')
class Reading {
  @PrimaryColumn('text')
  sensor: string;

  @NewerBy()
  @Column('timestamptz', { name: 'seen_at', nullable: true })
  seenAt: Date | null;

  @Column('integer', { nullable: true })
  value: number | null;
}

describe('the key of a merge', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startAppWith([Product, Reading]);
  });
  afterAll(() => app.close());
  beforeEach(() => app.rows('TRUNCATE products, readings'));

  const product = { sku: 's1', shop: 'north', code: 1, name: 'n', price: 5 };

  it('may be another unique key, given by column or property', async () => {
    await app.loader.load(Product, [product], { primaryKey: 'sku' });
    const [{ id } = { id: '' }] = await app.rows<{ id: string }>('SELECT id FROM products');
    const result = await app.loader.load(Product, [{ shop: 'north', code: 1, price: 6 }], {
      primaryKey: ['code', 'shop'],
    });

    expect(result).toMatchObject({ updated: 1, inserted: 0 });
    expect(await app.rows('SELECT id, sku, price FROM products')).toEqual([{ id, sku: 's1', price: 6 }]);
  });

  it.each([[['price']], [['shop']], [['shop', 'code', 'sku']], [['nothing']]])(
    'is rejected at once when no unique index covers it: %j',
    async (primaryKey) => {
      const load = app.loader.load(Product, [product], { primaryKey });
      await expect(load).rejects.toThrow(InvalidLoadError);
      await expect(app.loader.load(Product, [product], { primaryKey })).rejects.toThrow(
        /Set primaryKey to one of its unique keys: (?=.*\(id\))(?=.*\(sku\))(?=.*\(shop, code\))/,
      );
      expect(await app.count('products')).toBe(0);
    },
  );

  it('must be carried by every record: null or absent is rejected as missing_key', async () => {
    const records = [{ ...product, sku: null }, { name: 'm' }, product];
    const result = await app.loader.for(Product).untyped().load(records, { primaryKey: 'sku' });
    expect(result).toMatchObject({ inserted: 1, rejected: 2 });
    expect(result.rejects.map(({ reason, column }) => [reason, column])).toEqual([
      ['null_not_allowed', 'sku'],
      ['missing_key', 'sku'],
    ]);
  });

  it('is said to be made by the database in an append only, where that makes it', async () => {
    const { rejects } = await app.loader.for(Product).untyped().load([product]);
    expect(rejects).toMatchObject([
      { reason: 'missing_key', message: expect.stringContaining("disposition 'append'") },
    ]);
    expect(await app.loader.load(Product, [product], { disposition: 'append' })).toMatchObject({ inserted: 1 });
  });

  it('tells a row that exists from a new one when a NOT NULL column is absent', async () => {
    await app.loader.load(Product, [product], { primaryKey: 'sku' });
    const partial = [
      { sku: 's1', price: 7 },
      { sku: 's2', price: 8 },
      { sku: 's3', name: 'whole', price: 9 },
    ];
    const result = await app.loader.load(Product, partial, { primaryKey: 'sku' });

    expect(result).toMatchObject({ updated: 1, inserted: 1, rejected: 1 });
    expect(await quarantined(app, result.loadId)).toMatchObject([
      { reason: '23502', column: 'name', position: 1, key: 's2' },
    ]);
    expect(await app.rows('SELECT sku, name, price FROM products ORDER BY sku')).toEqual([
      { sku: 's1', name: 'n', price: 7 },
      { sku: 's3', name: 'whole', price: 9 },
    ]);
  });

  it('folds keys that are one value in two spellings', async () => {
    const id = '0b0e4f5c-7d0c-4f43-9a6b-2b1f6f0c9d11';
    const records = [
      { id, ...product, code: 1 },
      { id: id.toUpperCase().replaceAll('-', ''), ...product, code: '01' },
    ];
    expect(await app.loader.load(Product, records)).toMatchObject({ inserted: 1, duplicates: 1, rejected: 0 });
    expect(await app.loader.load(Product, records, { primaryKey: ['shop', 'code'] })).toMatchObject({
      duplicates: 1,
      unchanged: 1,
    });
  });

  const reading = (value: number, hour: number | null) => ({
    sensor: 'x',
    value,
    seen_at: hour === null ? null : `2024-01-01T0${hour}:00:00Z`,
  });
  const value = async () => (await app.rows('SELECT value FROM readings'))[0]?.['value'];

  it('with @NewerBy: an older row changes nothing and is unchanged, an equal or newer one is written', async () => {
    await app.loader.load(Reading, [reading(1, 5)]);
    expect(await app.loader.load(Reading, [reading(2, 4)])).toMatchObject({ unchanged: 1, updated: 0 });
    expect(await value()).toBe(1);
    expect(await app.loader.load(Reading, [reading(3, 5)])).toMatchObject({ updated: 1 });
    expect(await app.loader.load(Reading, [reading(4, 6)])).toMatchObject({ updated: 1 });
    expect(await value()).toBe(4);
  });

  it('with @NewerBy: the order inside one load does not matter', async () => {
    const result = await app.loader.load(Reading, [reading(1, 3), reading(2, 7), reading(3, 5)]);
    expect(result).toMatchObject({ received: 3, inserted: 1, updated: 1, unchanged: 1, rejected: 0 });
    expect(await value()).toBe(2);
  });

  it('with newerBy as an option, by column or property', async () => {
    await app.loader.load(Product, [product], { primaryKey: 'sku', newerBy: 'price' });
    const older = { ...product, name: 'older', price: 4 };
    expect(await app.loader.load(Product, [older], { primaryKey: 'sku', newerBy: 'price' })).toMatchObject({
      unchanged: 1,
    });
    expect(await app.loader.load(Product, [older], { primaryKey: 'sku' })).toMatchObject({ updated: 1 });
    await app.loader.load(Reading, [reading(1, 5)]);
    expect(await app.loader.load(Reading, [reading(9, 4)], { newerBy: 'seenAt' })).toMatchObject({ unchanged: 1 });
    await expect(app.loader.load(Reading, [reading(9, 4)], { newerBy: 'nothing' })).rejects.toThrow(
      /no column nothing/,
    );
    await expect(app.loader.load(Reading, [reading(9, 4)], { newerBy: 'seenAd' })).rejects.toThrow(
      'no column seenAd. Did you mean seenAt?',
    );
  });
});
