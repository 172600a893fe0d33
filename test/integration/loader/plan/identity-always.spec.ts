import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';

import { quarantined } from '../../../support/app/quarantine.js';
import type { StorageApp } from '../../../support/app/storage-app.js';
import { startAppWith } from '../../../support/entities/own-entities.js';

@Entity('counted')
@Index(['name'], { unique: true })
class Counted {
  @PrimaryGeneratedColumn('identity', { generatedIdentity: 'ALWAYS' })
  id: number;

  @Column('text')
  name: string;

  @Column('text', { nullable: true })
  v: string | null;
}

describe('an identity that is GENERATED ALWAYS', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startAppWith([Counted]);
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    await app.rows('TRUNCATE counted RESTART IDENTITY');
    await app.rows(`INSERT INTO counted (name, v) VALUES ('a', '1'), ('b', '1')`);
  });

  const stored = () => app.rows('SELECT id, name, v FROM counted ORDER BY id');
  const A = { id: 1, name: 'a', v: '1' };
  const B = { id: 2, name: 'b', v: '1' };
  const fillers = Array.from({ length: 250 }, (_, n) => ({ id: 1000 + n, name: `n${n}`, v: null }));

  it.each([[[]], [fillers]])('finds rows as the key, and is stored as it comes', async (more) => {
    const records = [{ id: 2, name: 'b', v: '2' }, { id: 7, name: 'c', v: '1' }, ...more];
    expect(await app.loader.load(Counted, records)).toMatchObject({
      inserted: 1 + more.length,
      updated: 1,
      rejected: 0,
    });
    expect(await stored()).toEqual([A, { ...B, v: '2' }, { id: 7, name: 'c', v: '1' }, ...more]);
  });

  it.each(['merge', 'replace'] as const)('is passed over where another key finds the rows: %s', async (disposition) => {
    const records = [{ id: 9, name: 'a', v: '1' }, { id: 9, name: 'b', v: '2' }, { name: 'c' }];
    const result = await app.loader.load(Counted, records, { disposition, primaryKey: 'name' });
    expect(result).toMatchObject({ inserted: 1, updated: 1, unchanged: 1, rejected: 0 });
    expect(await stored()).toEqual([A, { ...B, v: '2' }, { id: expect.any(Number), name: 'c', v: null }]);
  });

  it('is the key of a replace, too', async () => {
    const result = await app.loader.load(Counted, [B, { id: 8, name: 'd' }], { disposition: 'replace' });
    expect(result).toMatchObject({ inserted: 1, unchanged: 1, removed: 1 });
    expect(await stored()).toEqual([B, { id: 8, name: 'd', v: null }]);
  });

  it('is appended as it comes, or made', async () => {
    const result = await app.loader.load(Counted, [{ id: 2, name: 'x' }, { id: 8, name: 'c' }, { name: 'd' }], {
      disposition: 'append',
    });
    expect(result).toMatchObject({ inserted: 2, rejected: 1 });
    expect(await quarantined(app, result.loadId)).toMatchObject([{ position: 0, reason: '23505' }]);
    expect(await app.rows(`SELECT id, name FROM counted WHERE name IN ('c', 'd') ORDER BY name`)).toEqual([
      { id: 8, name: 'c' },
      { id: expect.any(Number), name: 'd' },
    ]);
  });
});
