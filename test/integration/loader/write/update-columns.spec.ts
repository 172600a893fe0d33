import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn, VersionColumn } from 'typeorm';

import { ExtraFields, InvalidLoadError, type LoadOptions, QuarantineService } from '../../../../src/index.js';
import { emptyTables } from '../../../support/app/quarantine.js';
import type { StorageApp } from '../../../support/app/storage-app.js';
import { startAppWith } from '../../../support/entities/own-entities.js';

@Entity('makers')
class Maker {
  @PrimaryColumn('text')
  id: string;
}

class Size {
  @Column('integer', { nullable: true })
  width: number | null;

  @Column('integer', { nullable: true })
  height: number | null;
}

@Entity('parts')
class Part {
  @PrimaryColumn('text')
  id: string;

  @Column('text', { name: 'part_title', nullable: true })
  title: string | null;

  @Column('integer', { nullable: true })
  n: number | null;

  @Column(() => Size)
  size: Size;

  @ManyToOne(() => Maker)
  @JoinColumn({ name: 'maker_id' })
  maker: Maker | null;

  @ExtraFields()
  @Column('jsonb', { nullable: true })
  extra: object | null;

  @VersionColumn()
  version: number;
}

/** Every way of writing: one statement, arrays, a staging table. */
const WAYS: readonly { more: number; how: LoadOptions }[] = [
  { more: 0, how: {} },
  { more: 0, how: { loadKey: 'k' } },
  { more: 250, how: {} },
];

describe('columns that a load updates', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startAppWith([Maker, Part]);
    await app.rows("INSERT INTO makers VALUES ('m'), ('o')");
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    await emptyTables(app);
    await app.rows('TRUNCATE parts');
    await app.rows(`INSERT INTO parts (id, part_title, n, "sizeWidth", "sizeHeight", maker_id, extra, version)
                    VALUES ('a', 'old', 1, 1, 1, 'm', '{"x": 1}', 1)`);
  });

  const OLD = { id: 'a', part_title: 'old', n: 1, sizeWidth: 1, sizeHeight: 1, maker_id: 'm', extra: { x: 1 } };
  const NEW = { id: 'a', title: 'new', n: 2, size: { width: 2, height: 2 }, maker: 'o', x: 2 };
  const BEFORE = { id: 'a', title: 'old', n: 1, size: { width: 1, height: 1 }, maker: 'm', x: 1 };
  const written = { ...OLD, part_title: 'new', n: 2, sizeWidth: 2, sizeHeight: 2, maker_id: 'o', extra: { x: 2 } };
  const content = (id: string) =>
    app.rows('SELECT id, part_title, n, "sizeWidth", "sizeHeight", maker_id, extra FROM parts WHERE id = $1', [id]);

  it.each<[LoadOptions, object]>([
    [{ updateColumns: ['title'] }, { part_title: 'new' }],
    [{ updateColumns: ['part_title', 'n'] }, { part_title: 'new', n: 2 }],
    [{ updateColumns: ['size'] }, { sizeWidth: 2, sizeHeight: 2 }],
    [{ updateColumns: ['size.width'] }, { sizeWidth: 2 }],
    [{ updateColumns: ['maker'] }, { maker_id: 'o' }],
    [{ updateColumns: ['maker_id'] }, { maker_id: 'o' }],
    [{ updateColumns: ['extra'] }, { extra: { x: 2 } }],
    [{ keepColumns: ['title'] }, { ...written, part_title: 'old' }],
    [{ keepColumns: ['n', 'extra', 'sizeHeight', 'id'] }, { ...written, n: 1, extra: { x: 1 }, sizeHeight: 1 }],
  ])('are these only; a new row takes all: %j', async (options, changes) => {
    for (const { more, how } of WAYS) {
      const records = [NEW, { ...NEW, id: 'b' }, ...Array.from({ length: more }, (_, n) => ({ id: `c${n}`, n }))];
      expect(await app.loader.load(Part, records, { ...options, ...how })).toMatchObject({ updated: 1, unchanged: 0 });
      expect(await content('a')).toEqual([{ ...OLD, ...changes }]);
      expect(await content('b')).toEqual([{ ...written, id: 'b' }]);
      await app.rows("DELETE FROM parts WHERE id <> 'a'");
      await app.loader.load(Part, [BEFORE]);
    }
  });

  it('leave a row unchanged that differs in others alone', async () => {
    for (const { more, how } of WAYS) {
      const records = [{ ...NEW, title: 'old' }, ...Array.from({ length: more }, (_, n) => ({ id: `c${n}`, n }))];
      const result = await app.loader.load(Part, records, { ...how, updateColumns: ['title'] });
      expect(result).toMatchObject({ updated: 0, unchanged: 1, inserted: more });
    }
    expect(await app.rows("SELECT version FROM parts WHERE id = 'a'")).toEqual([{ version: 1 }]);
  });

  it.each([1, 10])('are updated by later records of a key alone, in batches of %d', async (batchSize) => {
    const records = [
      { id: 'b', title: 'first', n: 1, x: 1 },
      { id: 'b', title: 'second', n: 2, x: 2, y: 2 },
      { id: 'b', size: { width: 3 }, n: 3 },
    ];
    await app.loader.loadBatch(Part, records, { batchSize, updateColumns: ['n'] });
    expect(await content('b')).toMatchObject([{ part_title: 'first', n: 3, sizeWidth: null, extra: { x: 1 } }]);
  });

  it('are those of an update, too', async () => {
    const options: LoadOptions = { disposition: 'update', keepColumns: ['title'] };
    expect(await app.loader.load(Part, [NEW, { ...NEW, id: 'b' }], options)).toMatchObject({ updated: 1, skipped: 1 });
    expect(await content('a')).toEqual([{ ...written, part_title: 'old' }]);
  });

  it('are those of a replay, too, and of a load key', async () => {
    const options: LoadOptions = { updateColumns: ['n'], loadKey: 'k' };
    await app.rows('ALTER TABLE parts ADD CONSTRAINT even CHECK (n <> 2)');
    expect(await app.loader.load(Part, [NEW], options)).toMatchObject({ rejected: 1 });
    await app.rows('ALTER TABLE parts DROP CONSTRAINT even');
    await expect(app.loader.load(Part, [NEW], { loadKey: 'k' })).rejects.toThrow('{"updateColumns":["n"]}');
    expect(await app.module.get(QuarantineService).replay()).toMatchObject({ loaded: 1 });
    expect(await content('a')).toEqual([{ ...OLD, n: 2 }]);
  });

  it.each<[LoadOptions, string | RegExp]>([
    [{ updateColumns: ['titel'] }, 'updateColumns: Part has no column titel that records fill. Did you mean title?'],
    [{ keepColumns: ['version'] }, /keepColumns: Part has no column version that records fill$/],
    [{ keepColumns: [] }, 'keepColumns must be a list of column names'],
    [{ updateColumns: ['n'], keepColumns: ['n'] }, 'give one of the two'],
    [{ updateColumns: ['n'], disposition: 'insert' }, "updateColumns goes with disposition 'merge' or 'update'"],
  ])('are checked before the load begins: %j', async (options, message) => {
    const error: unknown = await app.loader.load(Part, [NEW], options).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(InvalidLoadError);
    expect(() => {
      throw error;
    }).toThrow(message);
    expect(await app.count('storage_loads')).toBe(0);
  });
});
