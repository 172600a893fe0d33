/**
 * Parity with the Python layer over the library dlt, which this package replaces. Its `load_batch` reported totals,
 * batches, successful and failed batches, and a success rate.
 * Proved here: `loadBatch` reports the same, continues after a failed batch and stops where no batch could succeed.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { InvalidLoadError, LoadFailedError } from '../../../src/index.js';
import { emptyTables } from '../../support/app/quarantine.js';
import { startStorageApp, startStorageAppBeside, type StorageApp } from '../../support/app/storage-app.js';
import { committedBatches, entryOf, expectAccounted } from '../../support/parity/accounts.js';
import { errorOf, stoppedResult, withCheck, withLocks, withRejection } from '../../support/parity/faults.js';
import { keyOf, many, opportunity, submission } from '../../support/parity/records.js';

describe('loadBatch', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startStorageApp({ loader: { maxAttempts: 1 } });
  });
  afterAll(() => app.close());
  beforeEach(() => emptyTables(app));

  it.each([
    [1, 100],
    [10, 10],
    [30, 4],
    [50, 2],
    [100, 1],
    [1_000, 1],
  ])('stores 100 records in batches of %i: %i transactions', async (batchSize, batches) => {
    const result = await app.opportunities.storeBatch(many(100, opportunity), { batchSize });
    expect(result).toMatchObject({ ok: true, received: 100, inserted: 100, failed: 0 });
    expect(result).toMatchObject({
      batches,
      successfulBatches: batches,
      failedBatches: 0,
      successRate: 1,
      failures: [],
    });
    expect(await app.count('app_opportunities')).toBe(100);
    expect(await app.rows('SELECT DISTINCT xmin::text FROM app_opportunities')).toHaveLength(batches);
    expect(await committedBatches(app, result.loadId)).toHaveLength(batches);
    await expectAccounted(app, result);
  });

  it('continues after batches that the database rejects, and reports them', async () => {
    const rejection = {
      table: 'app_opportunities',
      when: `NEW.submission_id IN ('${keyOf(25)}', '${keyOf(70)}')`,
      sqlstate: '40001',
    };
    const result = await withRejection(app, rejection, () =>
      app.opportunities.storeBatch(many(100, opportunity), { batchSize: 10 }),
    );
    expect(result).toMatchObject({ ok: false, received: 100, inserted: 80, failed: 20 });
    expect(result).toMatchObject({ batches: 10, successfulBatches: 8, failedBatches: 2, successRate: 0.8 });
    expect(result.failures).toMatchObject([
      { batchNo: 2, firstPosition: 20, records: 10, code: '40001' },
      { batchNo: 7, firstPosition: 70, records: 10, code: '40001' },
    ]);
    expect(await app.count('app_opportunities')).toBe(80);
    expect(await app.count(`app_opportunities WHERE submission_id BETWEEN '${keyOf(20)}' AND '${keyOf(29)}'`)).toBe(0);
    expect(await entryOf(app, result.loadId)).toMatchObject({ status: 'completed' });
    await expectAccounted(app, result);
  });

  it('fails only the batch whose row somebody else holds', async () => {
    await app.profiles.store(many(100, submission));
    const locked = `SELECT 1 FROM submissions WHERE submission_id = '${keyOf(42)}' FOR UPDATE`;
    const changed = many(100, (id) => submission(id, { author: 'new' }));
    const hurried = await startStorageAppBeside(app, { loader: { maxAttempts: 1, lockTimeoutMs: 100 } });
    const result = await withLocks(app, locked, () => hurried.profiles.storeBatch(changed, { batchSize: 50 }));
    await hurried.close();
    expect(result).toMatchObject({ batches: 2, successfulBatches: 1, failedBatches: 1, successRate: 0.5 });
    expect(result).toMatchObject({ updated: 50, failed: 50, failures: [{ batchNo: 0, code: '55P03' }] });
    expect(await app.count(`submissions WHERE author = 'new' AND submission_id >= '${keyOf(50)}'`)).toBe(50);
    expect(await app.count(`submissions WHERE author = 'new'`)).toBe(50);
    await expectAccounted(app, result);
  });

  it('reports every batch as failed when none was taken', async () => {
    const rejection = { table: 'submissions', when: 'true', sqlstate: '40001' };
    const result = await withRejection(app, rejection, () =>
      app.profiles.storeBatch(many(100, submission), { batchSize: 50 }),
    );
    expect(result).toMatchObject({ ok: false, failed: 100, batches: 2, successfulBatches: 0, failedBatches: 2 });
    expect(result.successRate).toBe(0);
    expect(await app.count('submissions')).toBe(0);
    await expectAccounted(app, result);
  });

  it('counts a rejected record against the success rate, not against its batch', async () => {
    const records = many(100, (id) => submission(id, { num_comments: id < keyOf(4) ? -1 : 1 }));
    const result = await withCheck(app, 'submissions', 'num_comments >= 0', () =>
      app.profiles.storeBatch(records, { batchSize: 10 }),
    );
    expect(result).toMatchObject({ ok: false, inserted: 96, rejected: 4, failed: 0, successRate: 0.96 });
    expect(result).toMatchObject({ batches: 10, successfulBatches: 10, failedBatches: 0 });
    expect(await app.count('submissions')).toBe(96);
    expect(await app.count('storage_rejected_records')).toBe(4);
    await expectAccounted(app, result);
  });

  it('leaves skipped records out of the success rate', async () => {
    const records = [...many(30, opportunity), ...many(70, submission, 30)];
    const result = await app.opportunities.storeBatch(records, { batchSize: 50 });
    expect(result).toMatchObject({ ok: true, inserted: 30, skipped: 70, successRate: 1, batches: 2 });
    expect(result.skippedReasons).toEqual({ missing_problem_description: 70 });
    expect(await app.count('app_opportunities')).toBe(30);
    await expectAccounted(app, result);
  });

  it('does nothing with no records', async () => {
    const result = await app.opportunities.storeBatch([]);
    expect(result).toMatchObject({ ok: true, received: 0, batches: 0, successfulBatches: 0, failedBatches: 0 });
    expect(result.successRate).toBe(0);
    expect(await app.count('app_opportunities')).toBe(0);
  });

  it('stops when no batch could succeed; those before stay, those after are not read', async () => {
    const rejection = { table: 'submissions', when: `NEW.submission_id = '${keyOf(25)}'`, sqlstate: '53100' };
    const error = await withRejection(app, rejection, () =>
      errorOf(app.profiles.storeBatch(many(400, submission), { batchSize: 10 })),
    );
    expect(error).toBeInstanceOf(LoadFailedError);
    const result = stoppedResult(error);
    expect(result).toMatchObject({ failed: 10, failedBatches: 1, failures: [{ batchNo: 2, firstPosition: 20 }] });
    expect(result.inserted).toBeGreaterThanOrEqual(10);
    expect(result.received).toBe(result.inserted + 10);
    expect(result.received).toBeLessThan(400);
    expect(await app.count('submissions')).toBe(result.inserted);
    expect(await app.count(`submissions WHERE submission_id BETWEEN '${keyOf(20)}' AND '${keyOf(29)}'`)).toBe(0);
    expect(await entryOf(app, result.loadId)).toMatchObject({ status: 'failed', error_code: '53100' });
    await expectAccounted(app, result);
  });

  it('stops at the limit of rejected records, and rolls back the current batch', async () => {
    const records = many(100, (id) => submission(id, { trust_score: id < keyOf(55) ? 1 : 'high' }));
    const error = await errorOf(app.profiles.storeBatch(records, { batchSize: 10, maxRejects: 3 }));
    expect(error).toMatchObject({ code: 'REJECT_LIMIT_EXCEEDED', result: { inserted: 50, rejected: 0, failed: 10 } });
    expect(await app.count('submissions')).toBe(50);
    expect(await app.count('storage_rejected_records')).toBe(0);
  });

  it.each([0, -1, 1.5, Number.NaN])('rejects a batch size of %p', async (batchSize) => {
    const error = await errorOf(app.profiles.storeBatch(many(3, submission), { batchSize }));
    expect(error).toBeInstanceOf(InvalidLoadError);
    expect(await app.count('submissions')).toBe(0);
  });
});
