import type { MigrationInterface, QueryRunner } from 'typeorm';

import { defaultSchema } from '../src/postgres/data-source.js';
import { quoteTable } from '../src/postgres/identifiers.js';
import { dataSourceOf } from '../src/postgres/typeorm-adapter.js';

const TABLES = ['storage_loads', 'storage_load_batches'];

/** Counts the attempts of a load, to distinguish an attempt that was taken over from the current one. */
export class AddLoadAttempts1764100000000 implements MigrationInterface {
  readonly name = 'AddLoadAttempts1764100000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const name of TABLES) {
      const table = quoteTable(defaultSchema(dataSourceOf(queryRunner)), name);
      await queryRunner.query(`ALTER TABLE ${table} ADD COLUMN "attempt" integer NOT NULL DEFAULT 1`);
    }
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const name of TABLES.toReversed()) {
      const table = quoteTable(defaultSchema(dataSourceOf(queryRunner)), name);
      await queryRunner.query(`ALTER TABLE ${table} DROP COLUMN "attempt"`);
    }
  }
}
