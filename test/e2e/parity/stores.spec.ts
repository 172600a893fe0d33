/**
 * Parity with the Python layer over the library dlt, which this package replaces. Its `OpportunityStore` and
 * `ProfileStore` skipped records without an id or a problem description, and took reddit_id for the id.
 * Proved here: the two repositories do the same, count what they skip, and store each field with the type of its
 * column.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { emptyTables, quarantined } from '../../support/app/quarantine.js';
import { startStorageApp, type StorageApp } from '../../support/app/storage-app.js';
import { expectAccounted } from '../../support/parity/accounts.js';
import { opportunity, submission } from '../../support/parity/records.js';

describe('the stores', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startStorageApp();
  });
  afterAll(() => app.close());
  beforeEach(() => emptyTables(app));

  const opportunityRow = async () => (await app.rows('SELECT * FROM app_opportunities'))[0];
  const submissionRow = async () => (await app.rows('SELECT * FROM submissions'))[0];

  describe('of opportunities', () => {
    it('skips a record without a problem description, and says why', async () => {
      const result = await app.opportunities.store([
        opportunity('t3_1'),
        { submission_id: 't3_2' },
        { submission_id: 't3_3', problem_description: null },
        { submission_id: 't3_4', problem_description: '' },
        { submission_id: 't3_5', problem_description: '  ' },
      ]);
      expect(result).toMatchObject({ ok: true, inserted: 1, skipped: 4, rejected: 0 });
      expect(result.skippedReasons).toEqual({ missing_problem_description: 4 });
      expect(await app.rows('SELECT submission_id FROM app_opportunities')).toEqual([{ submission_id: 't3_1' }]);
      await expectAccounted(app, result);
    });

    it('skips a record without an id', async () => {
      const result = await app.opportunities.store([{ problem_description: 'p' }, { submission_id: null }]);
      expect(result).toMatchObject({ ok: true, skipped: 2, rejected: 0, skippedReasons: { missing_submission_id: 2 } });
      expect(await app.count('app_opportunities')).toBe(0);
    });

    it('rejects a blank id, and keeps the record', async () => {
      const result = await app.opportunities.store([opportunity(' ', { app_name: 'kept' })]);
      expect(result).toMatchObject({ ok: false, rejected: 1, skipped: 0 });
      const [kept] = await quarantined(app, result.loadId);
      expect(kept).toMatchObject({ reason: 'blank_key', column: 'submission_id', table: 'app_opportunities' });
      expect(JSON.parse(String(kept?.raw))).toMatchObject({ submission_id: ' ', app_name: 'kept' });
      expect(await app.count('app_opportunities')).toBe(0);
    });

    it('takes reddit_id for the id where there is no submission_id', async () => {
      await app.opportunities.store([
        { reddit_id: 't3_r', problem_description: 'p' },
        { submission_id: 't3_s', reddit_id: 't3_other', problem_description: 'p' },
      ]);
      expect(await app.rows('SELECT submission_id FROM app_opportunities ORDER BY 1')).toEqual([
        { submission_id: 't3_r' },
        { submission_id: 't3_s' },
      ]);
    });

    it('takes every field under its column name, with its own type', async () => {
      const fields = {
        app_concept: 'concept',
        core_functions: ['a', { b: 1 }],
        value_proposition: 'value',
        target_user: 'user',
        monetization_model: 'model',
        opportunity_score: 72.5,
        final_score: 0,
        status: 'discovered',
        ai_profile: { model: 'x', nested: { deep: [1] } },
        app_name: 'name',
        app_category: 'category',
        profession: 'profession',
        core_problems: [],
        dimension_scores: { pain: 9.5 },
        priority: 'high',
        confidence: 0.1,
        evidence_based: false,
        trust_score: 88,
        trust_badge: 'gold',
        activity_score: 3,
        trust_level: 'high',
        trust_badges: ['gold'],
        monetization_score: 40,
        market_validation_score: 55,
        enrichment_version: 'v2',
        pipeline_source: 'test',
        title: 'title',
        subreddit: 'r',
      };
      const analyzed_at = '2025-11-20T10:00:00+01:00';
      await app.opportunities.store([opportunity('t3_1', { ...fields, analyzed_at, reddit_score: 12 })]);
      const row = await opportunityRow();
      expect(row).toMatchObject({ ...fields, extra: null });
      expect(row).toMatchObject({ analyzed_at: new Date('2025-11-20T09:00:00Z'), reddit_score: '12' });
    });

    it('fills in the version and the source of the pipeline', async () => {
      await app.opportunities.store([opportunity('t3_1')]);
      expect(await opportunityRow()).toMatchObject({
        enrichment_version: 'v3.0.0',
        pipeline_source: 'unified_pipeline',
      });
    });

    it.each([
      ['core_functions', ['given'], { core_functions: ['given'], function_list: ['x'], functions: ['y'] }],
      ['core_functions', ['x'], { function_list: ['x'], functions: ['y'] }],
      ['core_functions', ['y'], { core_functions: null, functions: ['y'] }],
      ['core_functions', [], { function_list: [], functions: ['y'] }],
      ['monetization_score', 1, { monetization_score: 1, llm_monetization_score: 2, willingness_to_pay_score: 3 }],
      ['monetization_score', 0, { llm_monetization_score: 0, willingness_to_pay_score: 3 }],
      ['monetization_score', 3, { willingness_to_pay_score: 3 }],
      ['final_score', 1, { final_score: 1, opportunity_score: 2 }],
      ['final_score', 2, { opportunity_score: 2, total_score: 3 }],
      ['final_score', 0, { total_score: 0, overall_score: 4 }],
      ['final_score', 4, { overall_score: 4 }],
    ])('reads %s as %j from %j', async (column, value, fields) => {
      await app.opportunities.store([opportunity('t3_1', fields)]);
      expect(await opportunityRow()).toHaveProperty([column], value);
    });

    it('lets a fallback field fill an empty final score and never replace one', async () => {
      await app.opportunities.store([opportunity('t3_1', { opportunity_score: 60 })]);
      expect(await opportunityRow()).toMatchObject({ opportunity_score: 60, final_score: 60 });
      await app.opportunities.store([opportunity('t3_1', { opportunity_score: 70 })]);
      expect(await opportunityRow()).toMatchObject({ opportunity_score: 70, final_score: 60 });
      await app.opportunities.store([opportunity('t3_1', { final_score: 80 })]);
      expect(await opportunityRow()).toMatchObject({ opportunity_score: 70, final_score: 80 });
    });
  });

  describe('of profiles', () => {
    it('skips a record without an id', async () => {
      const result = await app.profiles.store([submission('t3_1'), { title: 'nobody' }]);
      expect(result).toMatchObject({ ok: true, inserted: 1, skipped: 1, skippedReasons: { missing_submission_id: 1 } });
      expect(await app.rows('SELECT submission_id FROM submissions')).toEqual([{ submission_id: 't3_1' }]);
      await expectAccounted(app, result);
    });

    it('fills submission_id and reddit_id from one another', async () => {
      await app.profiles.store([{ reddit_id: 'a' }, { submission_id: 'b' }, { submission_id: 'c', reddit_id: 'd' }]);
      expect(await app.rows('SELECT submission_id AS s, reddit_id AS r FROM submissions ORDER BY 1')).toEqual([
        { s: 'a', r: 'a' },
        { s: 'b', r: 'b' },
        { s: 'c', r: 'd' },
      ]);
    });

    it('takes every field under its column name, with its own type', async () => {
      const fields = {
        reddit_id: 'abc',
        title: 'title',
        selftext: 'text',
        author: 'author',
        subreddit: 'r',
        url: 'https://example.org',
        ai_profile: { a: [1, null] },
        trust_score: 0,
        trust_level: 'low',
        market_validation: { competitors: [] },
        market_validation_score: 10.25,
        opportunity_score: 5,
      };
      await app.profiles.store([{ submission_id: 't3_1', ...fields, created_utc: 1_700_000_000, num_comments: 7 }]);
      const row = await submissionRow();
      expect(row).toMatchObject({ ...fields, extra: null });
      expect(row).toMatchObject({ created_utc: new Date(1_700_000_000_000), num_comments: '7', reddit_score: null });
    });

    it('takes property names as well, in one record with column names', async () => {
      await app.profiles.store([{ submissionId: 't3_1', title: 'a', trustScore: 5, num_comments: 1 }]);
      expect(await submissionRow()).toMatchObject({ submission_id: 't3_1', trust_score: 5, num_comments: '1' });
    });

    it('keeps fields without a column, and merges them key by key', async () => {
      await app.profiles.store([submission('t3_1', { flair: 'red', gilded: 1 })]);
      await app.profiles.store([submission('t3_1', { gilded: 2, stickied: false })]);
      expect(await submissionRow()).toMatchObject({ extra: { flair: 'red', gilded: 2, stickied: false } });
    });
  });
});
