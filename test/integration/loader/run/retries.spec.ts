import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import type { LoadProgress } from '../../../../src/index.js';
import { emptyTables } from '../../../support/app/quarantine.js';
import { startStorageApp, type StorageApp } from '../../../support/app/storage-app.js';
import { someOf } from '../../../support/sizes/sizes.js';

const PASSING = ['40001 40P01 55P03', '53300 57P01 57P02 57P03 08000 08001 08003 08004 08006 25P03 25006'].flatMap(
  (codes) => codes.split(' '),
);
const LASTING = '22P04 42501 42601 28000 3D000 3F000 0A000 53100 53400 54011 25P02 21000 08P01 XX000 P0001'.split(' ');

const recordsOf = (count: number) => Array.from({ length: count }, (_, index) => ({ submission_id: `t3_${index}` }));

describe('an error', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startStorageApp({ loader: { parallelism: 1 } });
    // A sequence counts on where a transaction is rolled back: the trigger fails the first attempts only.
    await app.rows(`
      CREATE SEQUENCE attempts;
      CREATE TABLE trouble (code text, times integer);
      CREATE FUNCTION make_trouble() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE chosen trouble;
        BEGIN
          SELECT * INTO chosen FROM trouble;
          IF nextval('attempts') <= chosen.times THEN
            RAISE EXCEPTION 'in the way' USING ERRCODE = chosen.code;
          END IF;
          RETURN NULL;
        END $$;
      CREATE TRIGGER trouble BEFORE INSERT ON submissions FOR EACH STATEMENT EXECUTE FUNCTION make_trouble();
    `);
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    await emptyTables(app);
    app.stats.reset();
  });

  /** The first statements on the table fail. */
  async function trouble(code: string, times: number): Promise<void> {
    await app.rows('TRUNCATE trouble');
    await app.rows('INSERT INTO trouble VALUES ($1, $2)', [code, times]);
    await app.rows(`SELECT setval('attempts', 1, false)`);
  }

  it.each(someOf(5, PASSING))('of code %s is tried again, counted and told', async (code) => {
    await trouble(code, 2);
    const progress: LoadProgress[] = [];
    const onProgress = (event: LoadProgress): void => void progress.push(event);
    const result = await app.profiles.storeBatch(recordsOf(3), { onProgress });
    expect(result).toMatchObject({ ok: true, inserted: 3, failed: 0, retries: 2 });
    expect(progress.map(({ status, retries, loaded }) => ({ status, retries, loaded }))).toEqual([
      { status: 'retrying', retries: 1, loaded: 0 },
      { status: 'retrying', retries: 2, loaded: 0 },
      { status: 'running', retries: 2, loaded: 3 },
      { status: 'completed', retries: 2, loaded: 3 },
    ]);
    expect(app.stats.snapshot()).toMatchObject({ loaded: 3, failed: 0, errorCount: 0 });
  });

  it.each(someOf(5, LASTING))('of code %s is not tried again, and nothing goes to quarantine for it', async (code) => {
    await trouble(code, 1_000_000);
    await expect(app.profiles.storeBatch(recordsOf(3))).rejects.toMatchObject({
      code: 'LOAD_FAILED',
      message: expect.stringContaining(`[${code}]`),
      result: { inserted: 0, failed: 3, rejected: 0, retries: 0 },
    });
    expect([await app.count('submissions'), await app.count('storage_rejected_records')]).toEqual([0, 0]);
  });

  it.each([
    ['small', 3],
    ['large', 250],
  ])('that passes costs a %s batch that stays in the way five attempts, and the load goes on', async (_, count) => {
    await trouble('40P01', 5);
    const batches = app.profiles.storeBatch(recordsOf(2 * count), { batchSize: count });
    expect(await batches).toMatchObject({ ok: false, inserted: count, failed: count, failedBatches: 1, retries: 4 });
    expect(await app.count('submissions')).toBe(count);
  });

  it('that passes is tried again for a load in one piece, a replace and hybrid records too', async () => {
    await trouble('40001', 2);
    expect(await app.profiles.store(recordsOf(3))).toMatchObject({ ok: true, inserted: 3, retries: 2 });
    await trouble('40001', 2);
    const replace = app.profiles.store(recordsOf(5), { disposition: 'replace' });
    expect(await replace).toMatchObject({ ok: true, inserted: 2, unchanged: 3, retries: 2 });
    await trouble('40001', 2);
    const hybrid = [{ submission_id: 'both', problem_description: 'p' }];
    expect(await app.hybrid.store(hybrid)).toMatchObject({ ok: true, stored: 1, retries: 2 });
  });

  it.each(someOf(3, PASSING))('of code %s is not tried again inside a transaction of the caller', async (code) => {
    await trouble(code, 1);
    await app.dataSource.transaction(async (manager) => {
      await expect(app.profiles.withManager(manager).store(recordsOf(3))).rejects.toMatchObject({
        code: 'LOAD_FAILED',
        message: expect.stringContaining(`[${code}]`),
        result: { retries: 0 },
      });
    });
    expect(await app.count('submissions')).toBe(0);
  });

  it('that an overlong statement ends is tried once more, with half the batch a statement', async () => {
    await app.rows(`
      CREATE TABLE sizes (rows bigint);
      CREATE FUNCTION note_size() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN INSERT INTO sizes SELECT count(*) FROM written; RETURN NULL; END $$;
      CREATE TRIGGER note_size AFTER INSERT ON submissions REFERENCING NEW TABLE AS written
        FOR EACH STATEMENT EXECUTE FUNCTION note_size();
    `);
    await trouble('57014', 1);
    const result = await app.profiles.storeBatch(recordsOf(10));
    await app.rows('DROP TRIGGER note_size ON submissions');
    expect(result).toMatchObject({ ok: true, inserted: 10, retries: 1 });
    expect(await app.rows('SELECT rows::integer FROM sizes')).toEqual([{ rows: 5 }, { rows: 5 }]);
  });

  it('that a cancel request ends is not tried again', async () => {
    await trouble('57014', 0);
    await app.rows(`
      CREATE FUNCTION cancel() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_cancel_backend(pg_backend_pid()), pg_sleep(5); RETURN NULL; END $$;
      CREATE TRIGGER cancel BEFORE INSERT ON submissions FOR EACH STATEMENT EXECUTE FUNCTION cancel();
    `);
    const result = await app.profiles.storeBatch(recordsOf(10));
    await app.rows('DROP TRIGGER cancel ON submissions');
    expect(result).toMatchObject({ ok: false, failed: 10, retries: 0, failures: [{ code: '57014' }] });
  });
});
