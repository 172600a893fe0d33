import type { MigrationInterface, QueryRunner } from 'typeorm';

import { defaultSchema } from '../src/postgres/data-source.js';
import { quoteTable } from '../src/postgres/identifiers.js';
import { dataSourceOf } from '../src/postgres/typeorm-adapter.js';

const TABLES = ['app_opportunities', 'submissions'];

/**
 * Makes updates of loaded rows cheaper. Every update sets `load_id`: under a btree it writes to every index of the table;
 * under BRIN, from Postgres 16 on, to none if the new row version has room in its page, which the fillfactor leaves.
 */
export class IndexLoadIdsByBrin1764500000000 implements MigrationInterface {
  readonly name = 'IndexLoadIdsByBrin1764500000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const name of TABLES) {
      await replaceIndex(queryRunner, name, 'brin');
      await alterTable(queryRunner, name, 'SET (fillfactor = 90)');
    }
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const name of TABLES.toReversed()) {
      await alterTable(queryRunner, name, 'RESET (fillfactor)');
      await replaceIndex(queryRunner, name, 'btree');
    }
  }
}

async function replaceIndex(queryRunner: QueryRunner, name: string, method: 'brin' | 'btree'): Promise<void> {
  const index = `${name}_load_id_idx`;
  await queryRunner.query(`DROP INDEX IF EXISTS ${tableOf(queryRunner, index)}`);
  await queryRunner.query(`CREATE INDEX "${index}" ON ${tableOf(queryRunner, name)} USING ${method} ("load_id")`);
}

/** A partitioned table, which an application may have made of it, has no storage parameters. */
async function alterTable(queryRunner: QueryRunner, name: string, change: string): Promise<void> {
  const table = tableOf(queryRunner, name);
  const found = (await queryRunner.query(`SELECT relkind = 'r' AS plain FROM pg_class WHERE oid = $1::regclass`, [
    table,
  ])) as { readonly plain: boolean }[];
  if (found[0]?.plain === true) {
    await queryRunner.query(`ALTER TABLE ${table} ${change}`);
  }
}

function tableOf(queryRunner: QueryRunner, name: string): string {
  return quoteTable(defaultSchema(dataSourceOf(queryRunner)), name);
}
