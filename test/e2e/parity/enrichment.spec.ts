/**
 * Parity with the Python layer over the library dlt, which this package replaces. There, a stage erased what it did not
 * carry, and one bad row failed the whole load.
 * Proved here: each stage of the pipeline keeps what the others have stored, in any order and any number of times, and
 * a rejected record costs itself only.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { emptyTables, quarantined } from '../../support/app/quarantine.js';
import { startStorageApp, type StorageApp } from '../../support/app/storage-app.js';
import { errorOf, withCheck, withRejection } from '../../support/parity/faults.js';
import { type Fields, keyOf, many, opportunity } from '../../support/parity/records.js';

/** What the stages of the pipeline hand over for one post, in order. */
const STAGES = {
  raw: {
    submission_id: 't3_1',
    reddit_id: '1',
    title: 'I lose receipts',
    selftext: 'every month',
    author: 'someone',
    subreddit: 'smallbusiness',
    created_utc: 1_700_000_000,
    reddit_score: 120,
    num_comments: 14,
    status: 'discovered',
  },
  trust: { submission_id: 't3_1', trust_score: 72.5, trust_level: 'high', trust_badge: 'gold', activity_score: 0 },
  opportunity: {
    submission_id: 't3_1',
    problem_description: 'receipts are lost',
    app_concept: 'receipt scanner',
    function_list: ['scan', 'sort'],
    opportunity_score: 64,
    trust_score: 72.5,
    trust_badge: 'gold',
    status: 'analyzed',
  },
  final: {
    submission_id: 't3_1',
    problem_description: 'receipts are lost',
    final_score: 81.25,
    ai_profile: { model: 'x' },
    market_validation: { competitors: 2 },
    status: 'final',
  },
} satisfies Record<string, Fields>;

