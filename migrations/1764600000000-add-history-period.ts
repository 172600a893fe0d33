import type { MigrationInterface, QueryRunner } from 'typeorm';

import { defaultSchema } from '../src/postgres/data-source.js';
import { quoteTable } from '../src/postgres/identifiers.js';
import { dataSourceOf } from '../src/postgres/typeorm-adapter.js';

/** Keeps the period whose loads are all in the history. */
export class AddHistoryPeriod1764600000000 implements MigrationInterface {
  readonly name = 'AddHistoryPeriod1764600000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    const table = quoteTable(defaultSchema(dataSourceOf(queryRunner)), 'storage_history');
    await queryRunner.query(`
      CREATE TABLE ${table} (
        "id" integer NOT NULL,
        "complete_from" timestamptz,
        "incomplete_from" timestamptz,
        CONSTRAINT "storage_history_pkey" PRIMARY KEY ("id")
      )
    `);
    // As for the other tables: closed to everyone but the owner.
    await queryRunner.query(`ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP TABLE ${quoteTable(defaultSchema(dataSourceOf(queryRunner)), 'storage_history')}`);
  }
}
