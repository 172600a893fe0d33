import type { MigrationInterface, QueryRunner } from 'typeorm';

import { defaultSchema } from '../src/postgres/data-source.js';
import { quoteTable } from '../src/postgres/identifiers.js';
import { dataSourceOf } from '../src/postgres/typeorm-adapter.js';

/** Keeps what is needed to load a rejected record again with its original options. */
export class KeepHowRecordsWereLoaded1764200000000 implements MigrationInterface {
  readonly name = 'KeepHowRecordsWereLoaded1764200000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    const { rejected, loads, index } = names(queryRunner);
    await queryRunner.query(`ALTER TABLE ${loads} ADD COLUMN "options" jsonb`);
    // json and not jsonb: the header of a csv file may contain a NUL.
    await queryRunner.query(`ALTER TABLE ${rejected} ADD COLUMN "reading" json`);
    await queryRunner.query(
      `CREATE INDEX "storage_rejected_records_load_id_position_idx" ON ${rejected} ("load_id", "position", "id")`,
    );
    await queryRunner.query(`DROP INDEX ${index}`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    const { rejected, loads } = names(queryRunner);
    await queryRunner.query(`CREATE INDEX "storage_rejected_records_load_id_idx" ON ${rejected} ("load_id")`);
    await queryRunner.query(`DROP INDEX ${names(queryRunner, 'position_').index}`);
    await queryRunner.query(`ALTER TABLE ${rejected} DROP COLUMN "reading"`);
    await queryRunner.query(`ALTER TABLE ${loads} DROP COLUMN "options"`);
  }
}

function names(queryRunner: QueryRunner, indexed = ''): Record<'rejected' | 'loads' | 'index', string> {
  const table = (name: string): string => quoteTable(defaultSchema(dataSourceOf(queryRunner)), name);
  return {
    rejected: table('storage_rejected_records'),
    loads: table('storage_loads'),
    index: table(`storage_rejected_records_load_id_${indexed}idx`),
  };
}
