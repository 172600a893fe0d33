import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { emptyTables } from '../../../support/app/quarantine.js';
import { startStorageApp, type StorageApp } from '../../../support/app/storage-app.js';

describe('merge', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startStorageApp();
  });
  afterAll(() => app.close());
  beforeEach(() => emptyTables(app));

  const opportunity = (fields: object) => ({ submission_id: 't3_1', problem_description: 'p', ...fields });
  const stored = async () => (await app.rows('SELECT * FROM app_opportunities'))[0];

  it('keeps what an absent field has stored, and erases by an explicit null', async () => {
    await app.opportunities.store([opportunity({ app_name: 'a', app_category: 'b' })]);
    await app.opportunities.store([opportunity({ app_name: 'a2' })]);
    expect(await stored()).toMatchObject({ app_name: 'a2', app_category: 'b', enrichment_version: 'v3.0.0' });

    await app.opportunities.store([opportunity({ app_category: null })]);
    expect(await stored()).toMatchObject({ app_name: 'a2', app_category: null });
  });

  it('keeps preserved columns on null, and takes 0 and empty text as values', async () => {
    await app.opportunities.store([opportunity({ trust_score: 71.5, trust_badge: 'gold', trust_badges: ['x'] })]);
    await app.opportunities.store([opportunity({ trust_score: null, trust_badge: null, trust_badges: null })]);
    expect(await stored()).toMatchObject({ trust_score: 71.5, trust_badge: 'gold', trust_badges: ['x'] });

    await app.opportunities.store([opportunity({ trust_score: 0, trust_badge: '' })]);
    expect(await stored()).toMatchObject({ trust_score: 0, trust_badge: '' });
  });

  it('counts what the database did', async () => {
    const records = [opportunity({}), opportunity({ submission_id: 't3_2' }), opportunity({ submission_id: 't3_3' })];
    expect(await app.opportunities.store(records)).toMatchObject({
      received: 3,
      inserted: 3,
      updated: 0,
      unchanged: 0,
    });
    const changed = [records[0], { ...records[1], status: 'new' }, opportunity({ submission_id: 't3_4' })] as object[];
    expect(await app.opportunities.store(changed)).toMatchObject({ inserted: 1, updated: 1, unchanged: 1, ok: true });
  });
});
