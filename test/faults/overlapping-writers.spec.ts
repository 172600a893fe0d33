import { randomInt } from 'node:crypto';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import type { BatchLoadResult, HybridBatchResult } from '../../src/index.js';
import { emptyTables } from '../support/app/quarantine.js';
import { startStorageApp, type StorageApp } from '../support/app/storage-app.js';
import { sized } from '../support/sizes/sizes.js';

const WRITERS = 8;
const BATCHES = sized(40, 200);

interface Stamped {
  readonly submission_id: string;
  readonly problem_description: string;
  /** Which record of which writer wrote the row. */
  readonly app_name: string;
  readonly author: string;
  readonly reddit_score: number;
  readonly num_comments: number;
}

/** Records that say who has written them. */
function* recordsOf(writer: number, count: number, keys: Iterable<number>): Generator<Stamped> {
  let n = 0;
  for (const key of keys) {
    if (n === count) return;
    const stamp = `writer ${writer} record ${n}`;
    yield {
      submission_id: `t3_${key}`,
      problem_description: stamp,
      app_name: stamp,
      author: stamp,
      reddit_score: n,
      num_comments: n,
    };
    n += 1;
  }
}

describe(`${WRITERS} writers of ${BATCHES} batches each, on overlapping keys in random order`, () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startStorageApp({ poolSize: 2 * WRITERS + 2 });
  });
  afterAll(() => app.close());
  beforeEach(() => emptyTables(app));

  /** Numbers of keys; the seed is part of the test name. */
  function* keysOf(seed: number, keys: number): Generator<number> {
    const number = fc.noBias(fc.integer({ min: 0, max: keys - 1 }));
    const [stream] = fc.sample(fc.infiniteStream(number), { seed, numRuns: 1 });
    yield* stream ?? [];
  }

  describe.each([
    ['the small writer', 12, 60],
    ['COPY into a staging table', 210, 800],
    ['COPY straight into the table at first', 450, 5_000],
  ])('by %s', (_, batchSize, keys) => {
    it.each([randomInt(2 ** 31)])(
      'into both tables, each record wholly: no error, exact sums (seed %i)',
      async (seed) => {
        const results = await Promise.all(
          Array.from({ length: WRITERS }, (__, writer) =>
            app.hybrid.storeBatch(recordsOf(writer, BATCHES * batchSize, keysOf(seed + writer, keys)), { batchSize }),
          ),
        );
        const received = WRITERS * BATCHES * batchSize;
        expect(sumOf(results, 'received')).toBe(received);
        expect(sumOf(results, 'stored') + sumOf(results, 'duplicates')).toBe(received);
        expect(results.every(({ ok, failed, rejected }) => ok && failed === 0 && rejected === 0)).toBe(true);
        for (const half of ['opportunities', 'submissions'] as const) {
          expect(results.reduce((sum, result) => sum + result[half].inserted, 0)).toBe(keys);
        }
        // Whoever came last came last in both tables, and with all of its fields.
        expect(
          await app.count(`app_opportunities o FULL JOIN submissions s USING (submission_id, load_id)
            WHERE o.app_name IS DISTINCT FROM s.author OR o.problem_description IS DISTINCT FROM o.app_name
               OR o.app_name NOT LIKE 'writer % record ' || o.reddit_score OR s.num_comments <> s.reddit_score`),
        ).toBe(0);
        await expectHistoryAgrees(received);
        expectFewRetries(results);
      },
      600_000,
    );

    it.each([randomInt(2 ** 31)])(
      'into one table or the other or both: no error, exact sums (seed %i)',
      async (seed) => {
        const load = (writer: number): Promise<BatchLoadResult | HybridBatchResult> => {
          const records = recordsOf(writer, BATCHES * batchSize, keysOf(seed + writer, keys));
          const options = { batchSize };
          return [
            () => app.opportunities.storeBatch(records, options),
            () => app.profiles.storeBatch(records, options),
            () => app.hybrid.storeBatch(records, options),
          ][writer % 3]?.() as Promise<BatchLoadResult | HybridBatchResult>;
        };
        const results = await Promise.all(Array.from({ length: WRITERS }, (__, writer) => load(writer)));
        const received = WRITERS * BATCHES * batchSize;
        expect(sumOf(results, 'received')).toBe(received);
        expect(results.every(({ ok, failed, rejected }) => ok && failed === 0 && rejected === 0)).toBe(true);
        const tables = results.flatMap((result) =>
          result.kind === 'hybrid' ? [result.opportunities, result.submissions] : [result],
        );
        for (const table of ['app_opportunities', 'submissions']) {
          const counts = tables.filter((counted) => counted.table === table);
          expect(counts.reduce((sum, { inserted }) => sum + inserted, 0)).toBe(keys);
          expect(await app.count(table)).toBe(keys);
          for (const { received: records, inserted, updated, unchanged, duplicates } of counts) {
            expect(inserted + updated + unchanged + duplicates).toBe(records);
          }
        }
        await expectHistoryAgrees(received);
        expectFewRetries(results);
      },
      600_000,
    );
  });

  async function expectHistoryAgrees(received: number): Promise<void> {
    expect(
      await app.rows(`
        SELECT count(*)::integer AS loads, sum(received)::integer AS received, sum(batches)::integer AS batches,
               sum(in_batches)::integer AS "inBatches"
          FROM storage_loads
          JOIN (SELECT load_id, count(*) AS batches, sum(end_position - first_position) AS in_batches
                  FROM storage_load_batches GROUP BY 1) AS b ON load_id = id
         WHERE status = 'completed'`),
    ).toEqual([{ loads: WRITERS, received, batches: WRITERS * BATCHES, inBatches: received }]);
  }
});

function sumOf<T extends object>(results: readonly T[], name: string): number {
  return results.reduce((sum, result) => sum + (Number(Reflect.get(result, name)) || 0), 0);
}

/** Writers lock their rows in one order, so a deadlock is rare; it costs a retry. */
function expectFewRetries(results: readonly { readonly retries: number }[]): void {
  const retries = sumOf(results, 'retries');
  process.stderr.write(`${WRITERS} writers × ${BATCHES} batches: ${retries} retries\n`);
  expect(retries).toBeLessThan((WRITERS * BATCHES) / 100);
}
