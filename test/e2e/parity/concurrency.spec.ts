/**
 * Parity with the Python layer over the library dlt, which this package replaces.
 * Proved here: any number of writers may use its stores on the same rows at once: no error reaches a caller, no row is
 * doubled and no field is lost.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import type { LoadCounts } from '../../../src/index.js';
import { emptyTables } from '../../support/app/quarantine.js';
import { startStorageApp, type StorageApp } from '../../support/app/storage-app.js';
import { expectAccounted, expectHybridAccounted } from '../../support/parity/accounts.js';
import { withLocks } from '../../support/parity/faults.js';
import { type Fields, keyOf, many, opportunity, submission } from '../../support/parity/records.js';

const WRITERS = [0, 1, 2, 3, 4, 5];

/** The same records in an order of the writer's own: rotated, and every other writer's backwards. */
function inOrderOf(writer: number, records: readonly Fields[]): Fields[] {
  const start = Math.floor((records.length / WRITERS.length) * writer);
  const rotated = [...records.slice(start), ...records.slice(0, start)];
  return writer % 2 === 0 ? rotated : rotated.toReversed();
}

function sum(results: readonly LoadCounts[], name: keyof LoadCounts): number {
  return results.reduce((total, result) => total + result[name], 0);
}

describe('writers at the same time', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startStorageApp();
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    await emptyTables(app);
    app.stats.reset();
  });

  it('of the same rows insert each of them once, and all are told so', async () => {
    const results = await Promise.all(
      WRITERS.map((writer) => app.profiles.store(inOrderOf(writer, many(200, submission)))),
    );
    expect(results.every(({ ok }) => ok)).toBe(true);
    expect(sum(results, 'inserted')).toBe(200);
    expect(sum(results, 'unchanged')).toBe(1_000);
    expect(await app.count('submissions')).toBe(200);
    expect(app.stats.snapshot()).toMatchObject({
      received: 1_200,
      loaded: 1_200,
      inserted: 200,
      failed: 0,
      errorCount: 0,
    });
    await Promise.all(results.map((result) => expectAccounted(app, result)));
  });

  it('of different fields of the same rows lose none', async () => {
    const fields = ['app_concept', 'app_name', 'app_category', 'profession', 'priority', 'status'];
    const results = await Promise.all(
      WRITERS.map((writer) =>
        app.opportunities.store(
          inOrderOf(
            writer,
            many(200, (id) => opportunity(id, { [fields[writer] as string]: id })),
          ),
        ),
      ),
    );
    expect(sum(results, 'inserted')).toBe(200);
    expect(sum(results, 'updated')).toBe(1_000);
    expect(await app.count('app_opportunities')).toBe(200);
    const complete = fields.map((field) => `${field} = submission_id`).join(' AND ');
    expect(await app.count(`app_opportunities WHERE ${complete}`)).toBe(200);
  });

  it('of records of mixed shapes, in crossing orders, get in each other’s way and nobody hears of it', async () => {
    const shapes: readonly Fields[] = [
      { app_name: null },
      { app_name: 'a', status: 's' },
      { status: null },
      { final_score: 1 },
    ];
    const recordsOf = (writer: number) =>
      many(1_000, (id) => opportunity(id, { ...shapes[(Number(id.slice(3)) + writer) % 4], confidence: writer }));
    const results = await Promise.all(
      Array.from({ length: 10 }, (_, writer) =>
        app.opportunities.storeBatch(inOrderOf(writer, recordsOf(writer)), { batchSize: 500 }),
      ),
    );
    expect(results.flatMap(({ failures }) => failures)).toEqual([]);
    expect(sum(results, 'received')).toBe(10_000);
    expect(sum(results, 'inserted')).toBe(1_000);
    expect(sum(results, 'updated') + sum(results, 'unchanged')).toBe(9_000);
    expect(await app.count('app_opportunities')).toBe(1_000);
    await Promise.all(results.map((result) => expectAccounted(app, result)));
  }, 120_000);

  it('through all three stores on overlapping keys leave one row a key, whole', async () => {
    const [opportunities, profiles, hybrid, more] = await Promise.all([
      app.opportunities.storeBatch(
        many(150, (id) => opportunity(id, { app_name: id })),
        { batchSize: 50 },
      ),
      app.profiles.storeBatch(many(150, (id) => submission(id, { author: id }), 50).toReversed(), { batchSize: 30 }),
      app.hybrid.storeBatch(
        many(150, (id) => opportunity(id, { title: id, status: 's' }), 100),
        { batchSize: 40 },
      ),
      app.hybrid.store(many(200, (id) => opportunity(id, { trust_score: 7 })).toReversed()),
    ]);
    expect(await app.count('app_opportunities')).toBe(250);
    expect(await app.count('submissions')).toBe(250);
    const inserted = (counts: readonly LoadCounts[]) => sum(counts, 'inserted');
    expect(inserted([opportunities, hybrid.opportunities, more.opportunities])).toBe(250);
    expect(inserted([profiles, hybrid.submissions, more.submissions])).toBe(250);
    expect(await app.count('app_opportunities WHERE app_name = submission_id')).toBe(150);
    expect(await app.count('submissions WHERE author = submission_id')).toBe(150);
    expect(await app.count('app_opportunities WHERE trust_score = 7')).toBe(200);
    expect(await app.count('submissions WHERE trust_score = 7')).toBe(200);
    await expectAccounted(app, opportunities);
    await expectAccounted(app, profiles);
    await expectHybridAccounted(app, hybrid);
    await expectHybridAccounted(app, more);
  });

  it('that append the same keys: one gets each in, the others are told it was there', async () => {
    const results = await Promise.all(
      WRITERS.map((writer) => app.profiles.store(inOrderOf(writer, many(20, submission)), { disposition: 'append' })),
    );
    expect(sum(results, 'inserted')).toBe(20);
    expect(sum(results, 'rejected')).toBe(100);
    expect(await app.count('submissions')).toBe(20);
    expect(await app.count(`storage_rejected_records WHERE reason = '23505'`)).toBe(100);
    await Promise.all(results.map((result) => expectAccounted(app, result)));
  });

  it('that replace the table leave the whole set of one of them', async () => {
    const results = await Promise.all(
      WRITERS.map((writer) =>
        app.profiles.store(
          many(50 + writer, (id) => submission(id, { author: `writer ${writer}` })),
          { disposition: 'replace' },
        ),
      ),
    );
    expect(results.every(({ ok }) => ok)).toBe(true);
    const authors = await app.rows<{ author: string; n: number }>(
      'SELECT author, count(*)::integer AS n FROM submissions GROUP BY 1',
    );
    expect(authors).toHaveLength(1);
    expect(authors[0]?.n).toBe(50 + Number(authors[0]?.author.slice('writer '.length)));
  });

  it('that wait for a row in vain try again, and the caller only sees the row stored', async () => {
    const patient = await startStorageApp({ loader: { lockTimeoutMs: 20, maxAttempts: 100 } });
    try {
      await patient.profiles.store([submission(keyOf(1))]);
      const statement = `SELECT 1 FROM submissions WHERE submission_id = '${keyOf(1)}' FOR UPDATE`;
      const statuses: string[] = [];
      const result = await withLocks(patient, statement, async (release) => {
        let released: Promise<void> | undefined;
        const watching = patient.stats.progress$.subscribe(({ status }) => {
          statuses.push(status);
          released ??= status === 'retrying' ? release() : undefined;
        });
        const loaded = await patient.profiles.store([submission(keyOf(1), { author: 'a' })]);
        await released;
        watching.unsubscribe();
        return loaded;
      });
      expect(statuses).toContain('retrying');
      expect(result).toMatchObject({ ok: true, updated: 1, failed: 0 });
      expect(await patient.rows('SELECT author FROM submissions')).toEqual([{ author: 'a' }]);
      expect(patient.stats.snapshot()).toMatchObject({ loaded: 2, failed: 0, errorCount: 0 });
    } finally {
      await patient.close();
    }
  });
});
