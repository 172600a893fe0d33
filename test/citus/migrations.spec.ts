import { describe, expect, it } from '@jest/globals';
import { Client } from 'pg';

import { storageMigrations } from '../../src/index.js';
import { migrateDown, migrateUp, readMigrationStatus } from '../../src/schema/migrations/migrations.js';
import { startStorageAppAt } from '../support/app/storage-app.js';
import { withCitusDatabase } from '../support/citus/databases.js';
import { runCli } from '../support/cli/run-cli.js';

const NAMES = storageMigrations.map(({ name }) => name);
const DATA = ['app_opportunities', 'submissions'];
const LEDGER = [
  'storage_history',
  'storage_load_batches',
  'storage_load_shards',
  'storage_loads',
  'storage_rejected_records',
];
const ENRICHMENT = ['competitive_landscape', 'market_validations', 'monetization_patterns', 'opportunity_scores'];

async function ask<T>(url: string, sql: string): Promise<T[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows as T[];
  } finally {
    await client.end();
  }
}

/** The tables that are together on the workers, by what tells the shard of their rows. */
async function groupsOf(url: string): Promise<Record<string, string[]>> {
  const rows = await ask<{ column: string; tables: string[] }>(
    url,
    `SELECT distribution_column AS column, array_agg(table_name::text ORDER BY table_name::text) AS tables
       FROM citus_tables GROUP BY distribution_column, colocation_id ORDER BY 1`,
  );
  return Object.fromEntries(rows.map(({ column, tables }) => [column, tables]));
}

describe('migrate up --distributed', () => {
  it('distributes the tables of records by their key and together, and those of the history as single shards', () =>
    withCitusDatabase(async ({ url }) => {
      const { exitCode, stdout } = await runCli(url, ['migrate', 'up', '--distributed']);

      expect(stdout).toBe(`Applied: ${NAMES.join(', ')}\nThe tables are distributed\n`);
      expect(exitCode).toBe(0);
      expect(await groupsOf(url)).toEqual({ '<none>': LEDGER, submission_id: DATA });
      expect(await migrateUp({ url }, { distributed: true })).toEqual([]);
      expect(await groupsOf(url)).toEqual({ '<none>': LEDGER, submission_id: DATA });
    }));

  it('is reverted and applied again, migration by migration', () =>
    withCitusDatabase(async ({ url }) => {
      await migrateUp({ url }, { distributed: true, enrichment: true });
      expect((await readMigrationStatus({ url })).every(({ applied }) => applied)).toBe(true);
      // One at a time, so that each works on tables that are distributed.
      for (const name of NAMES.slice(1).toReversed()) {
        let reverted = await migrateDown({ url });
        if (reverted?.startsWith('CreateEnrichmentTables') === true) reverted = await migrateDown({ url });
        expect(reverted).toBe(name);
      }
      expect(await migrateUp({ url })).toEqual(NAMES.slice(1));
      expect(await groupsOf(url)).toEqual({ '<none>': LEDGER, submission_id: DATA });
      for (const name of NAMES.toReversed()) {
        expect(await migrateDown({ url })).toBe(name);
      }
      expect(await groupsOf(url)).toEqual({});
    }));

  it('keeps the rows of tables that exist, and later migrations follow', () =>
    withCitusDatabase(async ({ url }) => {
      await migrateUp({ url });
      await ask(
        url,
        `INSERT INTO submissions (submission_id, reddit_id) SELECT n, n FROM generate_series(1, 500) AS n`,
      );
      const [before] = await ask<{ n: number }>(url, 'SELECT count(*)::integer AS n FROM submissions');
      expect(before?.n).toBe(500);

      await migrateUp({ url }, { distributed: true });
      expect(await ask(url, 'SELECT count(*)::integer AS n FROM submissions')).toEqual([{ n: 500 }]);
      expect(await ask(url, `SELECT pg_relation_size('submissions')::integer AS size`)).toEqual([{ size: 0 }]);

      await migrateUp({ url }, { enrichment: true });
      expect(await groupsOf(url)).toEqual({
        '<none>': LEDGER,
        submission_id: [...DATA, ...ENRICHMENT].toSorted(),
      });
    }));

  it('leaves tables where they are that the operator keeps on the coordinator', () =>
    withCitusDatabase(async ({ url }) => {
      await migrateUp({ url });
      await ask(url, `SELECT create_distributed_table('submissions', 'submission_id')`);
      await migrateUp({ url }, { enrichment: true });

      expect(await groupsOf(url)).toEqual({ submission_id: ['submissions', ...ENRICHMENT].toSorted() });
    }));

  it('names tables that Citus keeps in another way, and changes nothing', () =>
    withCitusDatabase(async ({ url }) => {
      await migrateUp({ url });
      await ask(url, `SELECT create_reference_table('storage_loads')`);
      await ask(url, `SELECT create_reference_table('submissions')`);

      const failed = await runCli(url, ['migrate', 'up', '--distributed']);
      expect(failed.exitCode).toBe(1);
      expect(failed.stderr).toContain(
        '"public"."storage_loads" is a reference table, and has to be a single-shard table beside the others. ' +
          `To fix: SELECT undistribute_table('"public"."storage_loads"'), then distribute again; "public"."submissions" is a reference table`,
      );
      expect(await ask(url, `SELECT 1 FROM citus_tables WHERE citus_table_type <> 'reference'`)).toEqual([]);

      await ask(url, `SELECT undistribute_table('"public"."storage_loads"')`);
      await ask(url, `SELECT undistribute_table('"public"."submissions"')`);
      await migrateUp({ url }, { distributed: true });
      expect(await groupsOf(url)).toEqual({ '<none>': LEDGER, submission_id: DATA });
    }));
});

describe('forRoot({ distributed: true })', () => {
  it('distributes at the start, or does not start before', () =>
    withCitusDatabase(async ({ url }) => {
      await migrateUp({ url });
      await expect(startStorageAppAt(url, { distributed: true })).rejects.toMatchObject({
        code: 'SCHEMA_MISMATCH',
        remedy: "npx harbor-storage migrate up --distributed (or migrations: 'run' in the module)",
      });

      const app = await startStorageAppAt(url, { migrations: 'run', distributed: true });
      await app.close();
      expect(await groupsOf(url)).toEqual({ '<none>': LEDGER, submission_id: DATA });
      await (await startStorageAppAt(url, { distributed: true })).close();
    }));
});
