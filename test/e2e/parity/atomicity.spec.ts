/**
 * Parity with the Python layer over the library dlt, which this package replaces. Its `HybridStore` wrote two tables in
 * two independent loads.
 * Proved here: a batch is wholly in or wholly out, of one table or of both, whatever ends it, and other readers never
 * see a part.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { firstValueFrom } from 'rxjs';

import { LoadInterruptedError } from '../../../src/index.js';
import { emptyTables } from '../../support/app/quarantine.js';
import { startStorageApp, type StorageApp } from '../../support/app/storage-app.js';
import { committedBatches, entryOf, expectAccounted, expectHybridAccounted } from '../../support/parity/accounts.js';
import { errorOf, stoppedResult, withLocks, withRejection } from '../../support/parity/faults.js';
import { type Fields, keyOf, many, opportunity, submission } from '../../support/parity/records.js';

describe('a batch', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startStorageApp({ loader: { maxAttempts: 1 } });
  });
  afterAll(() => app.close());
  beforeEach(() => emptyTables(app));

  /** The last record of the second batch of 10, so that nine rows were written before it. */
  const rejection = { table: 'submissions', when: `NEW.submission_id = '${keyOf(19)}'`, sqlstate: '40001' };
  const keys = async () =>
    (await app.rows<{ id: string }>('SELECT submission_id AS id FROM submissions ORDER BY 1')).map(({ id }) => id);
  const expected = (...ranges: [first: number, end: number][]) =>
    ranges.flatMap(([first, end]) => Array.from({ length: end - first }, (_, index) => keyOf(first + index)));

  it('is wholly in or wholly out', async () => {
    const result = await withRejection(app, rejection, () =>
      app.profiles.storeBatch(many(30, submission), { batchSize: 10 }),
    );
    expect(result).toMatchObject({ inserted: 20, failed: 10, failedBatches: 1 });
    expect(await keys()).toEqual(expected([0, 10], [20, 30]));
    expect(await committedBatches(app, result.loadId)).toEqual([
      [0, 10],
      [20, 30],
    ]);
    await expectAccounted(app, result);
  });

  it('that is out has changed no row that was there before', async () => {
    await app.profiles.store(many(30, submission));
    const before = await app.rows('SELECT * FROM submissions ORDER BY submission_id LIMIT 10 OFFSET 10');
    const changed = many(30, (id) => submission(id, { author: 'new', title: null }));
    const result = await withRejection(app, rejection, () => app.profiles.storeBatch(changed, { batchSize: 10 }));
    expect(result).toMatchObject({ updated: 20, failed: 10 });
    expect(await app.rows('SELECT * FROM submissions ORDER BY submission_id LIMIT 10 OFFSET 10')).toEqual(before);
    expect(await app.count(`submissions WHERE author = 'new'`)).toBe(20);
  });

  it('that is out takes its rejected records out of the quarantine, and counts them as failed', async () => {
    const records = many(30, (id) =>
      submission(id, id === keyOf(12) || id === keyOf(22) ? { trust_score: 'high' } : {}),
    );
    const result = await withRejection(app, rejection, () => app.profiles.storeBatch(records, { batchSize: 10 }));
    expect(result).toMatchObject({ inserted: 19, rejected: 1, failed: 10 });
    expect(await app.rows('SELECT record_key FROM storage_rejected_records')).toEqual([{ record_key: keyOf(22) }]);
    await expectAccounted(app, result);
  });

  it('of which records were rejected is in with all its others', async () => {
    const records = many(10, (id) => submission(id, id > keyOf(6) ? { num_comments: 1.5 } : {}));
    const result = await app.profiles.storeBatch(records, { batchSize: 10 });
    expect(result).toMatchObject({ inserted: 7, rejected: 3, failedBatches: 0 });
    expect(await keys()).toEqual(expected([0, 7]));
    expect(await app.count('storage_rejected_records')).toBe(3);
  });

  it('of hybrid records is in or out of both tables at once', async () => {
    const result = await withRejection(app, rejection, () =>
      app.hybrid.storeBatch(many(30, opportunity), { batchSize: 10 }),
    );
    expect(result).toMatchObject({ stored: 20, failed: 10, failedBatches: 1 });
    expect(await keys()).toEqual(expected([0, 10], [20, 30]));
    const halves = 'app_opportunities o FULL JOIN submissions s USING (submission_id)';
    expect(await app.count(`${halves} WHERE o.load_id IS DISTINCT FROM s.load_id`)).toBe(0);
    expect(await app.count('app_opportunities')).toBe(20);
    await expectHybridAccounted(app, result);
  });

  it('that is interrupted at its work is out, and those before it stay', async () => {
    await app.profiles.store(many(20, submission));
    const held = `SELECT 1 FROM submissions WHERE submission_id = '${keyOf(15)}' FOR UPDATE`;
    const changed = many(20, (id) => submission(id, { author: 'new' }));
    const abort = new AbortController();
    const error = await withLocks(app, held, async (release) => {
      const interrupted = firstValueFrom(app.stats.progress$).then(() => {
        abort.abort();
        return release();
      });
      const ended = await errorOf(app.profiles.storeBatch(changed, { batchSize: 10, signal: abort.signal }));
      await interrupted;
      return ended;
    });
    expect(error).toBeInstanceOf(LoadInterruptedError);
    const result = stoppedResult(error);
    expect(result).toMatchObject({ updated: 10, inserted: 0 });
    expect(await app.count(`submissions WHERE author = 'new'`)).toBe(10);
    expect(await app.count(`submissions WHERE author = 'new' AND submission_id < '${keyOf(10)}'`)).toBe(10);
    expect(await entryOf(app, result.loadId)).toMatchObject({ status: 'interrupted' });
    expect(await committedBatches(app, result.loadId)).toEqual([[0, 10]]);
    await expectAccounted(app, result);
  });

  it('is only seen by others as a whole', async () => {
    const seen: number[] = [];
    const watching = app.stats.progress$.subscribe(({ loaded }) => seen.push(loaded));
    async function* source(): AsyncGenerator<Fields> {
      for (const record of many(40, submission)) {
        expect((await app.count('submissions')) % 10).toBe(0);
        yield record;
      }
    }
    await app.profiles.storeBatch(source(), { batchSize: 10 });
    watching.unsubscribe();
    expect(new Set(seen)).toEqual(new Set([10, 20, 30, 40]));
    expect(await app.count('submissions')).toBe(40);
  });

  it('and a load in one piece are atomic alike', async () => {
    const error = await withRejection(app, { ...rejection, sqlstate: '53100' }, () =>
      errorOf(app.profiles.store(many(30, submission))),
    );
    expect(error).toMatchObject({ code: 'LOAD_FAILED', result: { failed: 30, inserted: 0 } });
    expect(await keys()).toEqual([]);
    expect(await app.count('storage_load_batches')).toBe(0);
  });
});
