import { beforeAll, describe, expect, it } from '@jest/globals';

import type { LoadPlan, PlanColumn } from '../../../../src/loader/model/load-plan.js';
import type { CarriedColumn, MergeSpec, SpecPart } from '../../../../src/loader/merge/merge-spec.js';
import { statementOf, writeSteps } from '../../../../src/loader/merge/merge-statement.js';
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
    nullSets: [[]],
    columns: Object.entries(columns).map(([name, mode], index) =>
      mode === 'byRow' ? { column: column(name), mode, bit: 3 * index } : { column: column(name), mode },
    ),
    hasExtra: false,
    extraByRow: false,
    inInputOrder: false,
    ...rest,
  });
  const source = { select: 'SELECT * FROM staged', loadId: () => '$9' };
  const partsOf = (spec: MergeSpec): SpecPart[] => [{ spec, conditions: [] }];
  const build = (spec: MergeSpec, parts = partsOf(spec), failsOnConflict = false, updatesAtOnce = false): string =>
    statementOf(writeSteps(plan, spec, parts, source, { failsOnConflict, updatesAtOnce }));
  const append = (spec: MergeSpec): string => build({ ...spec, onConflict: 'insert' });

  it('of a typical merge, as a whole', () => {
    const columns = {
      article_id: 'set',
      label: 'set',
      short_name: 'fill',
      stock: 'keepIfNull',
      details: 'set',
      seen_at: 'set',
    } as const;
    const differs = `(t."label" IS DISTINCT FROM s."label"::text OR t."short_name" IS DISTINCT FROM COALESCE(t."short_name", s."short_name"::text) OR t."stock" IS DISTINCT FROM COALESCE(s."stock"::integer, t."stock") OR t."details"::text COLLATE "C" IS DISTINCT FROM (s."details"::json)::text COLLATE "C" OR t."seen_at" IS DISTINCT FROM s."seen_at"::TIMESTAMP WITH TIME ZONE OR t."rest" IS DISTINCT FROM COALESCE(t."rest" || s."rest"::jsonb, s."rest"::jsonb, t."rest")) AND (t."seen_at" IS NULL OR s."seen_at"::TIMESTAMP WITH TIME ZONE IS NULL OR s."seen_at"::TIMESTAMP WITH TIME ZONE >= t."seen_at")`;
    expect(build(specOf(columns, { hasExtra: true }))).toBe(`WITH incoming AS MATERIALIZED (
  SELECT s."article_id"::text AS "article_id", s."label"::text AS "label", s."short_name"::text AS "short_name", s."stock"::integer AS "stock", s."details"::json AS "details", s."seen_at"::timestamp with time zone AS "seen_at", s."rest"::jsonb AS "rest", stored.differs AS "harbor differs"
  FROM (SELECT * FROM staged) AS s LEFT JOIN LATERAL (
    SELECT ${differs} AS differs FROM "public"."articles" AS t WHERE t."article_id" = s."article_id"::text LIMIT 1
  ) AS stored ON true
), inserted_0 AS (
  INSERT INTO "public"."articles" ("article_id", "label", "short_name", "stock", "details", "seen_at", "rest", "load_id", "updated_at")
  SELECT s."article_id", s."label", s."short_name", s."stock", s."details", s."seen_at", s."rest", $9::uuid, now()
  FROM incoming AS s
  WHERE s."harbor differs" IS NULL
  ORDER BY s."article_id" COLLATE "C"
  ON CONFLICT ("article_id") DO NOTHING
  RETURNING 1
), locked AS MATERIALIZED (
  SELECT s.*, stored.differs AS "harbor still differs"
  FROM (SELECT * FROM incoming AS s WHERE s."harbor differs" AND (SELECT count(*) FROM inserted_0) >= 0
  ORDER BY s."article_id" COLLATE "C") AS s CROSS JOIN LATERAL (
    SELECT ${differs} AS differs FROM "public"."articles" AS t WHERE t."article_id" = s."article_id"::text LIMIT 1 FOR NO KEY UPDATE
  ) AS stored
), updated_0 AS (
  UPDATE "public"."articles" AS t
  SET "label" = s."label", "short_name" = COALESCE(t."short_name", s."short_name"), "stock" = COALESCE(s."stock", t."stock"), "details" = s."details", "seen_at" = s."seen_at", "rest" = COALESCE(t."rest" || s."rest"::jsonb, s."rest"::jsonb, t."rest"), "load_id" = $9::uuid, "updated_at" = now()
  FROM locked AS s
  WHERE s."harbor still differs" AND t."article_id" = s."article_id"::text
  RETURNING 1
)
SELECT ((SELECT count(*) FROM inserted_0))::integer AS inserted,
  ((SELECT count(*) FROM updated_0))::integer AS updated,
  ((SELECT count(*) FROM incoming WHERE NOT "harbor differs") + (SELECT count(*) FROM locked WHERE NOT "harbor still differs"))::integer AS unchanged,
  0 AS deleted,
  0 AS skipped,
  ((SELECT count(*) FROM incoming WHERE "harbor differs" IS NULL))::integer AS fresh,
  ((SELECT count(*) FROM incoming WHERE "harbor differs") - (SELECT count(*) FROM locked))::integer AS vanished`);
  });

  it('reads the masks of rows', () => {
    const spec = specOf({ article_id: 'set', shop: 'byRow', short_name: 'byRow', details: 'keepIfNull' });
    expect(build(spec)).toContain(
      'SET "shop" = CASE WHEN NOT get_bit(s."harbor mask"::bit varying, 3) = 1 THEN t."shop" ELSE s."shop" END',
    );
  });

  it('inserts in parts, one after the other, where only some rows carry an identity', () => {
    const spec = specOf({ article_id: 'set', label: 'set' });
    const parts = [
      { spec, conditions: ['a'] },
      { spec: specOf({ article_id: 'set' }), conditions: ['NOT a'] },
    ];
    const merge = build(spec, parts);
    expect(merge).toContain('WHERE s."harbor differs" IS NULL AND a\n');
    expect(merge).toContain('WHERE s."harbor differs" IS NULL AND NOT a AND (SELECT count(*) FROM inserted_0) >= 0');
    expect(merge).toContain(
      'SELECT ((SELECT count(*) FROM inserted_0) + (SELECT count(*) FROM inserted_1))::integer AS inserted',
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
        `CASE WHEN (s."label" IS NOT NULL OR t."rest" -> 'label' <> 'null'::jsonb) THEN 'label' END, ` +
        `CASE WHEN s."stock" IS NOT NULL THEN 'stock' END], '{}'::jsonb) ` +
        `ELSE t."rest" END`,
    );
    const masked = { ...spec, columns: [...spec.columns, { column: marked('label'), mode: 'byRow' as const, bit: 2 }] };
    expect(build(masked)).toContain(
      `ARRAY[CASE WHEN get_bit(s."harbor mask"::bit varying, 2) = 1 ` +
        `AND NOT get_bit(s."harbor mask"::bit varying, 3) = 1 ` +
        `AND (s."label" IS NOT NULL OR t."rest" -> 'label' <> 'null'::jsonb) THEN 'label' END]`,
    );
  });

  it('looks stored rows up one by one, in the order they came in, where a unique value may move between them', () => {
    const merge = build(specOf({ article_id: 'set', label: 'set' }, { inInputOrder: true }));
    expect(merge).toContain('row_number() OVER () AS "harbor place", stored.differs AS "harbor differs"');
    expect(merge).toContain(`FROM (SELECT * FROM locked AS s ORDER BY s."harbor place") AS s
  WHERE s."harbor still differs" AND t."article_id" = ANY (ARRAY[s."article_id"::text])`);
  });

  it('that updates at once locks nothing before, and compares as it updates, in the order of the keys', () => {
    const spec = specOf({ article_id: 'set', label: 'set' });
    const merge = build(spec, partsOf(spec), false, true);
    expect(merge).not.toContain('locked');
    expect(merge)
      .toContain(`FROM (SELECT * FROM incoming AS s WHERE s."harbor differs" AND (SELECT count(*) FROM inserted_0) >= 0
  ORDER BY s."article_id" COLLATE "C") AS s
  WHERE (t."label" IS DISTINCT FROM s."label"::text) AND t."article_id" = ANY (ARRAY[s."article_id"::text])`);
  });

  it('of keys alone locks and updates nothing', () => {
    const merge = build(specOf({ article_id: 'set' }));
    expect(merge).toContain('ON CONFLICT ("article_id") DO NOTHING');
    expect(merge).not.toMatch(/UPDATE/);
  });

  it('of deletions locks the rows that are not newer, and deletes them', () => {
    const merge = build(specOf({ article_id: 'set', seen_at: 'set' }, { onConflict: 'delete' }));
    expect(merge).toContain('LIMIT 1 FOR UPDATE');
    expect(merge).toContain(`deleted_0 AS (
  DELETE FROM "public"."articles" AS t
  USING locked AS s
  WHERE s."harbor still differs" AND t."article_id" = s."article_id"::text
  RETURNING 1
)`);
    expect(merge).toContain(`SELECT true AND (t."seen_at" IS NULL OR`);
    expect(merge).not.toMatch(/INSERT|SET|\$9/);
  });

  it('that fails on conflict has no conflict clause', () => {
    const spec = specOf({ article_id: 'set', label: 'set' });
    expect(build(spec, partsOf(spec), true)).not.toContain('ON CONFLICT');
  });

  it('of an append meets no stored row', () => {
    expect(append(specOf({ article_id: 'set', label: 'set' }))).not.toMatch(/ON CONFLICT|LATERAL/);
  });

  it('of an append whose key the database makes asks the incoming rows for no key', () => {
    expect(append(specOf({ label: 'set' }))).not.toContain('s."article_id"');
  });
});
