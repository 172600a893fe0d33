import type { MigrationInterface, QueryRunner } from 'typeorm';

import { defaultSchema } from '../src/postgres/data-source.js';
import { quoteTable } from '../src/postgres/identifiers.js';
import { dataSourceOf } from '../src/postgres/typeorm-adapter.js';

const TABLES = [
  'app_opportunities',
  'submissions',
  'storage_loads',
  'storage_load_batches',
  'storage_rejected_records',
];

/** Table and column of each plain index. */
const INDEXES: readonly (readonly [string, string])[] = [
  ['app_opportunities', 'subreddit'],
  ['app_opportunities', 'opportunity_score'],
  ['app_opportunities', 'final_score'],
  ['app_opportunities', 'load_id'],
  ['submissions', 'subreddit'],
  ['submissions', 'opportunity_score'],
  ['submissions', 'load_id'],
  ['storage_loads', 'started_at'],
  ['storage_rejected_records', 'load_id'],
  ['storage_rejected_records', 'created_at'],
];

export class CreateStorageTables1764000000000 implements MigrationInterface {
  readonly name = 'CreateStorageTables1764000000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    const table = tableNamer(queryRunner);
    await queryRunner.query(`
      CREATE TABLE ${table('app_opportunities')} (
        "submission_id" text NOT NULL,
        "problem_description" text,
        "app_concept" text,
        "core_functions" jsonb,
        "value_proposition" text,
        "target_user" text,
        "monetization_model" text,
        "opportunity_score" double precision,
        "final_score" double precision,
        "status" text,
        "ai_profile" jsonb,
        "app_name" text,
        "app_category" text,
        "profession" text,
        "core_problems" jsonb,
        "dimension_scores" jsonb,
        "priority" text,
        "confidence" double precision,
        "evidence_based" boolean,
        "trust_score" double precision,
        "trust_badge" text,
        "activity_score" double precision,
        "trust_level" text,
        "trust_badges" jsonb,
        "monetization_score" double precision,
        "market_validation_score" double precision,
        "analyzed_at" timestamptz,
        "enrichment_version" text DEFAULT 'v3.0.0',
        "pipeline_source" text DEFAULT 'unified_pipeline',
        "title" text,
        "subreddit" text,
        "reddit_score" bigint,
        "extra" jsonb,
        "load_id" uuid,
        "created_at" timestamptz NOT NULL DEFAULT now(),
        "updated_at" timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT "app_opportunities_pkey" PRIMARY KEY ("submission_id")
      )
    `);
    await queryRunner.query(`
      CREATE TABLE ${table('submissions')} (
        "submission_id" text NOT NULL,
        "reddit_id" text NOT NULL,
        "title" text,
        "selftext" text,
        "author" text,
        "subreddit" text,
        "url" text,
        "ai_profile" jsonb,
        "trust_score" double precision,
        "trust_level" text,
        "market_validation" jsonb,
        "market_validation_score" double precision,
        "opportunity_score" double precision,
        "created_utc" timestamptz,
        "reddit_score" bigint,
        "num_comments" bigint,
        "extra" jsonb,
        "load_id" uuid,
        "created_at" timestamptz NOT NULL DEFAULT now(),
        "updated_at" timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT "submissions_pkey" PRIMARY KEY ("submission_id")
      )
    `);
    await queryRunner.query(`
      CREATE TABLE ${table('storage_loads')} (
        "id" uuid NOT NULL,
        "load_key" text,
        "table_name" text NOT NULL,
        "disposition" text NOT NULL,
        "source" text,
        "status" text NOT NULL,
        "received" bigint NOT NULL DEFAULT 0,
        "stored" bigint,
        "inserted" bigint NOT NULL DEFAULT 0,
        "updated" bigint NOT NULL DEFAULT 0,
        "unchanged" bigint NOT NULL DEFAULT 0,
        "duplicates" bigint NOT NULL DEFAULT 0,
        "skipped" bigint NOT NULL DEFAULT 0,
        "rejected" bigint NOT NULL DEFAULT 0,
        "failed" bigint NOT NULL DEFAULT 0,
        "tables" jsonb,
        "error_code" text,
        "error_message" text,
        "started_at" timestamptz NOT NULL DEFAULT now(),
        "finished_at" timestamptz,
        CONSTRAINT "storage_loads_pkey" PRIMARY KEY ("id")
      )
    `);
    await queryRunner.query(`
      CREATE TABLE ${table('storage_load_batches')} (
        "load_id" uuid NOT NULL,
        "batch_no" integer NOT NULL,
        "first_position" bigint NOT NULL,
        "end_position" bigint NOT NULL,
        "counts" jsonb,
        "committed_at" timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT "storage_load_batches_pkey" PRIMARY KEY ("load_id", "batch_no")
      )
    `);
    await queryRunner.query(`
      CREATE TABLE ${table('storage_rejected_records')} (
        "id" uuid NOT NULL,
        "load_id" uuid NOT NULL,
        "table_name" text NOT NULL,
        "position" bigint NOT NULL,
        "record_key" text,
        "raw" bytea NOT NULL,
        "reason" text NOT NULL,
        "column_name" text,
        "message" text NOT NULL,
        "created_at" timestamptz NOT NULL DEFAULT now(),
        "replayed_at" timestamptz,
        CONSTRAINT "storage_rejected_records_pkey" PRIMARY KEY ("id")
      )
    `);
    await queryRunner.query(
      `CREATE UNIQUE INDEX "storage_loads_load_key_key" ON ${table('storage_loads')} ("load_key")`,
    );
    for (const [name, column] of INDEXES) {
      await queryRunner.query(`CREATE INDEX "${name}_${column}_idx" ON ${table(name)} ("${column}")`);
    }
    // On Supabase, everyone with the URL can access a table in the public schema without row level security.
    for (const name of TABLES) {
      await queryRunner.query(`ALTER TABLE ${table(name)} ENABLE ROW LEVEL SECURITY`);
    }
    await queryRunner.query(`ALTER TABLE IF EXISTS ${table('storage_migrations')} ENABLE ROW LEVEL SECURITY`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    const table = tableNamer(queryRunner);
    for (const name of TABLES.toReversed()) {
      await queryRunner.query(`DROP TABLE ${table(name)}`);
    }
  }
}

/** Qualifies table names with the schema of the DataSource, as for its entities and TypeORM's own table. */
function tableNamer(queryRunner: QueryRunner): (name: string) => string {
  return (name) => quoteTable(defaultSchema(dataSourceOf(queryRunner)), name);
}
