import type { MigrationInterface, QueryRunner } from 'typeorm';

import { defaultSchema } from '../src/postgres/data-source.js';
import { quoteTable } from '../src/postgres/identifiers.js';
import { dataSourceOf } from '../src/postgres/typeorm-adapter.js';

/** Counts the records of a load that deleted their row. */
export class AddDeletedCount1764650000000 implements MigrationInterface {
  readonly name = 'AddDeletedCount1764650000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    const table = quoteTable(defaultSchema(dataSourceOf(queryRunner)), 'storage_loads');
    await queryRunner.query(`ALTER TABLE ${table} ADD COLUMN "deleted" bigint NOT NULL DEFAULT 0`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    const table = quoteTable(defaultSchema(dataSourceOf(queryRunner)), 'storage_loads');
    await queryRunner.query(`ALTER TABLE ${table} DROP COLUMN "deleted"`);
  }
}
