import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { type LoadOptions, QuarantineService } from '../../../src/index.js';
import { emptyTables, quarantined } from '../../support/app/quarantine.js';
import type { StorageApp } from '../../support/app/storage-app.js';
import { untilLockIsAwaited, whileOtherDoes } from '../../support/database/lock-waits.js';
import { withLoginRole } from '../../support/database/login-role.js';
import { Account, Folder, many, Note } from '../../support/entities/accounts.js';
import { startAppWith } from '../../support/entities/own-entities.js';

describe('records that delete their row, beside what forbids it or does it, too', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startAppWith([Account, Note, Folder]);
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    await emptyTables(app);
    await app.rows('TRUNCATE accounts, account_notes, folders');
    await app.rows("INSERT INTO accounts (id, email, n) VALUES ('a', 'a@x', 1), ('b', 'b@x', 2), ('c', 'c@x', 3)");
  });

  const load = (records: readonly object[], options: LoadOptions = {}) =>
    app.loader.load(Account, records, { deleteWhen: 'gone', ...options });
  const left = async () => {
    const rows = await app.rows<{ id: string }>("SELECT id FROM accounts WHERE id ~ '^[a-e]$' ORDER BY id");
    return rows.map(({ id }) => id);
  };

  it.each([{ more: [] }, { more: many('x') }])(
    'rejects a record whose row others refer to, and a replay deletes it (%#)',
    async ({ more }) => {
      await app.loader.load(Account, more);
      await app.rows("INSERT INTO account_notes VALUES (1, 'b')");
      const records = [
        { id: 'a', gone: true },
        { id: 'b', gone: true },
        { id: 'd', gone: false },
        ...more.map((record) => ({ ...record, gone: true })),
      ];
      const loader = app.loader.for(Account).untyped();
      const result = await loader.load(records, { deleteWhen: 'gone', returning: ['email'] });
      const counts = { inserted: 1, deleted: 1 + more.length, rejected: 1 };
      expect(result.rows.slice(0, 3)).toMatchObject([
        { outcome: 'deleted', key: { id: 'a' }, row: { email: 'a@x' } },
        { outcome: 'rejected', reason: '23503' },
        { outcome: 'inserted' },
      ]);
      expect(result.rows.slice(3).every(({ outcome }) => outcome === 'deleted')).toBe(true);
      expect(result).toMatchObject(counts);
      expect(await app.stats.findLoad(result.loadId)).toMatchObject(counts);
      expect(await quarantined(app, result.loadId)).toMatchObject([{ position: 1, reason: '23503', key: 'b' }]);
      await app.rows('TRUNCATE account_notes');
      const replay = await app.module.get(QuarantineService).replay();
      expect(replay).toMatchObject({ ok: true, received: 1, loaded: 1, loads: [{ deleted: 1 }] });
      expect(await left()).toEqual(['c', 'd']);
    },
  );

  it('rejects it also where the foreign key is checked at the end of the transaction', async () => {
    const alter = async (mode: string) => {
      const [key] = await app.rows<{ name: string }>(
        "SELECT conname AS name FROM pg_constraint WHERE conrelid = 'account_notes'::regclass AND contype = 'f'",
      );
      await app.rows(`ALTER TABLE account_notes ALTER CONSTRAINT "${key?.name}" ${mode}`);
    };
    await alter('DEFERRABLE INITIALLY DEFERRED');
    try {
      await app.rows("INSERT INTO account_notes VALUES (1, 'b')");
      const records = ['a', 'b', 'c'].map((id) => ({ id, gone: true }));
      expect(await load(records)).toMatchObject({
        deleted: 2,
        rejected: 1,
        rejects: [{ position: 1, reason: '23503' }],
      });
    } finally {
      await alter('NOT DEFERRABLE');
    }
    expect(await left()).toEqual(['b']);
  });

  it('writes a table that refers to itself in the order of the records', async () => {
    await app.rows("INSERT INTO folders VALUES ('root', NULL), ('a', 'root'), ('b', 'root'), ('c', 'a')");
    const records = [
      { id: 'b', gone: true },
      { id: 'c', parent: 'root' },
      { id: 'a', gone: true },
      { id: 'd', parent: 'c' },
      { id: 'c', parent: null },
    ];
    const result = await app.loader.load(Folder, records, { deleteWhen: 'gone' });
    expect(result).toMatchObject({ deleted: 2, inserted: 1, updated: 2, duplicates: 0, rejected: 0 });
    const family = await app.loader.load(
      Folder,
      ['root', 'c', 'd'].map((id) => ({ id, gone: true })),
      { deleteWhen: 'gone' },
    );
    expect(family).toMatchObject({ deleted: 3, rejected: 0 });
  });

  it.each([
    ["DELETE FROM accounts WHERE id = 'a'", { deleted: 1, skipped: 1 }, ['c']],
    ["UPDATE accounts SET n = 9 WHERE id = 'a'", { deleted: 1, unchanged: 1 }, ['a', 'c']],
  ])('meets what another transaction does meanwhile: %s', async (statement, counts, stay) => {
    const records = [
      { id: 'a', gone: true, n: 5 },
      { id: 'b', gone: true, n: 5 },
    ];
    const result = await whileOtherDoes(app, statement, () => load(records, { newerBy: 'n' }));
    expect(result).toMatchObject({ ...counts, ok: true });
    expect(await left()).toEqual(stay);
  });

  it('keeps other writers out once it was in a deadlock with one', async () => {
    const other = app.dataSource.createQueryRunner();
    try {
      await other.startTransaction();
      // The load comes to wait last, and the other one does not look: so the load is the one that notices.
      await other.query("SET LOCAL deadlock_timeout = '1min'");
      await other.query("SELECT FROM accounts WHERE id = 'c' FOR UPDATE");
      const records = [
        { id: 'b', gone: true },
        { id: 'a', n: 5 },
        { id: 'c', n: 5 },
      ];
      let loading: ReturnType<typeof load> | undefined;
      let updating: Promise<unknown> | undefined;
      await whileOtherDoes(app, "SELECT FROM accounts WHERE id = 'a' FOR UPDATE", async () => {
        loading = load(records);
        loading.catch(() => {});
        await untilLockIsAwaited(app.rows);
        updating = other.query("UPDATE accounts SET n = 9 WHERE id = 'b'");
        await untilLockIsAwaited(app.rows, 2);
      });
      await updating;
      await untilLockIsAwaited(app.rows, 1, 'LOCK TABLE%SHARE ROW EXCLUSIVE%');
      await other.commitTransaction();
      expect(await loading).toMatchObject({ deleted: 1, updated: 2, retries: 1, ok: true });
    } finally {
      await other.release();
    }
    expect(await left()).toEqual(['a', 'c']);
  });

  it('fails by name where a trigger suppresses the deletion', async () => {
    await app.rows(`
      CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
      CREATE TRIGGER keep BEFORE DELETE ON accounts FOR EACH ROW EXECUTE FUNCTION keep();`);
    try {
      await expect(load([{ id: 'a', gone: true }])).rejects.toMatchObject({ cause: { code: 'ROWS_SUPPRESSED' } });
    } finally {
      await app.rows('DROP FUNCTION keep CASCADE');
    }
    expect(await left()).toEqual(['a', 'b', 'c']);
  });

  it('stops without the privilege to delete, and rejects nothing', () =>
    withLoginRole(app, async (_, role) => {
      await app.rows(`ALTER ROLE ${role} BYPASSRLS; REVOKE DELETE ON accounts FROM ${role}`);
      const loading = app.dataSource.transaction(async (manager) => {
        await manager.query(`SET LOCAL ROLE ${role}`);
        const records = [{ id: 'd' }, { id: 'a', gone: true }, { id: 'b', gone: true }, { id: 'a', n: 5 }];
        return app.loader.for(Account).untyped().withManager(manager).load(records, { deleteWhen: 'gone' });
      });
      await expect(loading).rejects.toMatchObject({ cause: { code: '42501' }, result: { rejected: 0 } });
      expect(await app.count('storage_rejected_records')).toBe(0);
    }));

  describe('by another key', () => {
    const byIndex = async (index: string, work: () => Promise<void>): Promise<void> => {
      await app.rows(`CREATE UNIQUE INDEX account_key ON accounts ${index}`);
      try {
        await work();
      } finally {
        await app.rows('DROP INDEX account_key');
      }
    };

    it('find rows by its nulls', () =>
      byIndex('(email, n) NULLS NOT DISTINCT', async () => {
        await app.rows("INSERT INTO accounts (id, email, n) VALUES ('d', NULL, 4), ('e', NULL, 5)");
        const records = [
          { email: null, n: 4, gone: true },
          { email: 'a@x', n: 1, gone: true },
          { email: null, n: 6, gone: true },
        ];
        expect(await load(records, { primaryKey: ['email', 'n'] })).toMatchObject({ deleted: 2, skipped: 1 });
        expect(await left()).toEqual(['b', 'c', 'e']);
      }));

    it('delete the row that a partial index holds, and no other', () =>
      byIndex('(n) WHERE is_closed IS NOT TRUE', async () => {
        await app.rows("INSERT INTO accounts (id, n, is_closed) VALUES ('d', 1, true), ('e', 5, true)");
        const records = [1, 5].map((n) => ({ n, gone: true }));
        expect(await load(records, { primaryKey: 'n' })).toMatchObject({ deleted: 1, skipped: 1 });
        expect(await left()).toEqual(['b', 'c', 'd', 'e']);
      }));
  });

  it.each([1, 150])('delete rows of every partition: %d of each', async (count) => {
    await app.rows(`
      DROP TABLE folders;
      CREATE TABLE folders (id text PRIMARY KEY, parent_id text) PARTITION BY HASH (id);
      CREATE TABLE folders_0 PARTITION OF folders FOR VALUES WITH (MODULUS 2, REMAINDER 0);
      CREATE TABLE folders_1 PARTITION OF folders FOR VALUES WITH (MODULUS 2, REMAINDER 1);`);
    const ids = Array.from({ length: 4 * count }, (_, index) => ({ id: `f${index}` }));
    await app.loader.load(Folder, ids);
    const records = ids.map(({ id }, index) => ({ id, gone: index % 2 === 0 }));
    const result = await app.loader.load(Folder, records, { deleteWhen: 'gone' });
    expect(result).toMatchObject({ deleted: 2 * count, unchanged: 2 * count, ok: true });
    expect(await app.count('folders')).toBe(2 * count);
  });
});