describe('enrichment', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startStorageApp({ loader: { maxAttempts: 1 } });
  });
  afterAll(() => app.close());
  beforeEach(() => emptyTables(app));

  const opportunityRow = async () => (await app.rows('SELECT * FROM app_opportunities'))[0];
  const submissionRow = async () => (await app.rows('SELECT * FROM submissions'))[0];

  const WHOLE_OPPORTUNITY = {
    submission_id: 't3_1',
    problem_description: 'receipts are lost',
    app_concept: 'receipt scanner',
    core_functions: ['scan', 'sort'],
    opportunity_score: 64,
    final_score: 81.25,
    ai_profile: { model: 'x' },
    trust_score: 72.5,
    trust_badge: 'gold',
    status: 'final',
  };
  const WHOLE_SUBMISSION = {
    submission_id: 't3_1',
    reddit_id: '1',
    title: 'I lose receipts',
    selftext: 'every month',
    author: 'someone',
    subreddit: 'smallbusiness',
    created_utc: new Date(1_700_000_000_000),
    reddit_score: '120',
    num_comments: '14',
    trust_score: 72.5,
    trust_level: 'high',
    opportunity_score: 64,
    market_validation: { competitors: 2 },
    ai_profile: { model: 'x' },
  };

  it('goes raw → trust → opportunity → final, and each stage keeps what the others stored', async () => {
    await app.hybrid.store([STAGES.raw]);
    expect(await submissionRow()).toMatchObject({ title: 'I lose receipts', trust_score: null });
    expect(await app.count('app_opportunities')).toBe(0);

    await app.hybrid.store([STAGES.trust]);
    expect(await submissionRow()).toMatchObject({ title: 'I lose receipts', trust_score: 72.5, trust_level: 'high' });

    await app.hybrid.store([STAGES.opportunity]);
    expect(await opportunityRow()).toMatchObject({ status: 'analyzed', final_score: 64, trust_score: 72.5 });

    await app.hybrid.store([STAGES.final]);
    expect(await opportunityRow()).toMatchObject(WHOLE_OPPORTUNITY);
    expect(await submissionRow()).toMatchObject(WHOLE_SUBMISSION);
    expect(await app.count('app_opportunities')).toBe(1);
    expect(await app.count('submissions')).toBe(1);
  });

  it('comes to the same when all stages arrive in one load', async () => {
    const result = await app.hybrid.store(Object.values(STAGES));
    expect(result).toMatchObject({ received: 4, stored: 1, duplicates: 3 });
    expect(await opportunityRow()).toMatchObject(WHOLE_OPPORTUNITY);
    expect(await submissionRow()).toMatchObject(WHOLE_SUBMISSION);
  });

  it('comes to the same when stages go to the stores of their own', async () => {
    await app.profiles.store([STAGES.raw, STAGES.trust]);
    await app.opportunities.store([STAGES.opportunity]);
    await app.hybrid.store([STAGES.final]);
    expect(await opportunityRow()).toMatchObject(WHOLE_OPPORTUNITY);
    expect(await submissionRow()).toMatchObject({ ...WHOLE_SUBMISSION, opportunity_score: null });
  });

  it('may be repeated from any stage on without a change', async () => {
    await app.hybrid.store(Object.values(STAGES));
    const before = [await opportunityRow(), await submissionRow()];
    const again = await app.hybrid.store([STAGES.final]);
    expect(again).toMatchObject({ stored: 1, opportunities: { unchanged: 1 }, submissions: { unchanged: 1 } });
    expect([await opportunityRow(), await submissionRow()]).toEqual(before);
  });

  it('adds one stage after another on one key', async () => {
    const stages = [
      { app_name: 'a' },
      { profession: 'b' },
      { core_problems: ['c'] },
      { confidence: 0 },
      { priority: '' },
    ];
    for (const [index, fields] of stages.entries()) {
      await app.opportunities.store([opportunity('t3_1', fields)]);
      expect(await opportunityRow()).toMatchObject(Object.assign({}, ...stages.slice(0, index + 1)));
    }
    expect(await app.count('app_opportunities')).toBe(1);
  });

  it('may be at different stages for different posts of one batch: each keeps what the others alone carry', async () => {
    const FIRST = { app_name: 'name', profession: 'baker', priority: 'low', confidence: 0.5, core_problems: ['p'] };
    await app.opportunities.store(many(4, (id) => opportunity(id, FIRST)));
    const later = [{ app_name: 'new' }, { profession: 'smith', confidence: 0 }, { priority: null }, {}];
    const result = await app.opportunities.storeBatch(later.map((fields, index) => opportunity(keyOf(index), fields)));
    expect(result).toMatchObject({ updated: 3, unchanged: 1, batches: 1 });
    expect(await app.rows('SELECT * FROM app_opportunities ORDER BY submission_id')).toMatchObject(
      later.map((fields) => ({ ...FIRST, ...fields })),
    );
  });

  it('keeps what earlier stages stored when a rule rejects a later one, and keeps that one for a replay', async () => {
    await app.hybrid.store([STAGES.raw, STAGES.opportunity]);
    const before = [await opportunityRow(), await submissionRow()];
    const result = await app.hybrid.store([{ ...STAGES.final, final_score: 'excellent' }]);
    expect(result).toMatchObject({ ok: false, stored: 0, rejected: 1 });
    expect([await opportunityRow(), await submissionRow()]).toEqual(before);
    const [kept] = await quarantined(app, result.loadId);
    expect(kept).toMatchObject({ key: 't3_1', reason: 'wrong_type', column: 'final_score' });
    expect(JSON.parse(String(kept?.raw))).toEqual({ ...STAGES.final, final_score: 'excellent' });

    await app.hybrid.store([STAGES.final]);
    expect(await opportunityRow()).toMatchObject(WHOLE_OPPORTUNITY);
  });

  it('keeps what earlier stages stored when the database rejects a later one', async () => {
    await app.opportunities.store(many(3, (id) => opportunity(id, { app_name: id, opportunity_score: 50 })));
    const scores = many(3, (id) => opportunity(id, { opportunity_score: id === keyOf(1) ? 101 : 60 }));
    const result = await withCheck(app, 'app_opportunities', 'opportunity_score <= 100', () =>
      app.opportunities.store(scores),
    );
    expect(result).toMatchObject({ updated: 2, rejected: 1 });
    expect(await app.rows('SELECT app_name, opportunity_score AS score FROM app_opportunities ORDER BY 1')).toEqual([
      { app_name: keyOf(0), score: 60 },
      { app_name: keyOf(1), score: 50 },
      { app_name: keyOf(2), score: 60 },
    ]);
  });

  it('keeps what earlier stages stored when a later load fails altogether', async () => {
    await app.hybrid.store([STAGES.raw, STAGES.trust]);
    const before = await submissionRow();
    const rejection = { table: 'submissions', when: 'true', sqlstate: '53100' };
    await withRejection(app, rejection, () => errorOf(app.hybrid.store([STAGES.opportunity])));
    expect(await submissionRow()).toEqual(before);
    expect(await app.count('app_opportunities')).toBe(0);
  });

  it('keeps the status timeout until a later stage says another', async () => {
    await app.opportunities.store([opportunity('t3_1', { status: 'timeout', app_name: 'a' })]);
    await app.opportunities.store([opportunity('t3_1', { trust_score: 5 })]);
    await app.hybrid.store([opportunity('t3_1', { ai_profile: { a: 1 }, status: undefined })]);
    expect(await opportunityRow()).toMatchObject({
      status: 'timeout',
      app_name: 'a',
      trust_score: 5,
      ai_profile: { a: 1 },
    });

    await app.opportunities.store([opportunity('t3_1', { status: 'analyzed' })]);
    expect(await opportunityRow()).toMatchObject({ status: 'analyzed', app_name: 'a', trust_score: 5 });
  });
});
