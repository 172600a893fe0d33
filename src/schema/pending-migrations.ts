import type { ClientBase } from 'pg';
import type { DataSource } from 'typeorm';

import { storageMigrations } from '../../migrations/index.js';
import type { SchemaDifference } from '../errors/index.js';
import { defaultSchema } from '../postgres/data-source.js';
import { quoteTable } from '../postgres/identifiers.js';
import { MIGRATE_COMMAND } from './compare-table.js';
import { MIGRATIONS_TABLE } from './storage-data-source.js';

/** Names of the migrations of this package that the database lacks. */
export async function findPendingMigrations(client: ClientBase, dataSource: DataSource): Promise<string[]> {
  const applied = await readAppliedMigrations(client, dataSource);
  return storageMigrations.map(({ name }) => name).filter((name) => !applied.has(name));
}

/** The migrations the database lacks, this package's and those the DataSource lists. */
export async function comparePendingMigrations(
  client: ClientBase,
  dataSource: DataSource,
): Promise<readonly SchemaDifference[]> {
  const applied = await readAppliedMigrations(client, dataSource);
  const ours = storageMigrations.map(({ name }) => name);
  const others = dataSource.migrations.map(({ name, constructor }) => name ?? constructor.name);
  const pending = (table: string, names: readonly string[], mend: string): SchemaDifference[] =>
    names
      .filter((name) => !applied.has(name))
      .map((name) => ({ table, kind: 'migration', expected: name, actual: 'not applied', breaks: true, mend }));
  return [
    ...pending(MIGRATIONS_TABLE, ours, MIGRATE_COMMAND),
    ...pending(
      migrationsTableOf(dataSource),
      others.filter((name) => !ours.includes(name)),
      'npx typeorm migration:run',
    ),
  ];
}

/**
 * Names of the migrations the database has, this package's and those of the DataSource. An application may keep the
 * former in this package's own table or among its own migrations.
 */
export async function readAppliedMigrations(client: ClientBase, dataSource: DataSource): Promise<ReadonlySet<string>> {
  const applied = new Set<string>();
  for (const table of new Set([MIGRATIONS_TABLE, migrationsTableOf(dataSource)])) {
    const quoted = quoteTable(defaultSchema(dataSource), table);
    const found = await client.query<{ exists: boolean }>('SELECT to_regclass($1) IS NOT NULL AS exists', [quoted]);
    if (found.rows[0]?.exists === true) {
      const { rows } = await client.query<{ name: string }>(`SELECT name FROM ${quoted}`);
      rows.forEach(({ name }) => applied.add(name));
    }
  }
  return applied;
}

function migrationsTableOf({ options }: DataSource): string {
  return options.migrationsTableName ?? 'migrations';
}
