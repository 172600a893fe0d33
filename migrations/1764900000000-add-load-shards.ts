import type { MigrationInterface, QueryRunner } from 'typeorm';

import { defaultSchema } from '../src/postgres/data-source.js';
import { quoteTable } from '../src/postgres/identifiers.js';
import { dataSourceOf } from '../src/postgres/typeorm-adapter.js';

/**
 * Keeps the shards of loads that several loaders share. Only a new table: the tables that exist are neither locked nor
 * rewritten.
 */
export class AddLoadShards1764900000000 implements MigrationInterface {
  readonly name = 'AddLoadShards1764900000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    const table = quoteTable(defaultSchema(dataSourceOf(queryRunner)), 'storage_load_shards');
    await queryRunner.query(`
      CREATE TABLE ${table} (
        "load_id" uuid NOT NULL,
        "shard" integer NOT NULL,
        "attempt" integer NOT NULL DEFAULT 1,
        "status" text NOT NULL,
        "input_records" bigint,
        "received" bigint NOT NULL DEFAULT 0,
        "stored" bigint,
        "inserted" bigint NOT NULL DEFAULT 0,
        "updated" bigint NOT NULL DEFAULT 0,
        "unchanged" bigint NOT NULL DEFAULT 0,
        "deleted" bigint NOT NULL DEFAULT 0,
        "duplicates" bigint NOT NULL DEFAULT 0,
        "skipped" bigint NOT NULL DEFAULT 0,
        "rejected" bigint NOT NULL DEFAULT 0,
        "failed" bigint NOT NULL DEFAULT 0,
        "tables" jsonb,
        "unknown_fields" jsonb,
        "unknown_fields_policy" text,
        "error_code" text,
        "error_message" text,
        "started_at" timestamptz NOT NULL DEFAULT now(),
        "finished_at" timestamptz,
        CONSTRAINT "storage_load_shards_pkey" PRIMARY KEY ("load_id", "shard")
      )
    `);
    // As for the other tables: closed to everyone but the owner.
    await queryRunner.query(`ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      `DROP TABLE ${quoteTable(defaultSchema(dataSourceOf(queryRunner)), 'storage_load_shards')}`,
    );
  }
}
