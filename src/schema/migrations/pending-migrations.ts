import type { ClientBase } from 'pg';
import type { DataSource } from 'typeorm';

import { storageMigrations } from '../../../migrations/index.js';
import type { SchemaDifference } from '../../errors/index.js';
import { defaultSchema } from '../../postgres/data-source.js';
import { quoteTable } from '../../postgres/identifiers.js';
import { MIGRATE_COMMAND } from '../compare/compare-table.js';
import { MIGRATIONS_TABLE } from './storage-data-source.js';

/** Names of the migrations of this package that the database lacks. */
export async function findPendingMigrations(client: ClientBase, dataSource: DataSource): Promise<string[]> {
  const applied = await readAppliedMigrations(client, dataSource);
  return storageMigrations.map(({ name }) => name).filter((name) => !applied.has(name));
}

/** Names of the migrations in this package's own table that this version does not have: another version applied them. */
export async function findUnknownMigrations(client: ClientBase, dataSource: DataSource): Promise<string[]> {
  const applied = await readNames(client, dataSource, MIGRATIONS_TABLE);
  const known = new Set([...storageMigrations.map(({ name }) => name), ...namesOf(dataSource)]);
  return applied.filter((name) => !known.has(name));
}

/**
 * Where the migrations, this package's and those the DataSource lists, are not those the database has. Whose the others
 * are of a DataSource that lists none is not known.
 */
export async function compareMigrations(
  client: ClientBase,
  dataSource: DataSource,
): Promise<readonly SchemaDifference[]> {
  const table = migrationsTableOf(dataSource);
  const stored = await readNames(client, dataSource, MIGRATIONS_TABLE);
  const beside = table === MIGRATIONS_TABLE ? [] : await readNames(client, dataSource, table);
  const applied = new Set([...stored, ...beside]);
  const ours = storageMigrations.map(({ name }) => name);
  const listed = namesOf(dataSource);
  const known = new Set([...ours, ...listed]);
  const others = listed.filter((name) => !ours.includes(name));
  const lacking = (names: readonly string[]): string[] => names.filter((name) => !applied.has(name));
  const ahead = (names: readonly string[]): string[] => names.filter((name) => !known.has(name));
  return [
    ...lacking(ours).map((name) => notApplied(MIGRATIONS_TABLE, name, MIGRATE_COMMAND)),
    ...lacking(others).map((name) => notApplied(table, name, 'npx typeorm migration:run')),
    ...ahead(stored).map((name) =>
      notHere(MIGRATIONS_TABLE, name, 'install the version of harbor-storage that has it'),
    ),
    ...ahead(listed.length === 0 ? [] : beside).map((name) =>
      notHere(table, name, 'deploy the version of the application that has it'),
    ),
  ];
}

function notApplied(table: string, expected: string, fix: string): SchemaDifference {
  return { table, kind: 'migration', expected, actual: 'not applied', breaks: true, fix };
}

/** A newer version may well be at work on the same database; what of it breaks a load, the tables themselves tell. */
function notHere(table: string, expected: string, fix: string): SchemaDifference {
  return { table, kind: 'migration', expected, actual: 'applied, but not in this version', breaks: false, fix };
}

/**
 * Names of the migrations the database has, this package's and those of the DataSource. An application may keep the
 * former in this package's own table or among its own migrations.
 */
export async function readAppliedMigrations(client: ClientBase, dataSource: DataSource): Promise<ReadonlySet<string>> {
  return new Set([
    ...(await readNames(client, dataSource, MIGRATIONS_TABLE)),
    ...(await readNames(client, dataSource, migrationsTableOf(dataSource))),
  ]);
}

/** What a table of applied migrations names, oldest first; nothing where there is no such table. */
async function readNames(client: ClientBase, dataSource: DataSource, table: string): Promise<string[]> {
  const quoted = quoteTable(defaultSchema(dataSource), table);
  const found = await client.query<{ exists: boolean }>('SELECT to_regclass($1) IS NOT NULL AS exists', [quoted]);
  if (found.rows[0]?.exists !== true) {
    return [];
  }
  // By way of jsonb: a table of that name may be another tool's, with other columns.
  const { rows } = await client.query<{ name: string }>(
    `SELECT m.entry ->> 'name' AS name FROM (SELECT to_jsonb(t) AS entry FROM ${quoted} AS t) AS m
      WHERE m.entry ->> 'name' IS NOT NULL ORDER BY m.entry -> 'id'`,
  );
  return rows.map(({ name }) => name);
}

/** Names of the migrations a DataSource lists. */
function namesOf({ migrations }: DataSource): string[] {
  return migrations.map(({ name, constructor }) => name ?? constructor.name);
}

function migrationsTableOf({ options }: DataSource): string {
  return options.migrationsTableName ?? 'migrations';
}
