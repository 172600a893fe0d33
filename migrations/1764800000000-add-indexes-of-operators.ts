import type { MigrationInterface, QueryRunner } from 'typeorm';

import { defaultSchema } from '../src/postgres/data-source.js';
import { quoteTable } from '../src/postgres/identifiers.js';
import { dataSourceOf } from '../src/postgres/typeorm-adapter.js';

/** Name, table and definition of each index. */
const INDEXES: readonly (readonly [string, string, string])[] = [
  // The history of one table, and when records last arrived in each: 3 µs of the server's time a load.
  ['storage_loads_table_name_started_at_idx', 'storage_loads', '("table_name", "started_at")'],
  // Running loads. A load that is one statement is never in it.
  ['storage_loads_running_idx', 'storage_loads', `("started_at") WHERE "status" = 'running'`],
  // Counts by table and reason from the index alone: 2 µs a rejected record.
  [
    'storage_rejected_records_open_idx',
    'storage_rejected_records',
    '("table_name", "reason", "created_at") WHERE "replayed_at" IS NULL',
  ],
  // The same of replayed records: only a replay writes to it.
  [
    'storage_rejected_records_replayed_idx',
    'storage_rejected_records',
    '("table_name", "reason", "created_at") WHERE "replayed_at" IS NOT NULL',
  ],
];

/**
 * Indexes of what operators ask: the console, health checks and gauges. Until they are built, loads wait; one that was built
 * before, by CREATE INDEX CONCURRENTLY, is left as it is.
 */
export class AddIndexesOfOperators1764800000000 implements MigrationInterface {
  readonly name = 'AddIndexesOfOperators1764800000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const [name, table, definition] of INDEXES) {
      await queryRunner.query(`CREATE INDEX IF NOT EXISTS "${name}" ON ${qualified(queryRunner, table)} ${definition}`);
    }
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const [name] of INDEXES.toReversed()) {
      await queryRunner.query(`DROP INDEX ${qualified(queryRunner, name)}`);
    }
  }
}

function qualified(queryRunner: QueryRunner, name: string): string {
  return quoteTable(defaultSchema(dataSourceOf(queryRunner)), name);
}
