import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import {
  EnrichmentModule,
  type EnrichmentRecord,
  EnrichmentStoreService,
  enrichmentMigrations,
  QuarantineService,
  SchemaService,
} from '../../../src/index.js';
import { emptyTables, quarantined } from '../../support/app/quarantine.js';
import { startStorageApp, type StorageApp } from '../../support/app/storage-app.js';

const OWN_TABLES = ['opportunity_scores', 'monetization_patterns', 'market_validations', 'competitive_landscape'];
const TABLES = ['app_opportunities', 'submissions', ...OWN_TABLES];

describe('the enrichment tables', () => {
  let app: StorageApp;
  let store: EnrichmentStoreService;
  beforeAll(async () => {
    app = await startStorageApp({ migrations: enrichmentMigrations }, [EnrichmentModule.forFeature()]);
    store = app.module.get(EnrichmentStoreService);
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    await emptyTables(app);
    await app.rows(OWN_TABLES.map((table) => `DELETE FROM ${table}`).join(';'));
  });

  const whole = (id: string): EnrichmentRecord =>
    ({
      submission_id: id,
      title: 'I lose hours chasing invoices',
      problemDescription: 'unpaid invoices',
      mood: 'angry',
      opportunity_scores: { market_demand: 80, painIntensity: 90.5, total: 85, method: 'model-1' },
      monetizationPatterns: { model: 'subscription', pricePoint: '$29 a month', confidence: 0.7 },
      market_validations: [{ source: 'reviews', score: 4, competitor_count: 2, evidence: { links: ['x'] } }],
      competitiveLandscape: [
        { competitor_name: 'A', strengths: ['brand'], pricing: 'free' },
        { competitorName: 'B', weaknesses: ['slow'] },
      ],
    }) as EnrichmentRecord;
  const counts = async () => {
    const sql = TABLES.map((table) => `SELECT '${table}' AS name, count(*)::integer AS n FROM ${table}`).join(
      ' UNION ALL ',
    );
    const rows = await app.rows<{ name: string; n: number }>(sql);
    return TABLES.map((table) => rows.find(({ name }) => name === table)?.n);
  };

  it('take a whole record in one transaction', async () => {
    const result = await store.store([whole('a'), { submission_id: 'b', title: 't' }]);
    expect(result).toMatchObject({
      table: 'enrichment',
      ok: true,
      stored: 2,
      unknownFields: { mood: 1 },
      tables: { submissions: { inserted: 2 }, competitive_landscape: { received: 3, inserted: 2, skipped: 1 } },
    });
    expect(await counts()).toEqual([1, 2, 1, 1, 1, 2]);
    expect(await app.rows('SELECT extra, title FROM submissions WHERE submission_id = $1', ['a'])).toEqual([
      { extra: { mood: 'angry' }, title: 'I lose hours chasing invoices' },
    ]);
    expect(await app.rows('SELECT * FROM opportunity_scores')).toMatchObject([
      { submission_id: 'a', market_demand: 80, pain_intensity: 90.5, market_gap: null, extra: null },
    ]);
    expect(await app.rows('SELECT competitor_name, strengths, pricing FROM competitive_landscape ORDER BY 1')).toEqual([
      { competitor_name: 'A', strengths: ['brand'], pricing: 'free' },
      { competitor_name: 'B', strengths: null, pricing: null },
    ]);
    expect(await store.storeBatch([whole('a')])).toMatchObject({
      stored: 1,
      tables: { opportunity_scores: { unchanged: 1 }, competitive_landscape: { unchanged: 2 } },
    });
  });

  it.each([
    ['a score over 100', { opportunity_scores: { total: 101 } }, 'validation:max', 'opportunity_scores'],
    ['a score under 0', { opportunityScores: { market_gap: -1 } }, 'validation:min', 'opportunity_scores'],
    ['a pattern without a model', { monetizationPatterns: { confidence: 1 } }, 'missing_key', 'monetization_patterns'],
    [
      'evidence that is no JSON',
      { market_validations: { source: 's', evidence: Number.NaN } },
      'not_finite',
      'market_validations',
    ],
    ['a competitor that is no object', { competitiveLandscape: ['A'] }, 'not_an_object', 'competitive_landscape'],
    ['a list in a list', { opportunity_scores: [[{ total: 1 }]] }, 'not_an_object', 'opportunity_scores'],
    ['a Map of scores', { opportunityScores: new Map([['total', 1]]) }, 'not_an_object', 'opportunity_scores'],
    [
      'a competitor twice',
      { competitiveLandscape: [{ competitorName: 'A' }, { competitor_name: 'A' }] },
      'repeated_key',
      'competitive_landscape',
    ],
    [
      'a part of another submission',
      { opportunity_scores: { submission_id: 'b' } },
      'conflicting_keys',
      'opportunity_scores',
    ],
    ['a title that is no text', { title: 5 }, 'wrong_type', 'app_opportunities'],
  ])('take nothing of a record with %s', async (_, wrong, reason, table) => {
    const bad = { ...whole('bad'), ...wrong } as EnrichmentRecord;
    const result = await store.store([bad, whole('good')]);
    expect(result).toMatchObject({ stored: 1, rejected: 1 });
    expect(await counts()).toEqual([1, 1, 1, 1, 1, 2]);
    const [row] = await quarantined(app, result.loadId);
    expect(row).toMatchObject({ reason, position: 0, table: 'enrichment' });
    expect(row?.message).toContain(`table ${table}`);
  });

  it('check scores themselves, too, and take nothing of a record that they reject', async () => {
    await expect(app.rows("INSERT INTO opportunity_scores (submission_id, total) VALUES ('x', 101)")).rejects.toThrow(
      'opportunity_scores_total_check',
    );
    await app.rows('ALTER TABLE competitive_landscape ADD CONSTRAINT real CHECK (url <> $$bad$$)');
    try {
      const bad = {
        ...whole('bad'),
        competitive_landscape: [{ competitorName: 'C', url: 'bad' }],
        competitiveLandscape: null,
      };
      const result = await store.store([whole('a'), bad, whole('c')]);
      expect(result).toMatchObject({ stored: 2, rejected: 1 });
      expect(await counts()).toEqual([2, 2, 2, 2, 2, 4]);
    } finally {
      await app.rows('ALTER TABLE competitive_landscape DROP CONSTRAINT real');
    }
    const replayed = await app.module.get(QuarantineService).replay({}, { combined: [store.records] });
    expect(replayed).toMatchObject({ loaded: 1, ok: true });
    expect(await counts()).toEqual([3, 3, 3, 3, 3, 5]);
  });

  it('take the rows of one stage by themselves', async () => {
    await store.competitors.load([{ submission_id: 'a', competitor_name: 'A' }]);
    await store.validations.load([{ submissionId: 'a', source: 's' }]);
    await store.monetization.load([{ submissionId: 'a', model: 'm' }]);
    await store.scores.load([{ submission_id: 'a', total: '72.5' }]);
    expect(await counts()).toEqual([0, 0, 1, 1, 1, 1]);
  });

  it('are part of the transaction of a manager', async () => {
    const rollback = app.dataSource.transaction(async (manager) => {
      await store.withManager(manager).store([whole('a')]);
      await store.withManager(manager).scores.load([{ submissionId: 'b', total: 1 }]);
      throw new Error('rolled back');
    });
    await expect(rollback).rejects.toThrow('rolled back');
    expect(await counts()).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it('are as their entities say', async () => {
    const { upQueries } = await app.dataSource.driver.createSchemaBuilder().log();
    expect(upQueries.map(({ query }) => query)).toEqual([]);
    expect((await app.module.get(SchemaService).check()).differences).toEqual([]);
    const open = await app.rows(`SELECT relname FROM pg_class WHERE relname = ANY($1) AND NOT relrowsecurity`, [
      TABLES,
    ]);
    expect(open).toEqual([]);
  });
});
