import { inspect } from 'node:util';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import type { LoadOptions } from '../../../src/index.js';
import { Account, FAILING_TRIGGER } from '../../support/app/leaking-accounts.js';
import { MARK, Witness } from '../../support/app/leaks.js';
import { startAppWith } from '../../support/entities/own-entities.js';
import { emptyTables } from '../../support/app/quarantine.js';
import type { StorageApp } from '../../support/app/storage-app.js';
import { someOf } from '../../support/sizes/sizes.js';

/** A fault of one row, and the expected reason. */
const REJECTED: readonly (readonly [when: string, fields: object, reason: string])[] = [
  ['a check', { mail: `${MARK} broken` }, '23514'],
  ['a unique key', { mail: `${MARK}@first` }, '23505'],
  ['a foreign key', { invitedBy: `${MARK}-gone` }, '23503'],
  ['a null of a trigger', { does: 'null' }, '23502'],
  ['a type only the server knows', { address: MARK }, '22P02'],
  ['a number of a trigger', { does: 'cast' }, '22P02'],
  ['a date of a trigger', { does: 'date' }, '22007'],
  ['JSON of a trigger', { does: 'json' }, '22P02'],
  ['an exception of a trigger that names values', { does: 'names' }, '23514'],
  ['a role of dynamic SQL', { does: 'role' }, '22023'],
  ['a wrong type', { mail: { [MARK]: [MARK] } }, 'wrong_type'],
  ['a value that is a class of its own', { mail: { [Symbol.toStringTag]: MARK } }, 'wrong_type'],
  [
    'a getter that throws',
    {
      get nick(): string {
        throw new Error(MARK);
      },
    },
    'unreadable_value',
  ],
];

/** Faults that stop the load. */
const FAILED: readonly (readonly [when: string, fields: object, code: string])[] = [
  ['an exception of a trigger', { does: 'raise' }, 'P0001'],
  ['a column of dynamic SQL', { does: 'column' }, '42703'],
  ['a function of dynamic SQL', { does: 'function' }, '42883'],
  ['a table of dynamic SQL', { does: 'table' }, '42P01'],
  ['a schema of dynamic SQL', { does: 'schema' }, '3F000'],
  ['the syntax of dynamic SQL', { does: 'syntax' }, '42601'],
  ['a setting of dynamic SQL', { does: 'setting' }, '42704'],
];

const GOOD = Array.from({ length: 250 }, (_, index) => ({ id: `good${index}`, mail: `${MARK}${index}`, nick: MARK }));

/** By few rows, by COPY, by each disposition, in a transaction of the caller. */
const WAYS: readonly (readonly [
  way: string,
  load: (app: StorageApp, bad: object, options: LoadOptions) => Promise<object>,
])[] = [
  ['load', (app, bad, options) => app.loader.load(Account, [...GOOD.slice(0, 3), bad], options)],
  ['loadBatch by COPY', (app, bad, options) => app.loader.loadBatch(Account, [...GOOD, bad], options)],
  ['append', (app, bad, options) => app.loader.load(Account, [bad, ...GOOD], { ...options, disposition: 'append' })],
  [
    'replace',
    (app, bad, options) =>
      app.loader.load(Account, [...GOOD, { id: 'first', mail: `${MARK}@first` }, bad], {
        ...options,
        disposition: 'replace',
        maxRejects: 1,
      }),
  ],
  [
    'withManager',
    (app, bad, options) =>
      app.dataSource.transaction((manager) =>
        app.loader
          .for(Account)
          .withManager(manager)
          .load([GOOD[0] as object, bad], options),
      ),
  ],
];

describe.each(someOf(2, WAYS))('a secret in a record, by %s', (way, load) => {
  let app: StorageApp;
  let witness: Witness;
  beforeAll(async () => {
    app = await startAppWith([Account], { loader: { maxAttempts: 2 } });
    await app.rows(FAILING_TRIGGER);
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    await emptyTables(app);
    await app.rows('DELETE FROM accounts');
    await app.loader.load(Account, [{ id: 'first', mail: `${MARK}@first` }]);
    app.stats.reset();
    witness = new Witness();
    witness.follow(app);
  });

  const bad = (fields: object): object =>
    Object.defineProperties({ id: MARK, mail: MARK }, Object.getOwnPropertyDescriptors(fields));

  it.each(REJECTED)('is not leaked when it is rejected for %s', async (_, fields, reason) => {
    const result = await load(app, bad(fields), { onProgress: witness.onProgress });
    expect(result).toMatchObject({ rejected: 1, rejects: [{ reason }] });
    expect(await witness.leaks(app, result)).toEqual([]);
    const kept = await app.rows<{ raw: Buffer }>('SELECT raw FROM storage_rejected_records');
    expect(kept.map(({ raw }) => raw.includes(MARK))).toEqual([true]);
  });

  it.each(FAILED)('is not leaked when the load fails for %s', async (_, fields, code) => {
    const outcome: unknown = await load(app, bad(fields), { onProgress: witness.onProgress }).catch(
      (error: unknown) => error,
    );
    expect(inspect(outcome, { depth: 5 })).toContain(`[${code}]`);
    expect(await witness.leaks(app, outcome)).toEqual([]);
  });

  it('is not leaked when too many records are rejected', async () => {
    const options = { maxRejects: 0, onProgress: witness.onProgress };
    const outcome: unknown = await load(app, bad({ mail: `${MARK} broken` }), options).catch((error: unknown) => error);
    expect(outcome).toMatchObject(way === 'replace' ? { rejected: 1 } : { code: 'REJECT_LIMIT_EXCEEDED' });
    expect(await witness.leaks(app, outcome)).toEqual([]);
  });
});
