import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Column, Entity, PrimaryColumn } from 'typeorm';

import type { StorageApp } from '../../../support/app/storage-app.js';
import { startAppWith } from '../../../support/entities/own-entities.js';

@Entity('dated')
class Dated {
  @PrimaryColumn('integer')
  id: number;

  @Column('timestamptz', { nullable: true })
  at: Date | null;

  @Column('timestamp', { nullable: true })
  local: Date | null;

  @Column('text', { nullable: true })
  v: string | null;
}

const STORED = '2024-01-01 00:00:00.123456';
const SAME = new Date('2024-01-01T00:00:00.123Z');
const OTHER = new Date('2024-01-01T00:00:00.124Z');

/** A Date has milliseconds, so what TypeORM reads of a moment may lack its last three digits. */
describe('a Date of a moment that is stored with microseconds', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startAppWith([Dated]);
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    await app.rows('TRUNCATE dated');
    await app.rows(`INSERT INTO dated SELECT n, '${STORED}+00', '${STORED}', 'a' FROM generate_series(1, 300) AS n`);
  });

  const local = (date: Date): Date => new Date(date.getTime() + date.getTimezoneOffset() * 60_000);
  const stored = async (id = 1) =>
    app.rows(`SELECT (at AT TIME ZONE 'UTC')::text AS at, local::text AS local, v FROM dated WHERE id = $1`, [id]);

  it.each([1, 300])('is that moment: nothing changes, in %i rows', async (rows) => {
    const records = Array.from({ length: rows }, (_, n) => ({ id: n + 1, at: SAME, local: local(SAME), v: 'a' }));
    expect(await app.loader.load(Dated, records)).toMatchObject({ unchanged: rows });
  });

  it('keeps its digits when another column changes', async () => {
    expect(await app.loader.load(Dated, [{ id: 1, at: SAME, local: local(SAME), v: 'b' }])).toMatchObject({
      updated: 1,
    });
    expect(await stored()).toEqual([{ at: STORED, local: STORED, v: 'b' }]);
  });

  it('is told from another moment, from null and from a text, which is exact', async () => {
    const exact = '2024-01-01T00:00:00.123';
    const records = [
      { id: 1, at: SAME, local: local(OTHER) },
      { id: 2, at: `${exact}Z`, local: local(SAME) },
      { id: 3, at: null, local: exact },
      { id: 4, local: null },
      { id: 5, at: SAME, local: local(SAME) },
    ];
    expect(await app.loader.load(Dated, records)).toMatchObject({ updated: 4, unchanged: 1 });
    const short = '2024-01-01 00:00:00.123';
    expect(await Promise.all([1, 2, 3, 4, 5].map((id) => stored(id)))).toEqual([
      [{ at: STORED, local: '2024-01-01 00:00:00.124', v: 'a' }],
      [{ at: short, local: STORED, v: 'a' }],
      [{ at: null, local: short, v: 'a' }],
      [{ at: STORED, local: null, v: 'a' }],
      [{ at: STORED, local: STORED, v: 'a' }],
    ]);
  });

  it('is no older than the stored one', async () => {
    const options = { newerBy: 'at' };
    expect(await app.loader.load(Dated, [{ id: 1, at: SAME, v: 'b' }], options)).toMatchObject({ updated: 1 });
    const mixed = [
      { id: 2, at: SAME, v: 'c' },
      { id: 3, at: '2024-01-01T00:00:00.123Z', v: 'c' },
    ];
    expect(await app.loader.load(Dated, mixed, options)).toMatchObject({ updated: 1, unchanged: 1 });
    expect(await stored()).toEqual([{ at: STORED, local: STORED, v: 'b' }]);
    expect(await stored(2)).toEqual([{ at: STORED, local: STORED, v: 'c' }]);
  });
});
