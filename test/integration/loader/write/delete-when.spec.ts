import { Readable } from 'node:stream';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn, Unique } from 'typeorm';

import { ExtraFields, InvalidLoadError, LoadId, type LoadOptions, QuarantineService } from '../../../../src/index.js';
import { readRecords } from '../../../../src/files/read-records.js';
import { emptyTables, quarantined } from '../../../support/app/quarantine.js';
import type { StorageApp } from '../../../support/app/storage-app.js';
import { whileOtherDoes } from '../../../support/database/lock-waits.js';
import { withLoginRole } from '../../../support/database/login-role.js';
import { startAppWith } from '../../../support/entities/own-entities.js';

@Entity('accounts')
@Unique(['email'])
class Account {
  @PrimaryColumn('text')
  id: string;

  @Column('text', { nullable: true })
  email: string | null;

  @Column('integer', { default: 0 })
  n: number;

  @Column('boolean', { name: 'is_closed', nullable: true })
  closed: boolean | null;

  @ExtraFields()
  @Column('jsonb', { nullable: true })
  extra: object | null;

  @LoadId()
  @Column('uuid', { nullable: true })
  load: string | null;
}

@Entity('account_notes')
class Note {
  @PrimaryColumn('integer')
  id: number;

  @ManyToOne(() => Account)
  @JoinColumn({ name: 'account_id' })
  account: Account | null;
}

@Entity('folders')
class Folder {
  @PrimaryColumn('text')
  id: string;

  @ManyToOne(() => Folder)
  @JoinColumn({ name: 'parent_id' })
  parent: Folder | null;
}

/** Enough records for COPY. */
const MANY = 250;
const many = (prefix: string, more: object = {}) =>
  Array.from({ length: MANY }, (_, index) => ({ id: `${prefix}${index}`, ...more }));

