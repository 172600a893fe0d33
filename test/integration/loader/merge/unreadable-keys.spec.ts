import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Column, Entity, PrimaryColumn } from 'typeorm';

import { StorageModule } from '../../../../src/index.js';
import { startAppWith } from '../../../support/entities/own-entities.js';
import { quarantined } from '../../../support/app/quarantine.js';
import { startStorageAppAt, type StorageApp } from '../../../support/app/storage-app.js';
import { withLoginRole } from '../../../support/database/login-role.js';

/** A key column of the same name as a column of the statements. */
@Entity('hosts')
class Host {
  @PrimaryColumn('inet')
  n: string;

  @Column('text', { nullable: true })
  v: string | null;
}

@Entity('moments')
class Moment {
  @PrimaryColumn('timestamptz')
  at: string;

  @Column('text', { nullable: true })
  v: string | null;
}

@Entity('amounts')
class Amount {
  @PrimaryColumn('numeric')
  no: string;

  @Column('text', { nullable: true })
  v: string | null;
}

/** Names that the statements use for something else; those that begin with `harbor ` are reserved. */
@Entity('clashes')
class Clash {
  @PrimaryColumn('inet')
  s: string;

  @PrimaryColumn('inet')
  t: string;

  @PrimaryColumn('inet')
  place: string;

  @PrimaryColumn('inet')
  k0: string;

  @Column('text', { nullable: true })
  u: string | null;

  @Column('text', { nullable: true })
  b: string | null;

  @Column('text', { nullable: true })
  same: string | null;

  @Column('text', { nullable: true })
  stored: string | null;

  @Column('text', { nullable: true })
  own: string | null;

  @Column('text', { nullable: true })
  tried: string | null;

  @Column('text', { nullable: true })
  incoming: string | null;

  @Column('text', { nullable: true })
  differs: string | null;

  @Column('text', { nullable: true })
  written: string | null;

  @Column('text', { default: 'd' })
  inserted: string;

  @Column('text', { default: 'd' })
  position: string;
}

describe('keys that only Postgres can read', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startAppWith([Host, Moment, Amount, Clash]);
  });
  afterAll(() => app.close());
  beforeEach(() => app.rows('TRUNCATE hosts, moments, amounts, clashes'));

  const host = (n: string, v: string) => ({ n, v });

  describe.each(['merge', 'replace'] as const)('by %s', (disposition) => {
    it.each([
      ['few', []],
      ['many, which are copied', Array.from({ length: 250 }, (_, index) => host(`10.1.0.${index}`, 'm'))],
    ])('are rejected alone where it cannot, and folded where it can, among %s', async (_, others) => {
      const records = [host('bad', '1'), host('10.0.0.1', '2'), host('bad', '3'), host('10.0.0.1/32', '4'), ...others];
      const result = await app.loader.load(Host, records, { disposition, maxRejects: 10 });

      expect(result).toMatchObject({ inserted: 1 + others.length, duplicates: 1, rejected: 2, failed: 0 });
      expect(await app.rows(`SELECT v FROM hosts WHERE n = '10.0.0.1'`)).toEqual([{ v: '4' }]);
      const rejected = await quarantined(app, result.loadId);
      expect(rejected).toMatchObject([
        { position: 0, reason: '22P02' },
        { position: 2, reason: '22P02' },
      ]);
    });
  });

  it.each([
    [
      'timestamptz',
      Moment,
      'at',
      ['bad', '2024-01-01T00:00:00+16:00', '2024-01-01T00:00:00Z', '2024-01-01T01:00:00+01:00'],
    ],
    ['numeric', Amount, 'no', ['bad', '1e200000', '1', '1.0']],
  ] as const)('are rejected alone, and folded, of %s', async (_, entity, key, values) => {
    const records = values.map((value, v) => ({ [key]: value, v: `${v}` }));
    const result = await app.loader.load(entity as typeof Moment, records);
    expect(result).toMatchObject({ inserted: 1, duplicates: 1, rejected: 2, failed: 0 });
    expect(result.rejects).toMatchObject([
      { position: 0, column: key },
      { position: 1, column: key, reason: expect.stringMatching(/^2200/) },
    ]);
    expect(await app.rows('SELECT v FROM moments UNION ALL SELECT v FROM amounts')).toEqual([{ v: '3' }]);
  });

  it('are told apart one by one where the role cannot run a block', async () => {
    await app.rows('REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC');
    await withLoginRole(app, async (url, role) => {
      await app.rows(`ALTER ROLE ${role} BYPASSRLS`);
      const limited = await startStorageAppAt(url, {}, [StorageModule.forFeature([Host])]);
      try {
        const records = [host('bad', '1'), host('10.0.0.1', '2'), host('10.0.0.1/32', '3')];
        expect(await limited.loader.load(Host, records)).toMatchObject({ inserted: 1, duplicates: 1, rejected: 1 });
      } finally {
        await limited.close();
      }
    });
    await app.rows('GRANT USAGE ON LANGUAGE plpgsql TO PUBLIC');
  });

  const [one, same, two] = ['10.0.0.1', '10.0.0.1/32', '10.0.0.2'];
  const clash = (s: string, fields: object) => ({ s, t: one, place: one, k0: one, ...fields });

  it.each([
    ['few', []],
    ['many, which are copied', Array.from({ length: 250 }, (_, index) => clash(`10.1.0.${index}`, { own: 'm' }))],
  ])('may have any name, among %s', async (_, others) => {
    const first = [clash(one, { u: 'a', inserted: 'i' }), clash(same, { b: 'c' }), clash('oops', {}), ...others];
    const names = ['u', 'b', 'same', 'stored', 'own', 'tried', 'incoming', 'differs', 'written', 'position'];
    expect(await app.loader.load(Clash, first)).toMatchObject({ inserted: 1 + others.length, rejected: 1 });
    const second = [
      clash(same, Object.fromEntries(names.map((name) => [name, 'x']))),
      clash(two, { u: null, inserted: 'j' }),
      ...others,
    ];
    const expected = { updated: 1, inserted: 1, unchanged: others.length };
    expect(await app.loader.load(Clash, second)).toMatchObject(expected);
    expect(await app.rows('SELECT u, inserted, position FROM clashes WHERE s = $1', [one])).toEqual([
      { u: 'x', inserted: 'i', position: 'x' },
    ]);
    expect(await app.loader.load(Clash, second, { disposition: 'replace' })).toMatchObject({ updated: 1, inserted: 0 });
  });
});
