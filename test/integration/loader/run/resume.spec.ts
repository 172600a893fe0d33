import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { InvalidLoadError, LoadFailedError, LoadInterruptedError, type LoadOptions } from '../../../../src/index.js';
import { errorOf, withLocks } from '../../../support/parity/faults.js';
import { checkedLedger } from '../../../support/app/ledger.js';
import { emptyTables } from '../../../support/app/quarantine.js';
import { startStorageApp, startStorageAppBeside, type StorageApp } from '../../../support/app/storage-app.js';
import { propertyRuns } from '../../../support/sizes/sizes.js';

const post = (n: number, fields: object = {}) => ({ submission_id: `t3_${n}`, title: `title ${n}`, ...fields });
const posts = (count: number) => Array.from({ length: count }, (_, n) => post(n));

describe('a load that was cut off', () => {
  let app: StorageApp;
  /** On the same database; gives up a batch that waits. */
  let hurried: StorageApp;
  beforeAll(async () => {
    app = await startStorageApp({ loader: { maxAttempts: 1 } });
    hurried = await startStorageAppBeside(app, { loader: { maxAttempts: 1, lockTimeoutMs: 500 } });
  });
  afterAll(async () => {
    await hurried.close();
    await app.close();
  });
  beforeEach(async () => {
    await emptyTables(app);
    app.stats.reset();
  });

  const ledger = () => checkedLedger((sql, parameters) => app.rows(sql, parameters), 'k');
  const ranges = async () =>
    (
      await app.rows<{ range: string }>(
        `SELECT first_position || '-' || end_position AS range FROM storage_load_batches ORDER BY first_position`,
      )
    ).map(({ range }) => range);
  /** Stops a load when so many of its batches are in. */
  const interrupted = async (records: Iterable<object>, after: number, options: LoadOptions) => {
    const controller = new AbortController();
    const load = app.profiles.storeBatch(records, {
      loadKey: 'k',
      signal: controller.signal,
      onProgress: ({ batches }) => batches === after && controller.abort(),
      ...options,
    });
    expect(await errorOf(load)).toBeInstanceOf(LoadInterruptedError);
  };
  /**
   * Batches of 4; the second waits for a lock while the third commits, and is given up then.
   * @param how - by an interrupt of the load, or because it waited too long
   */
  const loadWithGap = (records: readonly object[], how: 'interrupt' | 'failure', disposition: 'merge' | 'append') =>
    withLocks(app, `INSERT INTO submissions (submission_id, reddit_id) VALUES ('t3_5', 'x')`, async (release) => {
      const controller = new AbortController();
      const load = (how === 'failure' ? hurried : app).profiles.storeBatch(records, {
        loadKey: 'k',
        batchSize: 4,
        disposition,
        signal: controller.signal,
        onProgress: ({ batches, status }) => {
          if (how === 'interrupt' && batches === 2 && status === 'running') {
            controller.abort();
            void release();
          }
        },
      });
      return load.catch((error: unknown) => error);
    });

  it('goes on after what is in, and comes to the sums of all attempts', async () => {
    const records = [...posts(10), { title: 'no key' }, post(11, { title: 5 }), post(2, { title: 'again' }), post(12)];
    await interrupted(records, 2, { batchSize: 3, maxRejects: 9 });
    const [load] = await app.rows<{ id: string; status: string }>('SELECT id, status FROM storage_loads');
    expect(load?.status).toBe('interrupted');
    expect(await ranges()).toEqual(['0-3', '3-6']);
    const result = await app.profiles.storeBatch(records, { loadKey: 'k', batchSize: 5 });
    expect(result).toMatchObject({
      loadId: load?.id,
      received: 14,
      receivedEarlier: 6,
      alreadyCompleted: false,
      ok: false,
    });
    expect(result).toMatchObject({ inserted: 11, updated: 1, skipped: 1, rejected: 1, failed: 0, batches: 4 });
    expect(await ranges()).toEqual(['0-3', '3-6', '6-11', '11-14']);
    expect(await ledger()).toMatchObject({ status: 'completed', received: 14, inserted: 11 });
    // The counters of this process know what it did, once.
    expect(app.stats.forTable('submissions')).toMatchObject({ inserted: 11, rejected: 1 });
  });

  it('has a batch in the ledger where all records were skipped or rejected', async () => {
    const records = [{ title: 'no key' }, { title: 'none' }, post(1, { title: 5 }), post(2, { title: 5 }), ...posts(3)];
    await interrupted(records, 2, { batchSize: 2, maxRejects: 9 });
    expect(await ranges()).toEqual(['0-2', '2-4']);
    const result = await app.profiles.storeBatch(records, { loadKey: 'k' });
    expect(result).toMatchObject({ received: 7, skipped: 2, rejected: 2, inserted: 3 });
    expect(result.rejects.map(({ position }) => position)).toEqual([2, 3]);
    await ledger();
  });

  it('counts rejected records of all attempts against maxRejects', async () => {
    const records = [post(1, { title: 5 }), ...posts(3), post(4, { title: 5 })];
    await interrupted(records, 2, { batchSize: 2, maxRejects: 1 });
    const error = await errorOf(app.profiles.storeBatch(records, { loadKey: 'k', maxRejects: 1 }));
    expect(error).toMatchObject({ code: 'REJECT_LIMIT_EXCEEDED', result: { received: 5, rejected: 1, failed: 1 } });
    expect(await app.profiles.storeBatch(records, { loadKey: 'k', maxRejects: 2 })).toMatchObject({ rejected: 2 });
    await ledger();
  });

  describe.each(['merge', 'append'] as const)('by %s', (disposition) => {
    it.each([1, 3, 4, 5, 100])('loads a gap between its batches in batches of %i', async (batchSize) => {
      const records = posts(14);
      expect(await loadWithGap(records, 'interrupt', disposition)).toBeInstanceOf(LoadInterruptedError);
      expect(await ranges()).toEqual(['0-4', '8-12']);
      const result = await app.profiles.storeBatch(records, { loadKey: 'k', batchSize, disposition });
      expect(result).toMatchObject({ received: 14, receivedEarlier: 8, inserted: 14, failed: 0, ok: true });
      expect(await ledger()).toMatchObject({ status: 'completed' });
      expect(await app.count('submissions')).toBe(14);
    });
  });

  it('comes back to a batch that failed, which no later record of its keys has overtaken', async () => {
    const records = [...posts(12), post(6, { title: 'later' }), ...posts(3), post(12), post(13)];
    const result = await loadWithGap(records, 'failure', 'merge');
    expect(result).toMatchObject({ received: 18, failed: 8, failures: [{ code: '55P03' }, { code: 'BLOCKED_KEYS' }] });
    expect(await ranges()).toEqual(['0-4', '8-12', '16-18']);
    expect(await app.rows('SELECT status, failed::integer FROM storage_loads')).toEqual([
      { status: 'completed', failed: 8 },
    ]);
    expect(await app.profiles.storeBatch(records, { loadKey: 'k' })).toMatchObject({ received: 18, failed: 0 });
    expect(await app.rows(`SELECT title FROM submissions WHERE submission_id = 't3_6'`)).toEqual([{ title: 'later' }]);
    await ledger();
  });

  it('is not taken for another input, of which there is less', async () => {
    await interrupted(posts(10), 2, { batchSize: 3, maxRejects: 9 });
    const error = await errorOf(app.profiles.storeBatch(posts(5), { loadKey: 'k' }));
    expect(error).toBeInstanceOf(LoadFailedError);
    expect(error).toMatchObject({ cause: { code: 'SOURCE_CHANGED' } });
    expect((error as Error).message).toContain(
      'The input ended after 5 records, but earlier attempts with this load key have committed 6',
    );
    expect(await app.profiles.storeBatch(posts(10), { loadKey: 'k' })).toMatchObject({ received: 10, inserted: 10 });
    await ledger();
  });

  it('does not go on in one transaction', async () => {
    await interrupted(posts(10), 2, { batchSize: 3, maxRejects: 9 });
    const error = await errorOf(app.profiles.store(posts(10), { loadKey: 'k' }));
    expect(error).toBeInstanceOf(InvalidLoadError);
    expect((error as Error).message).toMatch(/started batch by batch and has not completed\. Resume it with loadBatch/);
    expect(await app.rows('SELECT attempt, status FROM storage_loads')).toEqual([
      { attempt: 1, status: 'interrupted' },
    ]);
  });

  it('goes on for both tables', async () => {
    const records = posts(10).map((record, n) => ({ ...record, ...(n % 2 === 0 && { problem_description: 'p' }) }));
    const controller = new AbortController();
    const stop = { signal: controller.signal, onProgress: () => controller.abort() };
    await errorOf(app.hybrid.storeBatch(records, { loadKey: 'k', batchSize: 3, ...stop }));
    const result = await app.hybrid.storeBatch(records, { loadKey: 'k' });
    expect(result).toMatchObject({
      received: 10,
      stored: 10,
      opportunities: { inserted: 5 },
      submissions: { inserted: 10 },
    });
    expect(result.receivedEarlier).toBeGreaterThan(0);
    const [load] = await app.rows('SELECT stored::integer, tables FROM storage_loads');
    expect(load).toMatchObject({
      stored: 10,
      tables: { app_opportunities: { received: 10, inserted: 5, skipped: 5 }, submissions: { inserted: 10 } },
    });
  });

  it('comes to the same tables and sums as one that was not, wherever it is cut off', async () => {
    const record = fc.oneof(
      {
        weight: 8,
        arbitrary: fc.record(
          {
            submission_id: fc.nat(9).map((n) => `t3_${n}`),
            title: fc.constantFrom('a', 'b', null),
            num_comments: fc.nat(3),
          },
          { requiredKeys: ['submission_id'] },
        ),
      },
      { weight: 1, arbitrary: fc.constantFrom<object>({ title: 'no key' }, { submission_id: 5 }) },
    );
    const attempt = fc.record({ batchSize: fc.integer({ min: 1, max: 6 }), after: fc.integer({ min: 1, max: 4 }) });
    const input = fc.array(record, { minLength: 1, maxLength: 30 });
    const state = () =>
      app.rows(`SELECT submission_id, title, num_comments FROM submissions ORDER BY submission_id COLLATE "C"`);
    await fc.assert(
      fc.asyncProperty(
        input,
        fc.array(attempt, { maxLength: 4 }),
        fc.constantFrom('merge', 'append'),
        async (records, attempts, disposition) => {
          await emptyTables(app);
          const whole = await app.profiles.storeBatch(records, { disposition, batchSize: 4 } as LoadOptions);
          const expected = await state();
          await emptyTables(app);
          for (const { batchSize, after } of attempts) {
            const controller = new AbortController();
            let made = 0;
            const onProgress = () => {
              made += 1;
              if (made === after) controller.abort();
            };
            await app.profiles
              .storeBatch(records, {
                loadKey: 'k',
                disposition,
                batchSize,
                signal: controller.signal,
                onProgress,
              } as LoadOptions)
              .catch(() => {});
          }
          const result = await app.profiles.storeBatch(records, { loadKey: 'k', disposition } as LoadOptions);
          expect(await state()).toEqual(expected);
          const { received, skipped, rejected, inserted } = whole;
          expect(result).toMatchObject({ received, skipped, rejected, inserted, failed: 0 });
          expect(await ledger()).toMatchObject({ status: 'completed', received });
        },
      ),
      { ...propertyRuns(60), endOnFailure: true },
    );
  }, 90_000);
});
