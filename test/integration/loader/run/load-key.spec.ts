import { Readable } from 'node:stream';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Entity, PrimaryColumn } from 'typeorm';

import { InvalidLoadError, type LoadOptions, StorageModule } from '../../../../src/index.js';
import { emptyTables } from '../../../support/app/quarantine.js';
import { startStorageApp, type StorageApp } from '../../../support/app/storage-app.js';

const post = (n: number, fields: object = {}) => ({ submission_id: `t3_${n}`, title: `title ${n}`, ...fields });
const POSTS = [post(1), post(2), post(1, { title: 'again' }), { title: 'no key' }, post(3, { title: 5 })];
const COUNTS = { received: 5, inserted: 2, skipped: 1, rejected: 1 };

/** A source that must not be looked at. */
const untouchable: Iterable<object> = {
  [Symbol.iterator]() {
    throw new Error('the input was looked at');
  },
};

describe('a load with a load key', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startStorageApp({ loader: { parallelism: 1 } });
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    await emptyTables(app);
    app.stats.reset();
  });

  const unchangedBy = async (work: () => Promise<unknown>) => {
    const state = () =>
      app.rows(`SELECT (SELECT json_agg(s ORDER BY s.submission_id) FROM submissions AS s) AS rows,
                       (SELECT json_agg(l) FROM storage_loads AS l) AS loads,
                       (SELECT json_agg(b ORDER BY b.batch_no) FROM storage_load_batches AS b) AS batches,
                       (SELECT count(*) FROM storage_rejected_records) AS rejected`);
    const before = await state();
    await work();
    expect(await state()).toEqual(before);
  };

  it.each(['store', 'storeBatch'] as const)(
    '%s: is done once, and then gives the same result again',
    async (method) => {
      const first = await app.profiles[method](POSTS, { loadKey: 'k', batchSize: 2 });
      expect(first).toMatchObject({ ...COUNTS, alreadyCompleted: false, receivedEarlier: 0 });
      const counted = app.stats.snapshot();
      await unchangedBy(async () => {
        const { durationMs: _, ...result } = first;
        expect(await app.profiles[method](untouchable, { loadKey: 'k' })).toMatchObject({
          ...result,
          alreadyCompleted: true,
          receivedEarlier: 5,
        });
      });
      expect(app.stats.snapshot()).toEqual(counted);
      expect(await app.rows('SELECT load_key, status, attempt FROM storage_loads')).toEqual([
        { load_key: 'k', status: 'completed', attempt: 1 },
      ]);
    },
  );

  it('gives the result of a hybrid load again, with both tables', async () => {
    const records = [
      post(1, { problem_description: 'p' }),
      post(2),
      post(2, { num_comments: 3 }),
      post(3, { title: 5 }),
    ];
    const {
      durationMs: _,
      opportunities,
      submissions,
      ...first
    } = await app.hybrid.storeBatch(records, { loadKey: 'k' });
    const completed = { alreadyCompleted: true, receivedEarlier: 4, durationMs: expect.any(Number) };
    expect(await app.hybrid.storeBatch(untouchable, { loadKey: 'k' })).toEqual({
      ...first,
      ...completed,
      opportunities: { ...opportunities, ...completed },
      submissions: { ...submissions, ...completed },
    });
    expect(opportunities).toMatchObject({ inserted: 1, skipped: 2 });
  });

  it('gives the result of a replace again, though the table has changed since', async () => {
    await app.profiles.store([post(9)]);
    const options = { disposition: 'replace', maxRejects: 9, loadKey: 'k' } as const;
    const first = await app.profiles.storeBatch(POSTS, options);
    expect(first).toMatchObject({ ...COUNTS, removed: 1, alreadyCompleted: false });
    await app.profiles.store([post(8)]);
    expect(await app.profiles.storeBatch(untouchable, options)).toMatchObject({
      ...COUNTS,
      removed: 1,
      alreadyCompleted: true,
    });
    expect(await app.profiles.store(untouchable, options)).toMatchObject({
      ...COUNTS,
      removed: 1,
      alreadyCompleted: true,
    });
    expect(await app.count('submissions')).toBe(3);
  });

  it('appends once', async () => {
    const options: LoadOptions = { disposition: 'append', loadKey: 'k' };
    expect(await app.profiles.storeBatch([post(1)], options)).toMatchObject({ inserted: 1 });
    expect(await app.profiles.storeBatch([post(1)], options)).toMatchObject({
      inserted: 1,
      rejected: 0,
      alreadyCompleted: true,
    });
  });

  it('closes a source it does not read', async () => {
    await app.profiles.storeBatch([post(1)], { loadKey: 'k' });
    const stream = Readable.from([post(2)]);
    await app.profiles.storeBatch(stream, { loadKey: 'k' });
    expect(stream.destroyed).toBe(true);
    async function* generator() {
      yield post(3);
    }
    const generated = generator();
    await app.profiles.storeBatch(generated, { loadKey: 'k' });
    expect(await generated.next()).toEqual({ done: true, value: undefined });
  });

  it('tells those who listen that it is done', async () => {
    await app.profiles.storeBatch(POSTS, { loadKey: 'k' });
    const heard: unknown[] = [];
    await app.profiles.storeBatch(untouchable, { loadKey: 'k', onProgress: (progress) => heard.push(progress) });
    expect(heard).toMatchObject([{ status: 'completed', received: 5, receivedEarlier: 5 }]);
  });

  it.each([
    [
      'another table',
      () => app.opportunities.storeBatch(untouchable, { loadKey: 'k' }),
      /merge into submissions \(completed\)\. This load is a merge into app_opportunities/,
    ],
    [
      'another disposition',
      () => app.profiles.store(untouchable, { loadKey: 'k', disposition: 'append' }),
      /This load is an append into submissions/,
    ],
    ['both tables', () => app.hybrid.store(untouchable, { loadKey: 'k' }), /This load is a merge into hybrid/],
    [
      'the same table by another key',
      () => app.profiles.store(untouchable, { loadKey: 'k', primaryKey: 'submission_id' }),
      /This load is a merge into submissions with {"primaryKey":\["submission_id"\]}\. Choose another key/,
    ],
  ])('rejects its key to a load into %s, naming the load that has it', async (_, load, message) => {
    const { loadId } = await app.profiles.storeBatch([post(1)], { loadKey: 'k' });
    await unchangedBy(async () => {
      const error = await load().catch((failure: unknown) => failure);
      expect(error).toBeInstanceOf(InvalidLoadError);
      expect((error as Error).message).toMatch(message);
      expect((error as Error).message).toContain(`loadKey "k" belongs to load ${loadId}`);
    });
  });

  it.each([
    ['empty', ''],
    ['NUL', 'a\0'],
    ['half a pair', 'a\ud800'],
    ['too long', 'é'.repeat(257)],
    ['no text', 5],
  ])('rejects a key that is %s', async (_, loadKey) => {
    const load = app.profiles.store(untouchable, { loadKey } as LoadOptions);
    await expect(load).rejects.toThrow(/loadKey must be a text of 1 to 512 bytes/);
    expect(await app.count('storage_loads')).toBe(0);
  });

  it('is the same load after an upgrade: older versions named the form of the source otherwise', async () => {
    const load = (rename: string) => app.profiles.store(POSTS, { loadKey: 'k', sourceForm: { rename } });
    const { loadId } = await load('a=b');
    await app.rows(
      `UPDATE storage_loads SET options = options - 'sourceForm' || jsonb_build_object('reading', options -> 'sourceForm')`,
    );
    expect(await load('a=b')).toMatchObject({ loadId, alreadyCompleted: true });
    await expect(load('a=c')).rejects.toThrow('with {"sourceForm":{"rename":"a=c"}}');
  });

  it('takes a key of 512 bytes', async () => {
    expect(await app.profiles.store([post(1)], { loadKey: 'é'.repeat(256) })).toMatchObject({ inserted: 1 });
  });

  it.each(['store', 'storeBatch'] as const)('%s: leaves its key free when there is nothing to load', async (method) => {
    expect(await app.profiles[method]([], { loadKey: 'k' })).toMatchObject({
      ok: true,
      received: 0,
      alreadyCompleted: false,
    });
    expect(await app.count('storage_loads')).toBe(0);
    expect(await app.profiles[method]([post(1)], { loadKey: 'k' })).toMatchObject({
      inserted: 1,
      alreadyCompleted: false,
    });
  });

  it('does again what was stopped by a wrong record', async () => {
    const stopped = app.profiles.untyped().store([post(1), { submission_id: 5 }], { loadKey: 'k', onReject: 'fail' });
    await expect(stopped).rejects.toThrow('more than 0 records were rejected');
    expect(await app.rows('SELECT status, load_key FROM storage_loads')).toEqual([{ status: 'failed', load_key: 'k' }]);
    expect(await app.profiles.store([post(1), post(2)], { loadKey: 'k', onReject: 'fail' })).toMatchObject({
      inserted: 2,
      alreadyCompleted: false,
    });
    expect(await app.rows('SELECT status, attempt, error_code, received::integer FROM storage_loads')).toEqual([
      { status: 'completed', attempt: 2, error_code: null, received: 2 },
    ]);
  });

  it('does again a replace that was rejected for lack of rows', async () => {
    const options = { disposition: 'replace', loadKey: 'k' } as const;
    await expect(app.profiles.storeBatch([], options)).rejects.toThrow(/There are no records/);
    expect(await app.profiles.storeBatch([post(1)], options)).toMatchObject({ inserted: 1, alreadyCompleted: false });
  });

  describe('in a transaction of the caller', () => {
    const load = (end: 'commit' | 'roll back') =>
      app.dataSource
        .transaction(async (manager) => {
          const result = await app.profiles
            .withManager(manager)
            .storeBatch([post(1), post(2)], { loadKey: 'k', batchSize: 1 });
          if (end === 'roll back') throw Object.assign(new Error('changed its mind'), { result });
          return result;
        })
        .catch((error: unknown) => (error as { result: object }).result);

    it('leaves its key free when the caller rolls back', async () => {
      expect(await load('roll back')).toMatchObject({ inserted: 2, alreadyCompleted: false });
      expect(await app.count('storage_loads')).toBe(0);
      expect(await load('commit')).toMatchObject({ inserted: 2, alreadyCompleted: false });
    });

    it('is done once the caller has committed', async () => {
      await load('commit');
      expect(await load('commit')).toMatchObject({ inserted: 2, alreadyCompleted: true });
      expect(await app.count('storage_loads')).toBe(1);
    });
  });
});

@Entity('rates')
class Rate {
  @PrimaryColumn({ type: 'text' })
  id: string;
}

@Entity({ name: 'rates', schema: 'tenant' })
class TenantRate {
  @PrimaryColumn({ type: 'text' })
  id: string;
}

it('a load key is of one table, not of all that have its name in other schemas', async () => {
  const app = await startStorageApp({}, [StorageModule.forFeature([Rate, TenantRate])]);
  try {
    await app.rows('CREATE TABLE rates (id text PRIMARY KEY)');
    await app.rows('CREATE SCHEMA tenant CREATE TABLE rates (id text PRIMARY KEY)');
    await app.loader.loadBatch(Rate, [{ id: 'a' }], { loadKey: 'k' });
    await expect(app.loader.loadBatch(TenantRate, untouchable, { loadKey: 'k' })).rejects.toThrow(
      'into rates (completed). This load is a merge into rates with {"schema":"tenant"}',
    );
    expect(await app.loader.loadBatch(TenantRate, [{ id: 'b' }], { loadKey: 'l' })).toMatchObject({ inserted: 1 });
  } finally {
    await app.close();
  }
});
