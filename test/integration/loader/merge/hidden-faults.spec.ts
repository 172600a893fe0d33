import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Column, Entity, PrimaryColumn } from 'typeorm';

import { RejectLimitExceededError } from '../../../../src/index.js';
import { startAppWith } from '../../../support/entities/own-entities.js';
import { quarantined } from '../../../support/app/quarantine.js';
import type { StorageApp } from '../../../support/app/storage-app.js';
import { someOf } from '../../../support/sizes/sizes.js';

@Entity('moods')
class Mood {
  @PrimaryColumn('integer')
  id: number;

  @Column('enum', { enum: ['happy', 'sad'], nullable: true })
  mood: string | null;

  @Column('text')
  name: string;

  @Column('integer', { nullable: true })
  parent: number | null;

  @Column('text', { nullable: true })
  v: string | null;
}

const name = 'n';

describe('a record that a later one of its key would hide', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startAppWith([Mood]);
    await app.rows(`
      ALTER TABLE moods ADD CONSTRAINT no_x CHECK (v <> 'x' OR mood = 'happy'),
        ADD CONSTRAINT of_mood FOREIGN KEY (parent) REFERENCES moods;
      CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$;
      CREATE TRIGGER no BEFORE INSERT OR UPDATE ON moods FOR EACH ROW WHEN (NEW.v = 'no') EXECUTE FUNCTION no()`);
  });
  afterAll(() => app.close());
  beforeEach(() => app.rows('TRUNCATE moods'));

  const others = Array.from({ length: 250 }, (_, index) => ({ id: index + 100, name }));
  const cases = [
    ['a type', { mood: 'nope', v: 'y', name }, '22P02'],
    ['a check', { mood: 'sad', v: 'x', name }, '23514'],
    ['a reference', { parent: 99, v: 'y', name }, '23503'],
    ['a missing value', { v: 'y' }, '23502'],
    ['a trigger', { v: 'no', name }, 'P0001'],
  ] as const;

  describe.each([
    ['few', []],
    ['many, which are copied', others],
  ])('among %s', (_, rest) => {
    it.each(someOf(3, cases))('is rejected all the same: %s', async (_what, bad, reason) => {
      const records = [{ id: 1, ...bad }, { id: 1, mood: 'happy', parent: 100, name }, { id: 100, name }, ...rest];
      const result = await app.loader.load(Mood, records);

      expect(result).toMatchObject({ rejected: 1, inserted: Math.max(2, rest.length + 1), failed: 0 });
      expect(await quarantined(app, result.loadId)).toMatchObject([{ position: 0, reason }]);
      expect(await app.rows('SELECT mood, parent, v FROM moods WHERE id = 1')).toEqual([
        { mood: 'happy', parent: 100, v: null },
      ]);
      await app.rows('TRUNCATE moods');
      await expect(app.loader.load(Mood, records, { maxRejects: 0 })).rejects.toThrow(RejectLimitExceededError);
    });
  });

  it.each(someOf(2, cases))('is named by the error of a load that others stop, too: %s', async (_what, bad, reason) => {
    const good = [
      { id: 1, mood: 'happy', parent: 100, name },
      { id: 100, name },
    ];
    const loading = app.loader.load(Mood, [{ id: 1, ...bad }, ...good, { id: 2, ...bad }], { maxRejects: 0 });
    await expect(loading).rejects.toMatchObject({ rejects: [{ position: 0, reason }] });
    await expect(loading).rejects.toThrow('Its first rejected record is number 0');
  });

  it('is none where it only refers to another record of the load', async () => {
    const records = [
      { id: 1, parent: 2, v: 'a', name },
      { id: 1, parent: 2, v: 'b', name },
      { id: 2, parent: 1, v: 'a', name },
      { id: 2, parent: 3, v: 'b', name },
      { id: 3, name },
    ];
    const result = await app.loader.load(Mood, records, { maxRejects: 0 });
    expect(result).toMatchObject({ inserted: 3, duplicates: 2, rejected: 0 });
  });

  it('costs nothing where all records of a key are the same, and no row version where they are in already', async () => {
    const records = [
      { id: 1, mood: 'happy', name },
      { id: 1, mood: 'sad', name },
      { id: 1, mood: 'sad', name },
    ];
    expect(await app.loader.load(Mood, records)).toMatchObject({ inserted: 1, duplicates: 2 });
    const [before] = await app.rows('SELECT xmin, ctid FROM moods');
    expect(await app.loader.load(Mood, records)).toMatchObject({ unchanged: 1, duplicates: 2 });
    expect(await app.rows('SELECT xmin, ctid FROM moods')).toEqual([before]);
  });
});
