import { beforeAll, describe, expect, it } from '@jest/globals';

import type { LoadPlan, PlanColumn } from '../../../../src/loader/model/load-plan.js';
import type { CarriedColumn, MergeSpec } from '../../../../src/loader/merge/merge-spec.js';
import {
  buildInsertOrLock,
  buildMaskedUpdate,
  buildMergeStatement,
} from '../../../../src/loader/merge/merge-statement.js';
import { planOf } from '../../../support/entities/plans.js';
import { Article } from '../../../support/entities/unit-entities.js';

describe('the merge statement', () => {
  let plan: LoadPlan;
  beforeAll(async () => {
    plan = await planOf(Article);
  });

  const column = (name: string): PlanColumn => plan.columns.find((candidate) => candidate.name === name) as PlanColumn;
  const specOf = (columns: Record<string, CarriedColumn['mode']>, rest: Partial<MergeSpec> = {}): MergeSpec => ({
    onConflict: 'merge',
    key: plan.primaryKey,
    columns: Object.entries(columns).map(([name, mode], index) =>
      mode === 'byRow' ? { column: column(name), mode, bit: 2 * index } : { column: column(name), mode },
    ),
    required: [],
    hasExtra: false,
    extraByRow: false,
    ...rest,
  });
  const build = (spec: MergeSpec): string => buildMergeStatement(plan, spec, 'incoming AS s', '$9');

  it('of a typical merge, as a whole', () => {
    const columns = {
      article_id: 'set',
      label: 'set',
      short_name: 'fill',
      stock: 'keepIfNull',
      details: 'set',
      seen_at: 'set',
    } as const;
    expect(build(specOf(columns, { required: [column('shop')], hasExtra: true }))).toBe(`WITH written AS (
  INSERT INTO "public"."articles" AS t ("article_id", "label", "short_name", "stock", "details", "seen_at", "shop", "rest", "load_id", "updated_at")
  SELECT s."article_id"::text, s."label"::text, s."short_name"::text, s."stock"::integer, s."details"::json, s."seen_at"::timestamp with time zone, stored."shop", s."rest"::jsonb, b.load_id, b.updated_at
  FROM incoming AS s
  CROSS JOIN (SELECT $9::uuid AS load_id, now() AS updated_at) AS b
  LEFT JOIN "public"."articles" AS stored ON stored."article_id" = s."article_id"::text
  ORDER BY s."article_id" COLLATE "C"
  ON CONFLICT ("article_id") DO UPDATE
  SET "label" = EXCLUDED."label", "short_name" = COALESCE(t."short_name", EXCLUDED."short_name"), "stock" = COALESCE(EXCLUDED."stock", t."stock"), "details" = EXCLUDED."details", "seen_at" = EXCLUDED."seen_at", "rest" = COALESCE(t."rest" || EXCLUDED."rest", EXCLUDED."rest", t."rest"), "load_id" = EXCLUDED."load_id", "updated_at" = EXCLUDED."updated_at"
  WHERE (t."label" IS DISTINCT FROM EXCLUDED."label" OR t."short_name" IS DISTINCT FROM COALESCE(t."short_name", EXCLUDED."short_name") OR t."stock" IS DISTINCT FROM COALESCE(EXCLUDED."stock", t."stock") OR t."details"::text COLLATE "C" IS DISTINCT FROM (EXCLUDED."details")::text COLLATE "C" OR t."seen_at" IS DISTINCT FROM EXCLUDED."seen_at" OR t."rest" IS DISTINCT FROM COALESCE(t."rest" || EXCLUDED."rest", EXCLUDED."rest", t."rest")) AND (t."seen_at" IS NULL OR EXCLUDED."seen_at" IS NULL OR EXCLUDED."seen_at" >= t."seen_at")
  RETURNING (t.xmax = 0) AS inserted
)
SELECT count(*)::integer AS written, (count(*) FILTER (WHERE inserted))::integer AS inserted FROM written`);
  });

  it('of rows with masks is two: one inserts or locks, one updates', () => {
    const spec = specOf({ article_id: 'set', shop: 'byRow', short_name: 'byRow', details: 'keepIfNull' });
    expect(buildInsertOrLock(plan, spec, 'incoming AS s', '$9')).toBe(`WITH written AS (
  INSERT INTO "public"."articles" AS t ("article_id", "shop", "short_name", "details", "load_id", "updated_at")
  SELECT s."article_id"::text, CASE WHEN get_bit(s."harbor mask"::bit varying, 2) = 1 THEN s."shop"::text ELSE stored."shop" END, s."short_name"::text, s."details"::json, b.load_id, b.updated_at
  FROM incoming AS s
  CROSS JOIN (SELECT $9::uuid AS load_id, now() AS updated_at) AS b
  LEFT JOIN "public"."articles" AS stored ON stored."article_id" = s."article_id"::text
  ORDER BY s."article_id" COLLATE "C"
  ON CONFLICT ("article_id") DO UPDATE SET "article_id" = EXCLUDED."article_id" WHERE false
  RETURNING (t.xmax = 0) AS inserted
)
SELECT count(*)::integer AS written, (count(*) FILTER (WHERE inserted))::integer AS inserted FROM written`);
    expect(buildMaskedUpdate(plan, spec, 'incoming AS s', '$9')).toContain(
      'SET "shop" = CASE WHEN NOT get_bit(s."harbor mask"::bit varying, 2) = 1 THEN t."shop" ELSE s."shop"::text END',
    );
  });

  it('takes what older versions captured of a column out of the extra column, where the row brings it', () => {
    const marked = (name: string): PlanColumn => ({ ...column(name), capturedAs: [name] });
    const spec = specOf({ article_id: 'set' });
    const set = build({
      ...spec,
      columns: [
        ...spec.columns,
        { column: marked('label'), mode: 'set' },
        { column: marked('stock'), mode: 'keepIfNull' },
      ],
    });
    expect(set).toContain(
      `"rest" = CASE WHEN t."rest" ?| ARRAY['label', 'stock'] ` +
        `THEN NULLIF(t."rest" - ARRAY[` +
        `CASE WHEN (EXCLUDED."label" IS NOT NULL OR t."rest" -> 'label' <> 'null'::jsonb) THEN 'label' END, ` +
        `CASE WHEN EXCLUDED."stock" IS NOT NULL THEN 'stock' END], '{}'::jsonb) ` +
        `ELSE t."rest" END`,
    );
    const masked = { ...spec, columns: [...spec.columns, { column: marked('label'), mode: 'byRow' as const, bit: 2 }] };
    expect(buildMaskedUpdate(plan, masked, 'incoming AS s', '$9')).toContain(
      `ARRAY[CASE WHEN get_bit(s."harbor mask"::bit varying, 2) = 1 ` +
        `AND NOT get_bit(s."harbor mask"::bit varying, 3) = 1 ` +
        `AND (s."label"::text IS NOT NULL OR t."rest" -> 'label' <> 'null'::jsonb) THEN 'label' END]`,
    );
  });

  it('of keys alone has nothing to change', () => {
    expect(build(specOf({ article_id: 'set' }))).toContain('ON CONFLICT ("article_id") DO NOTHING');
  });

  it('of an insert meets no stored row', () => {
    expect(build(specOf({ article_id: 'set', label: 'set' }, { onConflict: 'insert' }))).not.toContain('ON CONFLICT');
  });

  it('of an insert whose key the database makes asks the incoming rows for no key', () => {
    expect(build(specOf({ label: 'set' }, { onConflict: 'insert' }))).not.toContain('s."article_id"');
  });

  it('calls nothing in DO UPDATE that a distributed engine rejects', () => {
    const columns = { article_id: 'set', label: 'keepIfNull', seen_at: 'set' } as const;
    const update = build(specOf(columns, { hasExtra: true })).split('DO UPDATE')[1];
    expect(update).not.toMatch(/now\(\)|\$\d|SELECT (?!count)/);
  });
});
