/**
 * Parity with the Python layer over the library dlt, which this package replaces. There, a cached schema that went
 * stale broke every load.
 * Proved here: a column added at run time disturbs no load, and records of several versions are loaded side by side.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { emptyTables } from '../../support/app/quarantine.js';
import { startStorageApp, type StorageApp } from '../../support/app/storage-app.js';
import { committedBatches, expectAccounted } from '../../support/parity/accounts.js';
import { type Fields, keyOf, many, opportunity, submission } from '../../support/parity/records.js';

const ADD_COLUMN = `ALTER TABLE submissions ADD COLUMN flair text NOT NULL DEFAULT 'none'`;

describe('a column added while the application lives', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startStorageApp();
  });
  afterAll(() => app.close());
  beforeEach(() => emptyTables(app));
  afterEach(() => app.rows('ALTER TABLE submissions DROP COLUMN IF EXISTS flair, DROP COLUMN IF EXISTS note'));

  it('does not disturb the loads that follow', async () => {
    await app.profiles.store([submission('t3_1')]);
    await app.rows(ADD_COLUMN);
    const result = await app.profiles.store([submission('t3_1', { author: 'a' }), submission('t3_2')]);
    expect(result).toMatchObject({ ok: true, inserted: 1, updated: 1 });
    expect(await app.rows('SELECT submission_id AS id, author, flair FROM submissions ORDER BY 1')).toEqual([
      { id: 't3_1', author: 'a', flair: 'none' },
      { id: 't3_2', author: null, flair: 'none' },
    ]);
    await expectAccounted(app, result);
  });

  it('does not disturb them after the plans were cleared either, nor does one that takes null', async () => {
    await app.profiles.store([submission('t3_1')]);
    await app.rows(ADD_COLUMN);
    await app.rows('ALTER TABLE submissions ADD COLUMN note text');
    app.loader.clearPlans();
    expect(await app.profiles.store([submission('t3_2')])).toMatchObject({ ok: true, inserted: 1 });
    expect(await app.rows(`SELECT flair, note FROM submissions WHERE submission_id = 't3_2'`)).toEqual([
      { flair: 'none', note: null },
    ]);
  });

  it('does not disturb a load in the middle of its batches', async () => {
    async function* source(): AsyncGenerator<Fields> {
      yield* many(25, submission);
      await app.rows(ADD_COLUMN);
      yield* many(25, submission, 25);
    }
    const result = await app.profiles.storeBatch(source(), { batchSize: 10 });
    expect(result).toMatchObject({ ok: true, inserted: 50, batches: 5, failedBatches: 0 });
    expect(await app.count('submissions')).toBe(50);
    expect(await committedBatches(app, result.loadId)).toHaveLength(5);
  });

  it('leaves a field of its name where it was until the entity knows the column', async () => {
    await app.profiles.store([submission('t3_1', { flair: 'red' })]);
    await app.rows(ADD_COLUMN);
    await app.profiles.store([submission('t3_1', { flair: 'blue' })]);
    expect(await app.rows('SELECT flair, extra FROM submissions')).toEqual([
      { flair: 'none', extra: { flair: 'blue' } },
    ]);
  });

  it('keeps what is written to it by others when the row is merged', async () => {
    await app.profiles.store([submission('t3_1')]);
    await app.rows(ADD_COLUMN);
    await app.rows(`UPDATE submissions SET flair = 'red'`);
    await app.profiles.store([submission('t3_1', { title: 'new' })]);
    expect(await app.rows('SELECT title, flair FROM submissions')).toEqual([{ title: 'new', flair: 'red' }]);
  });
});

describe('records of several versions', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startStorageApp();
  });
  afterAll(() => app.close());
  beforeEach(() => emptyTables(app));

  const v1 = (id: string): Fields => ({
    reddit_id: id,
    problem_description: 'v1',
    functions: ['one'],
    overall_score: 51,
    willingness_to_pay_score: 11,
    enrichment_version: 'v1.0.0',
  });
  const v2 = (id: string): Fields => ({
    submission_id: id,
    problem_description: 'v2',
    function_list: ['two'],
    total_score: 52,
    llm_monetization_score: 12,
    enrichment_version: 'v2.0.0',
    sentiment: 0.5,
  });
  const v3 = (id: string): Fields => ({
    submissionId: id,
    problemDescription: 'v3',
    coreFunctions: ['three'],
    finalScore: 53,
    monetizationScore: 13,
    trustScore: 80,
  });
  const COLUMNS = 'core_functions, final_score, monetization_score, enrichment_version, trust_score, extra';
  const V1 = { core_functions: ['one'], final_score: 51, monetization_score: 11, enrichment_version: 'v1.0.0' };
  const V2 = { core_functions: ['two'], final_score: 52, monetization_score: 12, enrichment_version: 'v2.0.0' };
  const V3 = { core_functions: ['three'], final_score: 53, monetization_score: 13, enrichment_version: 'v3.0.0' };

  it('of the oldest form are read by their old keys', async () => {
    const result = await app.opportunities.store([v1('t3_1')]);
    expect(result).toMatchObject({ ok: true, inserted: 1, skipped: 0 });
    expect(await app.rows(`SELECT ${COLUMNS} FROM app_opportunities`)).toEqual([
      { ...V1, trust_score: null, extra: null },
    ]);
  });

  it('lie side by side in one table, loaded in one go', async () => {
    const result = await app.opportunities.store([v1('t3_1'), v2('t3_2'), v3('t3_3')]);
    expect(result).toMatchObject({ ok: true, inserted: 3 });
    expect(await app.rows(`SELECT ${COLUMNS} FROM app_opportunities ORDER BY submission_id`)).toEqual([
      { ...V1, trust_score: null, extra: null },
      { ...V2, trust_score: null, extra: { sentiment: 0.5 } },
      { ...V3, trust_score: 80, extra: null },
    ]);
    await expectAccounted(app, result);
  });

  it('lie side by side in one table, loaded one after the other in batches', async () => {
    const records = Array.from({ length: 99 }, (_, index) => [v1, v2, v3][index % 3]?.(keyOf(index)) ?? {});
    const result = await app.opportunities.storeBatch(records, { batchSize: 10 });
    expect(result).toMatchObject({ ok: true, inserted: 99, failedBatches: 0 });
    const versions =
      'SELECT enrichment_version AS v, count(*)::integer AS n FROM app_opportunities GROUP BY 1 ORDER BY 1';
    expect(await app.rows(versions)).toEqual([
      { v: 'v1.0.0', n: 33 },
      { v: 'v2.0.0', n: 33 },
      { v: 'v3.0.0', n: 33 },
    ]);
  });

  it('may bring an old row up to date, which keeps what the new form does not say', async () => {
    await app.opportunities.store([{ ...v1('t3_1'), app_name: 'old' }]);
    await app.opportunities.store([v2('t3_1')]);
    await app.opportunities.store([v3('t3_1')]);
    expect(await app.rows(`SELECT app_name, ${COLUMNS} FROM app_opportunities`)).toEqual([
      // The version of the last record that named one; a score that was only a fallback field gave way to the real one.
      { ...V3, app_name: 'old', enrichment_version: 'v2.0.0', trust_score: 80, extra: { sentiment: 0.5 } },
    ]);
  });

  it('feed both tables alike', async () => {
    const result = await app.hybrid.store([v1('t3_1'), v2('t3_2'), v3('t3_3'), { reddit_id: 't3_4', title: 'old' }]);
    expect(result).toMatchObject({ ok: true, stored: 4 });
    expect(await app.count('app_opportunities')).toBe(3);
    expect(await app.rows('SELECT submission_id AS s, reddit_id AS r FROM submissions ORDER BY 1')).toEqual(
      ['t3_1', 't3_2', 't3_3', 't3_4'].map((id) => ({ s: id, r: id })),
    );
    expect(await app.opportunities.findById('t3_1')).toMatchObject({ coreFunctions: ['one'], finalScore: 51 });
  });

  it('that carry both names of a field with different values are rejected', async () => {
    const result = await app.opportunities.store([opportunity('t3_1', { app_name: 'a', appName: 'b' })]);
    expect(result).toMatchObject({ ok: false, rejected: 1, rejects: [{ reason: 'conflicting_keys' }] });
    expect(await app.count('app_opportunities')).toBe(0);
  });
});
