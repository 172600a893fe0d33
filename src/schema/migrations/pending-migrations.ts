import type { ClientBase } from 'pg';
import type { DataSource } from 'typeorm';

import { type SchemaDifference, StorageError } from '../../errors/index.js';
import { defaultSchema } from '../../postgres/data-source.js';
import { quoteTable } from '../../postgres/identifiers.js';
import { migrateCommand } from '../table/migrate-command.js';
import { ALL_MIGRATIONS, ownMigrations } from './own-migrations.js';
import { MIGRATIONS_TABLE } from './storage-data-source.js';

/** DataSources whose module leaves the migrations of this package to others. */
const leftAlone = new WeakSet<DataSource>();

/** Remembers that nobody is to be told of pending migrations of this package, because others make its tables. */
export function leaveMigrationsAlone(dataSource: DataSource): void {
  leftAlone.add(dataSource);
}

/** Names of this package's migrations that are not applied. */
export async function findPendingMigrations(client: ClientBase, dataSource: DataSource): Promise<string[]> {
  const applied = await readAppliedMigrations(client, dataSource);
  return ownMigrations(dataSource)
    .map(({ name }) => name)
    .filter((name) => !applied.has(name));
}

/** Names of applied migrations of this package that are unknown to this version. */
export async function findUnknownMigrations(client: ClientBase, dataSource: DataSource): Promise<string[]> {
  const applied = await readNames(client, dataSource, MIGRATIONS_TABLE);
  const known = new Set([...ALL_MIGRATIONS.map(({ name }) => name), ...namesOf(dataSource)]);
  return applied.filter((name) => !known.has(name));
}

/**
 * Differences between applied migrations and those of this package and the DataSource. If the DataSource lists none, the
 * origin of unknown ones is not known.
 */
export async function compareMigrations(
  client: ClientBase,
  dataSource: DataSource,
): Promise<readonly SchemaDifference[]> {
  const table = migrationsTableOf(dataSource);
  const stored = await readNames(client, dataSource, MIGRATIONS_TABLE);
  const beside = table === MIGRATIONS_TABLE ? [] : await readNames(client, dataSource, table);
  const applied = new Set([...stored, ...beside]);
  const ours = leftAlone.has(dataSource) ? [] : ownMigrations(dataSource).map(({ name }) => name);
  const listed = namesOf(dataSource);
  const known = new Set([...ALL_MIGRATIONS.map(({ name }) => name), ...listed]);
  const others = listed.filter((name) => !ours.includes(name));
  const lacking = (names: readonly string[]): string[] => names.filter((name) => !applied.has(name));
  const ahead = (names: readonly string[]): string[] => names.filter((name) => !known.has(name));
  return [
    ...lacking(ours).map((name) => notApplied(MIGRATIONS_TABLE, name, migrateCommand(dataSource))),
    ...lacking(others).map((name) => notApplied(table, name, 'npx typeorm migration:run')),
    ...ahead(stored).map((name) =>
      notHere(MIGRATIONS_TABLE, name, 'install the version of harbor-storage that contains it'),
    ),
    ...ahead(listed.length === 0 ? [] : beside).map((name) =>
      notHere(table, name, 'deploy the version of the application that contains it'),
    ),
  ];
}

function notApplied(table: string, expected: string, fix: string): SchemaDifference {
  return { table, kind: 'migration', expected, actual: 'not applied', breaks: true, fix };
}

/** A newer version may use the same database; whether that breaks a load shows in the tables themselves. */
function notHere(table: string, expected: string, fix: string): SchemaDifference {
  return { table, kind: 'migration', expected, actual: 'applied, but unknown to this version', breaks: false, fix };
}

/**
 * Names of the applied migrations, of this package and of the DataSource. An application may record ours in this
 * package's own table or among its own migrations.
 */
export async function readAppliedMigrations(client: ClientBase, dataSource: DataSource): Promise<ReadonlySet<string>> {
  return new Set([
    ...(await readNames(client, dataSource, MIGRATIONS_TABLE)),
    ...(await readNames(client, dataSource, migrationsTableOf(dataSource))),
  ]);
}

/** Whether the application has run migrations of this package among its own, and so has to run the others, too. */
export async function isRecordedByApplication(client: ClientBase, dataSource: DataSource): Promise<boolean> {
  const table = migrationsTableOf(dataSource);
  const applied = table === MIGRATIONS_TABLE ? [] : await readNames(client, dataSource, table);
  return ALL_MIGRATIONS.some(({ name }) => applied.includes(name));
}

/** Names in a migrations table, oldest first; none if it does not exist. */
async function readNames(client: ClientBase, dataSource: DataSource, table: string): Promise<string[]> {
  const quoted = quoteTable(defaultSchema(dataSource), table);
  const found = await client.query<{ exists: boolean; policies: boolean | null }>(
    `SELECT to_regclass($1) IS NOT NULL AS exists, row_security_active(to_regclass($1)::oid) AS policies`,
    [quoted],
  );
  const [{ exists, policies } = { exists: false, policies: null }] = found.rows;
  if (!exists) {
    return [];
  }
  // As jsonb, because a table of that name may belong to another tool and have other columns.
  const { rows } = await client.query<{ name: string }>(
    `SELECT m.entry ->> 'name' AS name FROM (SELECT to_jsonb(t) AS entry FROM ${quoted} AS t) AS m
      WHERE m.entry ->> 'name' IS NOT NULL ORDER BY m.entry -> 'id'`,
  );
  if (rows.length === 0 && policies === true) {
    throw new StorageError(
      'MIGRATIONS_HIDDEN',
      `Row level security hides the rows of ${table} from this role, so the applied migrations are unknown. To fix: connect ` +
        'as the owner of the tables or as a role with BYPASSRLS, or write policies for this role.',
    );
  }
  return rows.map(({ name }) => name);
}

/** Names of the migrations in a DataSource. */
function namesOf({ migrations }: DataSource): string[] {
  return migrations.map(({ name, constructor }) => name ?? constructor.name);
}

function migrationsTableOf({ options }: DataSource): string {
  return options.migrationsTableName ?? 'migrations';
}
