import { Readable } from 'node:stream';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { readRecords } from '../../../../src/files/read-records.js';
import { InvalidLoadError, type LoadOptions } from '../../../../src/index.js';
import { emptyTables } from '../../../support/app/quarantine.js';
import type { StorageApp } from '../../../support/app/storage-app.js';
import { Account, MANY, many } from '../../../support/entities/accounts.js';
import { startAppWith } from '../../../support/entities/own-entities.js';

describe('records that delete their row', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startAppWith([Account]);
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    await emptyTables(app);
    await app.rows('TRUNCATE accounts');
    await app.rows("INSERT INTO accounts (id, email, n) VALUES ('a', 'a@x', 1), ('b', 'b@x', 2), ('c', 'c@x', 3)");
  });

  const load = (records: readonly object[], options: LoadOptions = {}) =>
    app.loader.load(Account, records, { deleteWhen: 'gone', ...options });
  const content = async () => {
    const rows = await app.rows("SELECT id, email, n, is_closed, extra FROM accounts WHERE id ~ '^[a-e]$' ORDER BY id");
    return rows.map((row) => Object.values(row));
  };
  const [A, C] = [
    ['a', 'a@x', 1, null, null],
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

  it.each([1, 2, 100])('frees unique values for later records only, in batches of %d', async (batchSize) => {
    const records = [
      { id: 'd', email: 'a@x' },
      { id: 'a', gone: true },
      { id: 'c', gone: true },
      { id: 'b', email: 'c@x' },
      { id: 'e', email: 'a@x' },
    ];
    const result = await load(records, { batchSize });
    expect(result).toMatchObject({ inserted: 1, updated: 1, deleted: 2, rejected: 1 });
    expect(result.rejects).toMatchObject([{ position: 0, reason: '23505' }]);
  });

  it('leaves the order of records that write what another one has freed', async () => {
    const freed = [
      { id: 'a', n: 5 },
      { id: 'a', gone: true },
      { id: 'd', email: 'a@x' },
    ];
    expect(await load(freed)).toMatchObject({ updated: 1, deleted: 1, inserted: 1, rejected: 0 });
    const takenAgain = [
      { id: 'b', gone: true },
      { id: 'b', email: 'b@x' },
      { id: 'e', email: 'b@x' },
    ];
    const result = await load(takenAgain);
    expect(result).toMatchObject({ deleted: 1, inserted: 1, rejected: 1 });
    expect((await content()).map(([id, email]) => [id, email])).toEqual([
      ['b', 'b@x'],
      ['c', 'c@x'],
      ['d', 'a@x'],
    ]);
  });

  it.each([
    ['a load', async (record: object) => load([record])],
    [
      'a buffer',
      async (record: object) => app.loader.for(Account).untyped().buffer({ deleteWhen: 'gone' }).add(record),
    ],
  ])('reads the field where a class declares it: %s', async (_, write) => {
    class Closing {
      readonly id = 'a';
      get gone(): boolean {
        return true;
      }
    }
    await write(new Closing());
    expect((await content()).map(([id]) => id)).toEqual(['b', 'c']);
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
    [{ deleteWhen: 'go\0ne' }, 'deleteWhen must be a field name'],
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
