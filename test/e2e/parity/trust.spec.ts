/**
 * Parity with the Python layer over the library dlt, which this package replaces. There, trust data was kept by reading
 * it first and writing it later, and 0 and false were taken for nothing.
 * Proved here: trust data stays, field by field, unless something new comes; 0, empty text and an empty list are new.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { emptyTables } from '../../support/app/quarantine.js';
import { startStorageApp, type StorageApp } from '../../support/app/storage-app.js';
import { opportunity, submission } from '../../support/parity/records.js';

const TRUST = { trust_score: 72.5, trust_badge: 'gold', activity_score: 31, trust_level: 'high', trust_badges: ['a'] };
const AI = { ai_profile: { model: 'x' }, app_name: 'name', final_score: 80 };
const NO_TRUST = { trust_score: null, trust_badge: null, activity_score: null, trust_level: null, trust_badges: null };

describe('trust data', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startStorageApp();
  });
  afterAll(() => app.close());
  beforeEach(() => emptyTables(app));

  const opportunityRow = async () => (await app.rows('SELECT * FROM app_opportunities'))[0];
  const submissionRow = async () => (await app.rows('SELECT * FROM submissions'))[0];

  it('stay when a later AI update does not speak of them', async () => {
    await app.opportunities.store([opportunity('t3_1', TRUST)]);
    await app.opportunities.store([opportunity('t3_1', AI)]);
    expect(await opportunityRow()).toMatchObject({ ...TRUST, ...AI });
  });

  it('stay when a later AI update carries them as null', async () => {
    await app.opportunities.store([opportunity('t3_1', TRUST)]);
    const result = await app.opportunities.store([opportunity('t3_1', { ...AI, ...NO_TRUST })]);
    expect(result).toMatchObject({ updated: 1 });
    expect(await opportunityRow()).toMatchObject({ ...TRUST, ...AI });
  });

  it('stay beside a null that does erase its column', async () => {
    await app.opportunities.store([opportunity('t3_1', { ...TRUST, ...AI })]);
    await app.opportunities.store([opportunity('t3_1', { ...NO_TRUST, app_name: null })]);
    expect(await opportunityRow()).toMatchObject({ ...TRUST, app_name: null, final_score: 80 });
  });

  it('change nothing when all that comes is null', async () => {
    await app.opportunities.store([opportunity('t3_1', TRUST)]);
    const before = await opportunityRow();
    const result = await app.opportunities.store([opportunity('t3_1', NO_TRUST)]);
    expect(result).toMatchObject({ unchanged: 1, updated: 0 });
    expect(await opportunityRow()).toEqual(before);
  });

  it('are replaced by new ones', async () => {
    await app.opportunities.store([opportunity('t3_1', { ...TRUST, ...AI })]);
    const renewed = { trust_score: 12, trust_badge: 'none', activity_score: 1, trust_level: 'low', trust_badges: [] };
    await app.opportunities.store([opportunity('t3_1', renewed)]);
    expect(await opportunityRow()).toMatchObject({ ...renewed, ...AI });
  });

  it('are replaced by 0, empty text and an empty list too', async () => {
    await app.opportunities.store([opportunity('t3_1', TRUST)]);
    const empty = { trust_score: 0, trust_badge: '', activity_score: 0, trust_level: '', trust_badges: [] };
    await app.opportunities.store([opportunity('t3_1', empty)]);
    expect(await opportunityRow()).toMatchObject(empty);
  });

  it('stay field by field when only some come', async () => {
    await app.opportunities.store([opportunity('t3_1', TRUST)]);
    await app.opportunities.store([opportunity('t3_1', { trust_score: 10, trust_level: null })]);
    expect(await opportunityRow()).toMatchObject({ ...TRUST, trust_score: 10 });
  });

  it('may be filled in part and completed later', async () => {
    await app.opportunities.store([opportunity('t3_1', { trust_score: 10 })]);
    expect(await opportunityRow()).toMatchObject({ ...NO_TRUST, trust_score: 10 });
    await app.opportunities.store([opportunity('t3_1', { ...TRUST, trust_score: null })]);
    expect(await opportunityRow()).toMatchObject({ ...TRUST, trust_score: 10 });
  });

  it('stay within one load as they do between two', async () => {
    const result = await app.opportunities.store([
      opportunity('t3_1', TRUST),
      opportunity('t3_1', { ...AI, ...NO_TRUST }),
      opportunity('t3_1', { trust_level: 'medium' }),
    ]);
    expect(result).toMatchObject({ inserted: 1, duplicates: 2 });
    expect(await opportunityRow()).toMatchObject({ ...TRUST, ...AI, trust_level: 'medium' });
  });

  it('stay in batches in which some records carry them, some carry null and some do not speak of them', async () => {
    await app.opportunities.store(['a', 'b', 'c'].map((id) => opportunity(id, TRUST)));
    await app.opportunities.storeBatch([
      opportunity('a', { ...AI, trust_score: 1 }),
      opportunity('b', { ...AI, ...NO_TRUST }),
      opportunity('c', AI),
    ]);
    expect(await app.rows('SELECT * FROM app_opportunities ORDER BY submission_id')).toMatchObject([
      { submission_id: 'a', ...TRUST, ...AI, trust_score: 1 },
      { submission_id: 'b', ...TRUST, ...AI },
      { submission_id: 'c', ...TRUST, ...AI },
    ]);
  });

  it('stay in the profiles as well', async () => {
    await app.profiles.store([submission('t3_1', { trust_score: 5, trust_level: 'low' })]);
    await app.profiles.store([submission('t3_1', { author: 'a', trust_score: null })]);
    expect(await submissionRow()).toMatchObject({ author: 'a', trust_score: 5, trust_level: 'low' });
    await app.profiles.store([submission('t3_1', { trust_score: 0, trust_level: null })]);
    expect(await submissionRow()).toMatchObject({ author: 'a', trust_score: 0, trust_level: 'low' });
  });

  it('stay in both tables of a hybrid record', async () => {
    await app.hybrid.store([opportunity('t3_1', TRUST)]);
    await app.hybrid.store([opportunity('t3_1', { ...AI, ...NO_TRUST })]);
    expect(await opportunityRow()).toMatchObject({ ...TRUST, ...AI });
    expect(await submissionRow()).toMatchObject({ trust_score: 72.5, trust_level: 'high', ai_profile: { model: 'x' } });
  });

  it('are gone after a replace, which keeps nothing of the old rows', async () => {
    await app.opportunities.store([opportunity('t3_1', TRUST)]);
    await app.opportunities.store([opportunity('t3_1', AI)], { disposition: 'replace' });
    expect(await opportunityRow()).toMatchObject({ ...NO_TRUST, ...AI });
  });
});
