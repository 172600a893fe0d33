import type { MigrationInterface, QueryRunner } from 'typeorm';

import { defaultSchema } from '../src/postgres/data-source.js';
import { quoteTable } from '../src/postgres/identifiers.js';
import { dataSourceOf } from '../src/postgres/typeorm-adapter.js';

/** Keeps the fields without a column that a load received, their number, and how they were handled. */
export class AddUnknownFields1764300000000 implements MigrationInterface {
  readonly name = 'AddUnknownFields1764300000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    const table = quoteTable(defaultSchema(dataSourceOf(queryRunner)), 'storage_loads');
    await queryRunner.query(
      `ALTER TABLE ${table} ADD COLUMN "unknown_fields" jsonb, ADD COLUMN "unknown_fields_policy" text`,
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    const table = quoteTable(defaultSchema(dataSourceOf(queryRunner)), 'storage_loads');
    await queryRunner.query(`ALTER TABLE ${table} DROP COLUMN "unknown_fields_policy", DROP COLUMN "unknown_fields"`);
  }
}
