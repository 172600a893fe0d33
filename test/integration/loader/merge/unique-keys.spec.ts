import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Column, Entity, PrimaryColumn } from 'typeorm';

import { InvalidLoadError } from '../../../../src/index.js';
import { startAppWith } from '../../../support/entities/own-entities.js';
import { describeOn } from '../../../support/needs/needs.js';
import { quarantined } from '../../../support/app/quarantine.js';
import type { StorageApp } from '../../../support/app/storage-app.js';

@Entity('accounts')
class Account {
  @PrimaryColumn('text')
  id: string;

  @Column('text', { nullable: true })
  email: string | null;

  @Column('text', { nullable: true })
  shop: string | null;

  @Column('integer', { nullable: true })
  code: number | null;

  @Column('text', { nullable: true })
  name: string | null;

  @Column('integer', { nullable: true })
  v: number | null;
}

/** Records that need COPY. */
const MANY = Array.from({ length: 250 }, (_, index) => ({ id: `m${index}`, email: `m${index}@x`, v: index }));

describe('a unique index as the key of a load', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startAppWith([Account]);
    await app.rows(`CREATE COLLATION no_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false)`);
  });
  afterAll(() => app.close());
  beforeEach(() => app.rows('TRUNCATE accounts'));

  /** Makes an index for one test; a load sees it at once. */
  async function withIndex<T>(create: string, work: () => Promise<T>): Promise<T> {
    await app.rows(create);
    try {
      return await work();
    } finally {
      await app.rows('ALTER TABLE accounts DROP CONSTRAINT IF EXISTS account_key; DROP INDEX IF EXISTS account_key');
    }
  }

  describe('with a collation that is not the column’s', () => {
    const index = 'CREATE UNIQUE INDEX account_key ON accounts (email COLLATE no_case)';
    const stored = () => app.rows('SELECT id, email, v FROM accounts');

    it.each([
      ['few records', []],
      ['many records, which are copied', MANY],
    ])('finds the stored row by it, and folds by it, with %s', (_, others) =>
      withIndex(index, async () => {
        await app.rows(`INSERT INTO accounts (id, email, v) VALUES ('b', 'Bob@x', 1)`);
        const records = [{ id: 'b', email: 'BOB@x', v: 2 }, ...others, { id: 'b', email: 'bob@X', v: 3 }];
        const result = await app.loader.load(Account, records, { primaryKey: 'email' });
        expect(result).toMatchObject({ updated: 1, duplicates: 1, inserted: others.length, rejected: 0, unchanged: 0 });
        expect(await stored()).toContainEqual({ id: 'b', email: 'Bob@x', v: 3 });
        // With a field that only some carry, the rows have masks.
        const again = await app.loader.load(Account, [{ email: 'BOB@x' }, { email: 'c@x', id: 'c', v: 4 }], {
          primaryKey: 'email',
        });
        expect(again).toMatchObject({ unchanged: 1, inserted: 1 });
      }),
    );

    it('replaces by it, and finds the record that the table rejects', () =>
      withIndex(index, async () => {
        await app.rows(`INSERT INTO accounts (id, email, v) VALUES ('b', 'Bob@x', 1), ('z', 'z@x', 1)`);
        const records = [
          { id: 'b', email: 'BOB@x', v: 2 },
          { id: 'b', email: 'bob@X', v: 3 },
          { id: 'bad', email: 'Bad@x', v: 3 },
          { id: 'bad', email: 'BAD@x', v: 13 },
        ];
        await app.rows(`
          CREATE FUNCTION no_13() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN IF NEW.v = 13 THEN RAISE EXCEPTION USING ERRCODE = '23514'; END IF; RETURN NEW; END $$;
          CREATE TRIGGER no_13 BEFORE INSERT ON accounts FOR EACH ROW EXECUTE FUNCTION no_13()`);
        try {
          const options = { primaryKey: 'email', disposition: 'replace', maxRejects: 9 } as const;
          const result = await app.loader.load(Account, records, options);
          expect(result).toMatchObject({ updated: 1, duplicates: 1, inserted: 0, rejected: 2, removed: 1 });
          expect(await stored()).toEqual([{ id: 'b', email: 'BOB@x', v: 3 }]);
          expect((await quarantined(app, result.loadId)).map(({ position }) => position)).toEqual([2, 3]);
        } finally {
          await app.rows('DROP FUNCTION no_13 CASCADE');
        }
      }));

    it('is told from an index of the same columns in another collation', () =>
      withIndex(`${index}; CREATE UNIQUE INDEX account_own ON accounts (email)`, async () => {
        await app.rows(`INSERT INTO accounts (id, email, v) VALUES ('b', 'Bob@x', 1)`);
        const records = [{ id: 'c', email: 'BOB@x', v: 2 }];
        // To the index that compares as the column does, this is another key.
        const byOwn = await app.loader.load(Account, records, { primaryKey: 'email' });
        expect(byOwn).toMatchObject({ rejected: 1, rejects: [{ reason: '23505' }] });
        const byOther = await app.loader.load(Account, [{ email: 'BOB@x', v: 2 }], { primaryKey: 'account_key' });
        expect(byOther).toMatchObject({ updated: 1 });
        await app.rows('DROP INDEX account_own');
      }));
  });

  describeOn({ since: 15, because: 'NULLS NOT DISTINCT' })('with NULLS NOT DISTINCT', () => {
    const index = 'CREATE UNIQUE INDEX account_key ON accounts (shop, code) INCLUDE (name) NULLS NOT DISTINCT';
    const primaryKey = ['shop', 'code'];

    it.each([
      ['few records', []],
      ['many records, which are copied', MANY.map((record, code) => ({ ...record, shop: 'm', code }))],
    ])('takes null as a value of the key, with %s', (_, others) =>
      withIndex(index, async () => {
        const first = [
          { id: 'a', shop: 'n', code: null, v: 1 },
          { id: 'b', shop: null, code: null, v: 1 },
          { id: 'c', shop: 'n', code: 1, v: 1 },
          { shop: 'n', code: null, v: 2 },
          ...others,
        ];
        expect(await app.loader.load(Account, first, { primaryKey })).toMatchObject({
          inserted: 3 + others.length,
          duplicates: 1,
        });
        const second = [
          { shop: null, code: null, v: 3 },
          { shop: 'n', code: null, name: null },
          { id: 'd', shop: null, code: 1, name: 'new' },
          ...others,
        ];
        expect(await app.loader.load(Account, second, { primaryKey })).toMatchObject({
          updated: 1,
          unchanged: 1 + others.length,
          inserted: 1,
        });
        expect(await app.rows(`SELECT id, shop, code, v, name FROM accounts WHERE id ~ '^[a-d]' ORDER BY id`)).toEqual([
          { id: 'a', shop: 'n', code: null, v: 2, name: null },
          { id: 'b', shop: null, code: null, v: 3, name: null },
          { id: 'c', shop: 'n', code: 1, v: 1, name: null },
          { id: 'd', shop: null, code: 1, v: null, name: 'new' },
        ]);
      }),
    );

    it('replaces by null, too', () =>
      withIndex(index, async () => {
        await app.rows(`INSERT INTO accounts (id, shop, v) VALUES ('a', 'n', 1), ('b', NULL, 1)`);
        const records = [
          { id: 'a', shop: 'n', code: null, v: 1 },
          { id: 'a', shop: 'n', code: null, v: 2 },
        ];
        const options = { primaryKey, disposition: 'replace' } as const;
        expect(await app.loader.load(Account, records, options)).toMatchObject({
          updated: 1,
          duplicates: 1,
          removed: 1,
          inserted: 0,
        });
        expect(await app.rows('SELECT id, v FROM accounts')).toEqual([{ id: 'a', v: 2 }]);
      }));

    it('must still be carried by every record', () =>
      withIndex(index, async () => {
        const result = await app.loader.load(Account, [{ id: 'a', shop: 'n' }], { primaryKey });
        expect(result.rejects).toMatchObject([{ reason: 'missing_key', column: 'code' }]);
      }));
  });

  describe('that is partial', () => {
    const index = 'CREATE UNIQUE INDEX account_key ON accounts (shop, code) WHERE name IS NULL AND v > 0';
    const primaryKey = ['shop', 'code'];
    const stored = () => app.rows(`SELECT id, code, v, name, email FROM accounts WHERE shop = 'n' ORDER BY id`);

    it.each([
      ['few records', []],
      ['many records, which are copied', MANY.map((record, code) => ({ ...record, shop: 'm', code, v: 1 }))],
    ])('identifies the rows it holds, and no other, with %s', (_, others) =>
      withIndex(index, async () => {
        await app.rows(`INSERT INTO accounts (id, shop, code, v, name) VALUES
          ('held', 'n', 1, 1, NULL), ('gone', 'n', 1, 1, 'gone'), ('gone 2', 'n', 2, 2, 'gone')`);
        const records = [
          { id: 'held', shop: 'n', code: 1, v: 2 },
          { id: 'new', shop: 'n', code: 2, v: 2, email: 'a@x' },
          { id: 'outside', shop: 'n', code: 1, v: 0 },
          { id: 'outside 2', shop: 'n', code: 2, v: 2, name: 'x' },
          { shop: 'n', code: 2, v: 3 },
          ...others,
        ];
        // A record meets the stored rows by itself, since only Postgres knows which rows the index holds.
        expect(await app.loader.load(Account, records, { primaryKey })).toMatchObject({
          inserted: 3 + others.length,
          updated: 2,
          duplicates: 0,
          rejected: 0,
        });
        expect(await stored()).toEqual([
          { id: 'gone', code: 1, v: 1, name: 'gone', email: null },
          { id: 'gone 2', code: 2, v: 2, name: 'gone', email: null },
          { id: 'held', code: 1, v: 2, name: null, email: null },
          { id: 'new', code: 2, v: 3, name: null, email: 'a@x' },
          { id: 'outside', code: 1, v: 0, name: null, email: null },
          { id: 'outside 2', code: 2, v: 2, name: 'x', email: null },
        ]);
        const again = [{ shop: 'n', code: 2, v: 3, email: null }, { shop: 'n', code: 1, v: 2 }, ...others];
        expect(await app.loader.load(Account, again, { primaryKey })).toMatchObject({
          inserted: 0,
          updated: 1,
          unchanged: 1 + others.length,
        });
      }),
    );

    it('comes after a whole index of the same columns', () =>
      withIndex(`${index}; CREATE UNIQUE INDEX account_whole ON accounts (shop, code)`, async () => {
        await app.rows(`INSERT INTO accounts (id, shop, code, v) VALUES ('a', 'n', 1, 0)`);
        const byWhole = await app.loader.load(Account, [{ shop: 'n', code: 1, v: 5 }], { primaryKey });
        expect(byWhole).toMatchObject({ updated: 1 });
        await app.rows('DROP INDEX account_whole');
      }));

    it('is named where there is more than one', () =>
      withIndex(`${index}; CREATE UNIQUE INDEX account_two ON accounts (shop, code) WHERE v < 0`, async () => {
        const records = [{ id: 'a', shop: 'n', code: 1, v: -1 }];
        await expect(app.loader.load(Account, records, { primaryKey })).rejects.toThrow(
          /several unique indexes on \(shop, code\): account_key, account_two. Set primaryKey to the name of one/,
        );
        const named = { primaryKey: 'account_two' };
        expect(await app.loader.load(Account, records, named)).toMatchObject({ inserted: 1 });
        expect(await app.loader.load(Account, records, named)).toMatchObject({ unchanged: 1 });
        await expect(app.loader.load(Account, records, { primaryKey: 'name' })).rejects.toThrow(
          /unique keys: \(id\), \(shop, code\) of the partial index account_key, \(shop, code\) of the partial index account_two/,
        );
        await app.rows('DROP INDEX account_two');
      }));

    it('serves no replace', () =>
      withIndex(index, async () => {
        const load = app.loader.load(Account, [], { primaryKey, disposition: 'replace' });
        await expect(load).rejects.toThrow(/a replace needs a key of all rows, and the index account_key is partial/);
      }));
  });

  describe('is refused by name, with the reason,', () => {
    it.each([
      ['when deferrable', 'ALTER TABLE accounts ADD CONSTRAINT account_key UNIQUE (email) DEFERRABLE', /deferrable/],
      ['on an expression', 'CREATE UNIQUE INDEX account_key ON accounts (lower(email))', /on an expression/],
      [
        'with an operator class of another equality',
        `CREATE OPERATOR CLASS odd_ops FOR TYPE text USING btree AS OPERATOR 1 ~<~, OPERATOR 2 ~<=~, OPERATOR 3 ~~,
           OPERATOR 4 ~>=~, OPERATOR 5 ~>~, FUNCTION 1 bttext_pattern_cmp(text, text);
         CREATE UNIQUE INDEX account_key ON accounts (email odd_ops)`,
        /operator class/,
      ],
      [
        'when not valid',
        `CREATE UNIQUE INDEX account_key ON accounts (email);
         UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'account_key'::regclass`,
        /REINDEX INDEX CONCURRENTLY "account_key"/,
      ],
    ])('%s', (_, create, reason) =>
      withIndex(create, async () => {
        for (const primaryKey of ['email', 'account_key']) {
          const load = app.loader.load(Account, [{ email: 'a@x', id: 'a' }], { primaryKey });
          await expect(load).rejects.toThrow(InvalidLoadError);
          await expect(load).rejects.toThrow(/unique index account_key on \(.*email/);
          await expect(load).rejects.toThrow(reason);
          await expect(load).rejects.toThrow(/Set primaryKey to one of its unique keys: \(id\)$/);
        }
      }),
    );

    it('when a deferrable constraint on the same columns would be used beside it', () =>
      withIndex(
        `ALTER TABLE accounts ADD CONSTRAINT account_key UNIQUE (email) DEFERRABLE;
         CREATE UNIQUE INDEX account_own ON accounts (email)`,
        async () => {
          const load = app.loader.load(Account, [{ email: 'a@x', id: 'a' }], { primaryKey: 'account_own' });
          await expect(load).rejects.toThrow(/account_key is deferrable and on the same columns/);
          await app.rows('DROP INDEX account_own');
        },
      ));
  });

  it('may have another operator class of the same equality', () =>
    withIndex('CREATE UNIQUE INDEX account_key ON accounts (email text_pattern_ops)', async () => {
      const records = [{ id: 'a', email: 'a@x' }];
      expect(await app.loader.load(Account, records, { primaryKey: 'email' })).toMatchObject({ inserted: 1 });
      expect(await app.loader.load(Account, records, { primaryKey: 'email' })).toMatchObject({ unchanged: 1 });
    }));
});