describe('records that delete their row', () => {
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
  const content = async () => {
    const rows = await app.rows("SELECT id, email, n, is_closed, extra FROM accounts WHERE id ~ '^[a-e]$' ORDER BY id");
    return rows.map((row) => Object.values(row));
  };
  const [A, B, C] = [
    ['a', 'a@x', 1, null, null],
    ['b', 'b@x', 2, null, null],
    ['c', 'c@x', 3, null, null],
  ];
  const history = async (loadId: string) => {
    const [row] = await app.rows(
      `SELECT received::integer, inserted::integer, updated::integer, unchanged::integer, deleted::integer,
              duplicates::integer, skipped::integer, rejected::integer, options FROM storage_loads WHERE id = $1`,
      [loadId],
    );
    return row;
  };

  it.each<[string, readonly object[], readonly object[], LoadOptions]>([
    ['arrays', [], [], {}],
    ['arrays, by a load key', [], [], { loadKey: 'k' }],
    ['an update', [], [], { disposition: 'update' }],
    ['staging tables', many('x', { gone: true }), many('y'), {}],
  ])('counts them in result, history and statistics: %s', async (_, gone, fresh, options) => {
    await app.loader.load(Account, many('x'));
    const before = { ...app.stats.forTable('accounts') };
    const records = [
      { id: 'a', gone: true },
      { id: 'none', gone: true },
      { id: 'b', n: 5, gone: false },
      { id: 'c', n: 3, gone: null },
      ...gone,
      ...fresh,
    ];
    const result = await load(records, options);
    const counts = {
      received: records.length,
      inserted: fresh.length,
      updated: 1,
      unchanged: 1,
      deleted: 1 + gone.length,
      duplicates: 0,
      skipped: 1,
      rejected: 0,
    };
    expect(result).toMatchObject({ ...counts, failed: 0, ok: true, skippedReasons: { not_stored: 1 } });
    expect(result.unknownFields).toEqual({});
    expect(await history(result.loadId)).toMatchObject({ ...counts, options: { deleteWhen: 'gone' } });
    expect(await app.stats.findLoad(result.loadId)).toMatchObject(counts);
    const after = app.stats.forTable('accounts');
    expect(after.deleted - before.deleted).toBe(counts.deleted);
    expect(after.loaded - before.loaded).toBe(records.length - 1);
    expect((await app.stats.totals())['accounts']).toMatchObject({ deleted: counts.deleted });
    expect(await content()).toEqual([['b', 'b@x', 5, null, null], C]);
    expect(await app.count('accounts')).toBe(2 + MANY - gone.length + fresh.length);
  });

  it('says so by a column, under any of its names, which else is stored', async () => {
    const records = [
      { id: 'a', is_closed: true },
      { id: 'b', closed: 'true' },
      { id: 'c', closed: false },
      { id: 'd', is_closed: null, closed: null },
      { id: 'e', is_closed: true, closed: false },
    ];
    for (const deleteWhen of ['closed', 'is_closed']) {
      await app.rows("DELETE FROM accounts; INSERT INTO accounts (id) VALUES ('a'), ('b')");
      const result = await load(records, { deleteWhen });
      expect(result).toMatchObject({ deleted: 2, inserted: 2, rejected: 1, rejects: [{ reason: 'conflicting_keys' }] });
      expect(await content()).toEqual([
        ['c', null, 0, false, null],
        ['d', null, 0, null, null],
      ]);
    }
  });

  it('needs the key, and nothing else', async () => {
    const records = [
      { id: 'a', gone: true, n: 'many', email: 5, closed: 'maybe', unheard: 1 },
      { id: 'b', gone: true, n: null },
      { gone: true },
      { id: ' ', gone: true },
      { id: 'c', gone: 'perhaps' },
      { id: 'c', gone: 1 },
    ];
    const result = await load(records);
    expect(result).toMatchObject({ received: 6, deleted: 2, rejected: 4, unknownFields: {} });
    expect(result.rejects.map(({ reason, column }) => [reason, column])).toEqual([
      ['missing_key', 'id'],
      ['blank_key', 'id'],
      ['wrong_type', 'gone'],
      ['wrong_type', 'gone'],
    ]);
    expect(await content()).toEqual([C]);
    const opportunity = { submission_id: 't3_1', problem_description: 'p' };
    await app.opportunities.store([opportunity]);
    const deleted = await app.opportunities
      .untyped()
      .store([{ submission_id: 't3_1', gone: true }], { deleteWhen: 'gone' });
    expect(deleted).toMatchObject({ deleted: 1, skipped: 0 });
  });

  it('takes the words of a text-only file', async () => {
    const csv = 'id,gone,n\na,t,\nb,no,7\nc,,8\nd,soon,9\n';
    const records = readRecords(Readable.from([Buffer.from(csv)]), { format: 'csv' });
    const result = await app.loader.loadBatch(Account, records, { deleteWhen: 'gone' });
    expect(result).toMatchObject({ received: 4, deleted: 1, updated: 2, rejected: 1, unknownFields: {} });
    expect(await content()).toEqual([
      ['b', 'b@x', 7, null, null],
      ['c', 'c@x', 8, null, null],
    ]);
  });

  it.each([{ more: [] }, { more: many('x', { gone: true, n: 1 }) }])(
    'deletes nothing that is newer, which counts as unchanged (%#)',
    async ({ more }) => {
      await app.loader.load(
        Account,
        more.map(({ id }) => ({ id, n: 2 })),
      );
      const records = [{ id: 'a', gone: true, n: 0 }, { id: 'b', gone: true, n: 2 }, { id: 'c', gone: true }, ...more];
      const result = await load(records, { newerBy: 'n' });
      expect(result).toMatchObject({ deleted: 2, unchanged: 1 + more.length, ok: true });
      expect(await content()).toEqual([A]);
    },
  );

  it.each([1, 2, 3, 100])('writes the records of a key in their order, in batches of %d', async (batchSize) => {
    const records = [
      { id: 'a', n: 7 },
      { id: 'd', n: 1, more: 1 },
      { id: 'a', gone: true },
      { id: 'd', gone: true },
      { id: 'b', gone: true },
      { id: 'b', gone: true },
      { id: 'd', email: 'd@x' },
      { id: 'b', n: 8 },
      { id: 'b', n: 9 },
    ];
    const result = await app.loader.loadBatch(Account, records, { batchSize, deleteWhen: 'gone' });
    expect(result).toMatchObject({ received: 9, deleted: 3, skipped: 1, rejected: 0, ok: true });
    const { inserted, updated, duplicates } = result;
    expect({ inserted, others: updated + duplicates }).toEqual({ inserted: 3, others: 2 });
    expect(await content()).toEqual([['b', null, 9, null, null], C, ['d', 'd@x', 0, null, null]]);
  });

  it('frees unique values for the other records', async () => {
    const result = await load([
      { id: 'd', email: 'a@x' },
      { id: 'b', email: 'c@x' },
      { id: 'a', gone: true },
      { id: 'c', gone: true },
    ]);
    expect(result).toMatchObject({ inserted: 1, updated: 1, deleted: 2, rejected: 0 });
  });

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
      const result = await load(records);
      const counts = { inserted: 1, deleted: 1 + more.length, rejected: 1 };
      expect(result).toMatchObject(counts);
      expect(await history(result.loadId)).toMatchObject(counts);
      expect(await quarantined(app, result.loadId)).toMatchObject([{ position: 1, reason: '23503', key: 'b' }]);
      await app.rows('TRUNCATE account_notes');
      const replay = await app.module.get(QuarantineService).replay();
      expect(replay).toMatchObject({ ok: true, received: 1, loaded: 1, loads: [{ deleted: 1 }] });
      expect((await content()).map(([id]) => id)).toEqual(['c', 'd']);
    },
  );

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

  it('gives back the columns of the row that was deleted', async () => {
    const records = [
      { id: 'none', gone: true },
      { id: 'a', gone: true },
      { id: 'b', gone: true, n: 1 },
      { id: 'c', n: 4 },
    ];
    const { rows } = await app.loader
      .for(Account)
      .untyped()
      .load(records, { deleteWhen: 'gone', newerBy: 'n', returning: ['email'] });
    expect(rows).toEqual([
      { position: 0, key: { id: 'none' }, outcome: 'skipped', reason: 'not_stored' },
      { position: 1, key: { id: 'a' }, outcome: 'deleted', row: { email: 'a@x' } },
      { position: 2, key: { id: 'b' }, outcome: 'unchanged', row: { email: 'b@x' } },
      { position: 3, key: { id: 'c' }, outcome: 'updated', row: { email: 'c@x' } },
    ]);
  });

  it.each([
    ["DELETE FROM accounts WHERE id = 'a'", { deleted: 1, skipped: 1 }, ['c']],
    ["UPDATE accounts SET n = 9 WHERE id = 'a'", { deleted: 1, unchanged: 1 }, ['a', 'c']],
  ])('meets what another transaction does meanwhile: %s', async (statement, counts, left) => {
    const records = [
      { id: 'a', gone: true, n: 5 },
      { id: 'b', gone: true, n: 5 },
    ];
    const result = await whileOtherDoes(app, statement, () => load(records, { newerBy: 'n' }));
    expect(result).toMatchObject({ ...counts, ok: true });
    expect((await content()).map(([id]) => id)).toEqual(left);
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
    expect(await content()).toEqual([A, B, C]);
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

  it('resumes with the counts of all attempts, by the same field only', async () => {
    await app.loader.load(Account, many('x'));
    const records = [...many('x', { gone: true }), ...many('y')];
    const options: LoadOptions = { deleteWhen: 'gone', loadKey: 'resumed', batchSize: 100 };
    const broken = async function* () {
      yield* records.slice(0, 150);
      throw new Error('broken');
    };
    await expect(app.loader.loadBatch(Account, broken(), options)).rejects.toThrow('failed');
    const [running] = await app.stats.history();
    expect(running).toMatchObject({ deleted: 100 });
    await expect(app.loader.loadBatch(Account, records, { loadKey: 'resumed' })).rejects.toThrow(
      '{"deleteWhen":"gone"}',
    );
    const result = await app.loader.loadBatch(Account, records, options);
    expect(result).toMatchObject({ deleted: MANY, inserted: MANY, receivedEarlier: 100, ok: true });
    expect(await app.loader.loadBatch(Account, records, options)).toMatchObject({
      deleted: MANY,
      alreadyCompleted: true,
    });
  });

  it.each<[LoadOptions, string]>([
    [{ deleteWhen: '' }, 'deleteWhen must be a field name'],
    [{ deleteWhen: 5 as never }, 'deleteWhen must be a field name'],
    [{ deleteWhen: 'gone', disposition: 'insert' }, "deleteWhen goes with disposition 'merge' or 'update'"],
    [{ deleteWhen: 'gone', disposition: 'append' }, "deleteWhen goes with disposition 'merge' or 'update'"],
    [{ deleteWhen: 'gone', disposition: 'replace' }, "deleteWhen goes with disposition 'merge' or 'update'"],
    [{ deleteWhen: 'id' }, 'deleteWhen: the field id of Account cannot say true or false'],
    [{ deleteWhen: 'extra' }, 'deleteWhen: the field extra of Account cannot say true or false'],
  ])('rejects a wrong option: %o', async (options, message) => {
    const loading = load([{ id: 'a' }], options);
    await expect(loading).rejects.toThrow(message);
    await expect(loading).rejects.toBeInstanceOf(InvalidLoadError);
  });
});
