import { beforeAll, describe, expect, it } from '@jest/globals';
import { Column, CreateDateColumn, Entity, PrimaryGeneratedColumn } from 'typeorm';

import type { Target } from '../../../../src/loader/model/load-job.js';
import { createStaging, stagingTarget } from '../../../../src/loader/replace/staging-table.js';
import { buildSwap } from '../../../../src/loader/replace/swap-statements.js';
import { keyFormsOf } from '../../../../src/loader/values/canonical-key.js';
import { batchStaging } from '../../../../src/loader/write/batch-staging.js';
import { planOf } from '../../../support/entities/plans.js';
import { Article } from '../../../support/entities/unit-entities.js';

@Entity('tickets')
class Ticket {
  @PrimaryGeneratedColumn('identity', { generatedIdentity: 'BY DEFAULT' })
  id: number;

  @Column('text', { unique: true })
  code: string;

  @CreateDateColumn({ type: 'timestamptz' })
  since: Date;
}

describe('the statements of a replace', () => {
  let articles: Target;
  beforeAll(async () => {
    const plan = await planOf(Article, { stock: '0' });
    articles = { plan, key: plan.primaryKey, onConflict: 'merge' };
  });

  it('stage into a table that rejects by itself what the table would reject', () => {
    expect(createStaging(articles.plan)).toBe(
      'CREATE TEMPORARY TABLE harbor_replace (' +
        '"article_id" text NOT NULL, "shop" text NOT NULL, "label" text, "short_name" text, "stock" integer DEFAULT 0, ' +
        '"rating" double precision, "remark" text, "details" json, "seen_at" TIMESTAMP WITH TIME ZONE, "rest" jsonb, ' +
        '"harbor row" bigint GENERATED ALWAYS AS IDENTITY) ON COMMIT DROP; ' +
        'CREATE UNIQUE INDEX "key_0" ON pg_temp.harbor_replace ("article_id"); ' +
        'CREATE UNIQUE INDEX "key_1" ON pg_temp.harbor_replace ("label")',
    );
  });

  it('hold a batch in a table of plain columns, whose name tells its definition', () => {
    const { createIfMissing, qualified } = batchStaging(stagingTarget(articles).plan);
    expect(createIfMissing).toBe(
      `CREATE TEMPORARY TABLE IF NOT EXISTS ${qualified.replace('pg_temp.', '')} (` +
        '"article_id" text, "shop" text, "label" text, "short_name" text, "stock" integer, ' +
        '"rating" double precision, "remark" text, "details" json, "seen_at" timestamp with time zone, ' +
        '"rest" jsonb, "harbor mask" bit varying) ON COMMIT DROP',
    );
  });

  it('swap in one statement, as a whole', () => {
    expect(buildSwap(articles)).toBe(`WITH incoming AS MATERIALIZED (
  SELECT s."harbor row" AS place, CASE WHEN t.tableoid IS NOT NULL THEN (t."shop" IS DISTINCT FROM s."shop" OR t."label" IS DISTINCT FROM s."label" OR t."short_name" IS DISTINCT FROM s."short_name" OR t."stock" IS DISTINCT FROM s."stock" OR t."rating" IS DISTINCT FROM s."rating" OR t."remark" IS DISTINCT FROM s."remark" OR t."details"::text COLLATE "C" IS DISTINCT FROM (s."details")::text COLLATE "C" OR t."seen_at" IS DISTINCT FROM s."seen_at" OR t."rest" IS DISTINCT FROM s."rest") END AS differs
  FROM pg_temp.harbor_replace AS s LEFT JOIN "public"."articles" AS t ON t."article_id" = s."article_id"
  WHERE s."harbor row" BETWEEN $1 AND $2
), updated_0 AS (
  UPDATE "public"."articles" AS t
  SET "shop" = s."shop", "label" = s."label", "short_name" = s."short_name", "stock" = s."stock", "rating" = s."rating", "remark" = s."remark", "details" = s."details", "seen_at" = s."seen_at", "rest" = s."rest", "load_id" = $3::uuid, "updated_at" = now()
  FROM pg_temp.harbor_replace AS s JOIN incoming AS i ON i.place = s."harbor row"
  WHERE i.differs AND t."article_id" = s."article_id"
  RETURNING 1
), inserted_0 AS (
  INSERT INTO "public"."articles" ("article_id", "shop", "label", "short_name", "stock", "rating", "remark", "details", "seen_at", "rest", "load_id", "updated_at")
  SELECT s."article_id", s."shop", s."label", s."short_name", s."stock", s."rating", s."remark", s."details", s."seen_at", s."rest", $3::uuid, now()
  FROM pg_temp.harbor_replace AS s JOIN incoming AS i ON i.place = s."harbor row"
  WHERE i.differs IS NULL
  ORDER BY s."article_id"::text COLLATE "C"
  RETURNING 1
)
SELECT ((SELECT count(*) FROM updated_0))::integer AS updated, ((SELECT count(*) FROM inserted_0))::integer AS inserted,
  (SELECT count(*) FROM incoming WHERE NOT differs)::integer AS unchanged, (SELECT count(*) FROM incoming)::integer AS rows`);
  });

  it('let the database make an identity anew for new rows only', async () => {
    const plan = await planOf(Ticket, { since: 'now()' });
    const statement = buildSwap({
      plan,
      key: plan.columns
        .filter(({ name }) => name === 'code')
        .map((column) => ({
          ...column,
          collate: '',
          equals: '=',
          ...keyFormsOf(column.type),
          nullIsKey: false,
        })),
      onConflict: 'merge',
    });
    expect(statement).toContain('"id" = COALESCE(s."id", t."id")');
    expect(statement).toContain('"since" = COALESCE(s."since", t."since")');
    expect(statement).toContain('("code", "since")\n  SELECT s."code", COALESCE(s."since", now())');
    expect(statement).toContain('INSERT INTO "public"."tickets" ("id", "code", "since")');
  });
});
