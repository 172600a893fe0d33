import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { emptyTables } from '../../../support/app/quarantine.js';
import { startStorageApp, type StorageApp } from '../../../support/app/storage-app.js';

const FULL = {
  submission_id: 'a',
  problem_description: 'p',
  app_name: 'n',
  core_functions: [{ name: 'x', weight: 1 }],
  opportunity_score: 72.5,
  trust_score: 0,
  evidence_based: false,
  analyzed_at: '2024-01-02T03:04:05.123456Z',
  reddit_score: 9_007_199_254_740_993n,
  mood: { deep: [1] },
};

describe('a row that says so already', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startStorageApp();
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    await emptyTables(app);
    await app.opportunities.store([FULL]);
  });

  const version = async () =>
    (await app.rows('SELECT xmin, ctid, load_id, updated_at, t::text FROM app_opportunities t'))[0];

  it.each<[string, object]>([
    ['the same record', FULL],
    ['a part of it', { submission_id: 'a', problem_description: 'p', app_name: 'n' }],
    ['its key alone', { submission_id: 'a', problem_description: 'p' }],
    [
      'the same values in other forms',
      { ...FULL, opportunity_score: '72.5', evidence_based: 'FALSE', reddit_score: '9007199254740993' },
    ],
    ['the same moment in another zone', { ...FULL, analyzed_at: '2024-01-02T05:04:05.123456+02:00' }],
    ['jsonb with its members in another order', { ...FULL, core_functions: [{ weight: 1, name: 'x' }] }],
    ['null in preserved columns', { ...FULL, trust_score: null, trust_badge: null }],
    [
      'a fallback field for a score that is given',
      { ...FULL, opportunity_score: 72.5, total_score: undefined, final_score: undefined },
    ],
    ['undefined everywhere else', { ...FULL, title: undefined, subreddit: undefined }],
    ['property names', { submissionId: 'a', problemDescription: 'p', appName: 'n', trustScore: 0 }],
    ['the same record twice', FULL],
  ])('is not written again by %s', async (_, record) => {
    const before = await version();
    expect(await app.opportunities.store([record])).toMatchObject({ unchanged: 1, updated: 0, inserted: 0, ok: true });
    expect(await version()).toEqual(before);
  });

  it('is not written by duplicates that end where it stands', async () => {
    const before = await version();
    const records = [{ ...FULL, app_name: 'other' }, FULL];
    expect(await app.opportunities.store(records)).toMatchObject({ unchanged: 1, duplicates: 1, updated: 0 });
    expect(await version()).toEqual(before);
  });

  it('is not written by a replace that brings it as it is', async () => {
    const before = await version();
    expect(await app.opportunities.store([FULL], { disposition: 'replace' })).toMatchObject({ unchanged: 1 });
    expect(await version()).toEqual(before);
  });

  it('takes nothing into extra when it was read and is stored again', async () => {
    const row = await app.opportunities.findById('a');
    const { createdAt: _, ...columns } = { ...row };
    await app.opportunities.store([columns]);
    expect(await app.rows('SELECT extra FROM app_opportunities')).toEqual([{ extra: { mood: { deep: [1] } } }]);
  });

  it('is written by any real change, with the load and the time that made it', async () => {
    const before = await version();
    const { loadId } = await app.opportunities.untyped().store([{ ...FULL, mood: { deep: [2] } }]);
    const after = await version();
    expect(after).toMatchObject({ load_id: loadId });
    expect(after?.['updated_at']).not.toEqual(before?.['updated_at']);
    expect(after?.['xmin']).not.toEqual(before?.['xmin']);
  });

  it('makes the second load of a whole file write no row, in either table', async () => {
    const records = Array.from({ length: 300 }, (_, index) => ({
      ...FULL,
      submission_id: `s${index}`,
      selftext: String(index),
    }));
    await app.hybrid.storeBatch(records, { batchSize: 70 });
    const versions = () =>
      app.rows(`SELECT submission_id, xmin::text, ctid FROM app_opportunities
                UNION ALL SELECT submission_id, xmin::text, ctid FROM submissions ORDER BY 1, 2, 3`);
    const before = await versions();
    const again = await app.hybrid.storeBatch(records, { batchSize: 70 });
    expect(again).toMatchObject({ stored: 300, opportunities: { unchanged: 300 }, submissions: { unchanged: 300 } });
    expect(await versions()).toEqual(before);
  });
});
