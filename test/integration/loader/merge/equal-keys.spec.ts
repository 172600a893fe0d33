import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Column, Entity, PrimaryColumn } from 'typeorm';

import type { LoadOptions } from '../../../../src/index.js';
import { startAppWith } from '../../../support/entities/own-entities.js';
import type { StorageApp } from '../../../support/app/storage-app.js';
import { someOf } from '../../../support/sizes/sizes.js';

@Entity('by_numeric')
class ByNumeric {
  @PrimaryColumn('numeric')
  key: string;

  @Column('text', { nullable: true })
  note: string | null;
}

@Entity('by_moment')
class ByMoment {
  @PrimaryColumn('timestamptz')
  key: Date;

  @Column('text', { nullable: true })
  note: string | null;
}

@Entity('by_bytes')
class ByBytes {
  @PrimaryColumn('bytea')
  key: Buffer;

  @Column('text', { nullable: true })
  note: string | null;
}

@Entity('by_char')
class ByChar {
  @PrimaryColumn('char', { length: 4 })
  key: string;

  @Column('text', { nullable: true })
  note: string | null;
}

@Entity('by_name')
class ByName {
  @PrimaryColumn('text')
  key: string;

  @Column('text', { nullable: true })
  note: string | null;
}

describe('keys that are equal to Postgres and spelled differently', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startAppWith([ByNumeric, ByMoment, ByBytes, ByChar, ByName]);
    await app.rows(`
      CREATE COLLATION no_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
      ALTER TABLE by_name ALTER COLUMN key TYPE text COLLATE no_case;
    `);
  });
  afterAll(() => app.close());

  describe.each(
    someOf(2, [
      ['numeric', ByNumeric, '1.0', 1],
      ['timestamptz', ByMoment, '2024-01-01T00:00:00Z', '2024-01-01T02:00:00+02:00'],
      ['bytea', ByBytes, String.raw`\xAB`, Buffer.from([0xab])],
      ['character(4)', ByChar, 'ab', 'ab  '],
      ['text without case', ByName, 'Key', 'KEY'],
    ] as const),
  )('%s', (_, entity, key, same) => {
    const table = (): string => app.dataSource.getMetadata(entity).tableName;
    const load = (records: object[], options?: LoadOptions) => app.loader.load(table(), records, options);
    beforeEach(() => app.rows(`DELETE FROM ${table()}`));

    it('are one row, written in input order, when they come in one load', async () => {
      const records = [
        { key, note: 'first' },
        { key: same, note: 'last' },
      ];
      const result = await load(records);
      expect(result).toMatchObject({ received: 2, inserted: 1, rejected: 0, failed: 0 });
      expect(await app.rows(`SELECT note FROM ${table()}`)).toEqual([{ note: 'last' }]);
    });

    it('are spelled as they were first stored in a merge, and as the load first spells them in a replace', async () => {
      const spelled = async () => (await app.rows(`SELECT key::text FROM ${table()}`))[0];
      await load([{ key }]);
      const first = await spelled();
      await load([{ key: same }], { disposition: 'replace' });
      const second = await spelled();
      await app.rows(`DELETE FROM ${table()}`);
      await load([{ key }, { key: same }]);
      await load([{ key: same }, { key }]);
      expect(await spelled()).toEqual(first);
      await load([{ key: same }, { key }], { disposition: 'replace' });
      expect(await spelled()).toEqual(second);
    });

    it('are one row when they come in two', async () => {
      await load([{ key, note: 'first' }]);
      expect(await load([{ key: same, note: 'last' }])).toMatchObject({ updated: 1 });
      expect(await app.rows(`SELECT note FROM ${table()}`)).toEqual([{ note: 'last' }]);
    });

    it('are one row after a replace', async () => {
      const records = [
        { key, note: 'first' },
        { key: same, note: 'last' },
      ];
      await load(records, { disposition: 'replace' });
      expect(await app.rows(`SELECT note FROM ${table()}`)).toEqual([{ note: 'last' }]);
    });
  });
});
