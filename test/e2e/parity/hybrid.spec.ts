/**
 * Parity with the Python layer over the library dlt, which this package replaces. Its `HybridStore` split a record into
 * an opportunity and a profile, and wrote them in two independent loads.
 * Proved here: the split is the same, and both halves are stored or neither.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { InvalidLoadError, LoadFailedError } from '../../../src/index.js';
import { emptyTables, quarantined } from '../../support/app/quarantine.js';
import { startStorageApp, type StorageApp } from '../../support/app/storage-app.js';
import { expectHybridAccounted } from '../../support/parity/accounts.js';
import { errorOf, withCheck, withRejection } from '../../support/parity/faults.js';
import { keyOf, many, opportunity, submission } from '../../support/parity/records.js';

describe('the hybrid store', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startStorageApp({ loader: { maxAttempts: 1 } });
  });
  afterAll(() => app.close());
  beforeEach(() => emptyTables(app));

  const idsIn = async (table: string) =>
    (await app.rows<{ id: string }>(`SELECT submission_id AS id FROM ${table} ORDER BY 1`)).map(({ id }) => id);

  it('splits a record into an opportunity and a profile', async () => {
    const record = opportunity('t3_1', {
      reddit_id: 'r1',
      title: 'title',
      subreddit: 'r',
      selftext: 'text',
      author: 'author',
      app_name: 'name',
      functions: ['a'],
      trust_score: 80,
      trust_badge: 'gold',
      opportunity_score: 61,
      num_comments: 3,
    });
    const result = await app.hybrid.store([record]);
    expect(result).toMatchObject({ ok: true, kind: 'hybrid', table: 'hybrid', received: 1, stored: 1 });
    expect(result).toMatchObject({
      opportunities: { kind: 'table', inserted: 1 },
      submissions: { kind: 'table', inserted: 1 },
    });
    const shared = { submission_id: 't3_1', title: 'title', subreddit: 'r', trust_score: 80, opportunity_score: 61 };
    expect(await app.rows('SELECT * FROM app_opportunities')).toMatchObject([
      { ...shared, app_name: 'name', core_functions: ['a'], trust_badge: 'gold', final_score: 61, extra: null },
    ]);
    expect(await app.rows('SELECT * FROM submissions')).toMatchObject([
      { ...shared, reddit_id: 'r1', selftext: 'text', author: 'author', num_comments: '3', extra: null },
    ]);
    await expectHybridAccounted(app, result);
  });

  it('stores a record without a problem description as a profile only, and loses none of its fields', async () => {
    const result = await app.hybrid.store([submission('t3_1', { trust_score: 5, app_name: 'early', flair: 'red' })]);
    expect(result).toMatchObject({ ok: true, stored: 1, skipped: 0, submissions: { inserted: 1 } });
    expect(result.opportunities).toMatchObject({ inserted: 0, skipped: 1 });
    expect(await app.count('app_opportunities')).toBe(0);
    expect(await app.rows('SELECT title, trust_score, extra FROM submissions')).toEqual([
      { title: 'title of t3_1', trust_score: 5, extra: { app_name: 'early', flair: 'red' } },
    ]);
    await expectHybridAccounted(app, result);
  });

  it('takes reddit_id for the id of both halves', async () => {
    await app.hybrid.store([{ reddit_id: 't3_r', problem_description: 'p', title: 'a' }]);
    expect(await app.rows('SELECT submission_id FROM app_opportunities')).toEqual([{ submission_id: 't3_r' }]);
    expect(await app.rows('SELECT submission_id, reddit_id FROM submissions')).toEqual([
      { submission_id: 't3_r', reddit_id: 't3_r' },
    ]);
  });

  it('skips a record without any id', async () => {
    const result = await app.hybrid.store([{ problem_description: 'p', title: 'a' }, opportunity('t3_1')]);
    expect(result).toMatchObject({ ok: true, received: 2, stored: 1, skipped: 1 });
    expect(await idsIn('app_opportunities')).toEqual(['t3_1']);
    expect(await idsIn('submissions')).toEqual(['t3_1']);
    await expectHybridAccounted(app, result);
  });

  it('never invents a null: what the record does not say, neither half forgets', async () => {
    await app.hybrid.store([
      opportunity('t3_1', { title: 'title', author: 'author', app_name: 'name', status: 'new' }),
    ]);
    await app.hybrid.store([opportunity('t3_1', { app_concept: 'concept' })]);
    expect(await app.rows('SELECT title, app_name, status, app_concept FROM app_opportunities')).toEqual([
      { title: 'title', app_name: 'name', status: 'new', app_concept: 'concept' },
    ]);
    expect(await app.rows('SELECT title, author, reddit_id FROM submissions')).toEqual([
      { title: 'title', author: 'author', reddit_id: 't3_1' },
    ]);
  });

  it.each(['app_opportunities', 'submissions'])('stores neither half when %s rejects one', async (table) => {
    const records = [opportunity('t3_1'), opportunity('t3_2', { trust_score: -1 }), opportunity('t3_3')];
    const result = await withCheck(app, table, 'trust_score >= 0', () => app.hybrid.store(records));
    expect(result).toMatchObject({ ok: false, received: 3, stored: 2, rejected: 1 });
    expect(await idsIn('app_opportunities')).toEqual(['t3_1', 't3_3']);
    expect(await idsIn('submissions')).toEqual(['t3_1', 't3_3']);
    const kept = await quarantined(app, result.loadId);
    expect(kept).toMatchObject([{ reason: '23514', table: 'hybrid', key: 't3_2', position: 1 }]);
    expect(JSON.parse(String(kept[0]?.raw))).toEqual(records[1]);
    await expectHybridAccounted(app, result);
  });

  it.each([
    ['opportunity', { confidence: 'much' }],
    ['profile', { num_comments: 'many' }],
  ])('stores neither half when the %s half breaks a rule', async (_, wrong) => {
    const result = await app.hybrid.store([opportunity('t3_1', wrong), opportunity('t3_2')]);
    expect(result).toMatchObject({ stored: 1, rejected: 1 });
    expect(await idsIn('app_opportunities')).toEqual(['t3_2']);
    expect(await idsIn('submissions')).toEqual(['t3_2']);
  });

  it.each(['app_opportunities', 'submissions'])('leaves both tables as they were when %s fails', async (table) => {
    await app.hybrid.store([opportunity('t3_1', { title: 'before' })]);
    const rejection = { table, when: `NEW.submission_id = 't3_2'`, sqlstate: '53100' };
    const records = [opportunity('t3_1', { title: 'after' }), opportunity('t3_2')];
    const error = await withRejection(app, rejection, () => errorOf(app.hybrid.store(records)));
    expect(error).toBeInstanceOf(LoadFailedError);
    for (const name of ['app_opportunities', 'submissions']) {
      expect(await app.rows(`SELECT submission_id, title FROM ${name}`)).toEqual([
        { submission_id: 't3_1', title: 'before' },
      ]);
    }
  });

  it('stores in batches, each over both tables, and reports those that failed', async () => {
    const rejection = { table: 'submissions', when: `NEW.submission_id = '${keyOf(15)}'`, sqlstate: '40001' };
    const records = many(40, (id) => (id < keyOf(30) ? opportunity(id) : submission(id)));
    const result = await withRejection(app, rejection, () => app.hybrid.storeBatch(records, { batchSize: 10 }));
    expect(result).toMatchObject({ received: 40, stored: 30, failed: 10, batches: 4, failedBatches: 1 });
    expect(result.successRate).toBe(0.75);
    expect(await app.count('app_opportunities')).toBe(20);
    expect(await app.count('submissions')).toBe(30);
    expect(result.opportunities).toMatchObject({ inserted: 20, skipped: 10, failed: 10 });
    expect(result.submissions).toMatchObject({ inserted: 30, skipped: 0, failed: 10 });
    await expectHybridAccounted(app, result);
  });

  it('does nothing with no records', async () => {
    expect(await app.hybrid.store([])).toMatchObject({ ok: true, received: 0, stored: 0 });
    expect(await app.hybrid.storeBatch([])).toMatchObject({ ok: true, received: 0, batches: 0, successRate: 0 });
    expect(await app.count('submissions')).toBe(0);
  });

  it('always merges: another disposition is rejected', async () => {
    const error = await errorOf(app.hybrid.store([opportunity('t3_1')], { disposition: 'replace' } as object));
    expect(error).toBeInstanceOf(InvalidLoadError);
    expect(await app.count('submissions')).toBe(0);
  });
});
