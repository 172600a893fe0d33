import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Column, Entity, PrimaryColumn, VersionColumn } from 'typeorm';

import { InvalidLoadError, NewerBy, Preserved } from '../../../../src/index.js';
import { startAppWith } from '../../../support/entities/own-entities.js';
import { slowAbove } from '../../../support/database/slow-table.js';
import type { StorageApp } from '../../../support/app/storage-app.js';

@Entity('shapes')
class Shape {
  @PrimaryColumn('text')
  id: string;

  @Column({ type: 'box', nullable: true })
  area: string | null;

  @Column({ type: 'interval', nullable: true })
  lasts: string | null;

  @Column('numeric', { nullable: true })
  amount: string | null;
}

@Entity('readings')
class Reading {
  @PrimaryColumn('text')
  id: string;

  @Preserved()
  @NewerBy()
  @Column('integer', { nullable: true })
  seen: number | null;

  @Column({ type: 'text', nullable: true, update: false })
  origin: string | null;

  @Column('text', { nullable: true })
  note: string | null;
}

@Entity('versioned')
class Versioned {
  @PrimaryColumn('text')
  id: string;

  @NewerBy()
  @VersionColumn()
  revision: number;
}

@Entity('crossed')
class Crossed {
  @PrimaryColumn('text')
  id: string;

  @Column('text', { name: 'name', nullable: true })
  fullName: string | null;

  @Column('text', { name: 'title', nullable: true })
  name: string | null;
}

describe('what a column means', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startAppWith([Shape, Reading, Versioned, Crossed]);
  });
  afterAll(() => app.close());
  beforeEach(() => app.rows('TRUNCATE shapes, readings'));

  it.each([
    ['a box of the same area', { area: '(1,2),(0,0)' }, { area: '(2,1),(0,0)' }],
    ['an interval of the same length', { lasts: '1 day' }, { lasts: '24:00:00' }],
    ['a number of more digits', { amount: '1.0' }, { amount: '1.00' }],
  ])('is not unchanged for %s', async (_, stored, incoming) => {
    await app.loader.load(Shape, [{ id: 'a', ...stored }]);
    const again = { id: 'a', ...stored };
    expect(await app.loader.load(Shape, [again])).toMatchObject({ unchanged: 1 });
    expect(await app.loader.load(Shape, [{ id: 'a', ...incoming }])).toMatchObject({ updated: 1 });
  });

  it('may be two things at once', async () => {
    await app.loader.load(Reading, [{ id: 'a', seen: 5, note: 'new' }]);
    expect(await app.loader.load(Reading, [{ id: 'a', seen: 3, note: 'old' }])).toMatchObject({ unchanged: 1 });
    await app.loader.load(Reading, [{ id: 'a', seen: null, note: 'later' }]);
    expect(await app.rows('SELECT seen, note FROM readings')).toEqual([{ seen: 5, note: 'later' }]);
  });

  it('keeps what a column that is never updated was inserted with', async () => {
    await app.loader.load(Reading, [{ id: 'a', origin: 'first' }]);
    await app.loader.load(Reading, [{ id: 'a', origin: 'second', note: 'n' }]);
    expect(await app.rows('SELECT origin, note FROM readings')).toEqual([{ origin: 'first', note: 'n' }]);
  });

  it('is rejected where it cannot be kept', async () => {
    await expect(app.loader.load(Versioned, [{ id: 'a' }])).rejects.toThrow(InvalidLoadError);
    await expect(app.loader.load(Crossed, [{ id: 'a', name: 'x' }])).rejects.toThrow(/"name" is the property of one/);
  });
});

describe('a row that is looked at late', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startAppWith([Reading]);
    await app.rows(`
      CREATE TABLE notes (note text PRIMARY KEY);
      INSERT INTO notes VALUES ('known');
      ALTER TABLE readings ADD FOREIGN KEY (note) REFERENCES notes DEFERRABLE INITIALLY DEFERRED;
    `);
  });
  afterAll(() => app.close());

  it('is rejected by itself, though its constraint waits for COMMIT', async () => {
    const records = [
      { id: 'a', note: 'known' },
      { id: 'b', note: 'unknown' },
    ];
    expect(await app.loader.load(Reading, records)).toMatchObject({ inserted: 1, rejected: 1 });
    expect(await app.rows('SELECT id FROM readings')).toEqual([{ id: 'a' }]);
    expect(await app.rows('SELECT reason FROM storage_rejected_records')).toEqual([{ reason: '23503' }]);
  });

  it('costs nothing that a trigger suppresses without a word', async () => {
    await app.rows(`
      CREATE FUNCTION suppress() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
      CREATE TRIGGER suppress BEFORE INSERT ON readings FOR EACH ROW WHEN (NEW.id = 'gone') EXECUTE FUNCTION suppress();
    `);
    const load = app.loader.load(Reading, [{ id: 'gone' }, { id: 'c' }], { disposition: 'append' });
    await expect(load).rejects.toThrow(/Rows suppressed by a trigger or rule: readings took 1 of 2 rows/);
    expect(await app.rows("SELECT id FROM readings WHERE id = 'c'")).toEqual([]);
  });
});

describe('a batch that takes too long', () => {
  it('is done once more in halves', async () => {
    const app = await startAppWith([Reading], { loader: { statementTimeoutMs: 1_500, maxAttempts: 1 } });
    await app.rows(slowAbove('readings', 5));
    const records = Array.from({ length: 10 }, (_, id) => ({ id: String(id) }));
    expect(await app.loader.load(Reading, records)).toMatchObject({ inserted: 10, failed: 0 });
    await app.close();
  });
});
