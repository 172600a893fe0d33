import type { DataSource } from 'typeorm';

import { storageMigrations } from '../../../migrations/index.js';
import { StorageError } from '../../errors/index.js';
import { schemaOfConnection } from '../../postgres/typeorm-adapter.js';
import { withClient } from '../../postgres/with-client.js';
import { distributeNewTables, distributeTables, findTablesOnCitus, requireCitus } from './distribute-tables.js';
import { MigrationLogger } from './migration-logger.js';
import { ownMigrations } from './own-migrations.js';
import { findPendingMigrations, findUnknownMigrations } from './pending-migrations.js';
import { type ConnectionOptions, StorageDataSource } from './storage-data-source.js';

/** A migration of this package, and whether it is applied. */
export interface MigrationStatus {
  readonly name: string;
  readonly applied: boolean;
  /** False if only another version of this package knows it. */
  readonly inThisVersion: boolean;
}

/** Applies all migrations to a new database; does nothing to any other. */
export async function migrateNew(connection: ConnectionOptions): Promise<void> {
  await withMigrations(connection, false, (dataSource) => dataSource.runFirstMigrations());
}

/** What a run makes beside the tables that every database has. */
interface MigrateUpOptions {
  /** Also those of EnrichmentModule. */
  readonly enrichment?: boolean;
  /** The tables are distributed over the workers of Citus. Where they are already, new ones always follow them. */
  readonly distributed?: boolean;
}

/**
 * Applies pending migrations, one run at a time, and returns their names.
 * @throws StorageError `CITUS_MISSING` before anything is done, or `DISTRIBUTED_OTHERWISE` after the migrations
 */
export async function migrateUp(
  connection: ConnectionOptions,
  { enrichment = false, distributed = false }: MigrateUpOptions = {},
): Promise<string[]> {
  const { applied, former } = await withMigrations(connection, enrichment, async (dataSource) => {
    if (distributed) {
      await requireCitus(dataSource);
    }
    const tables = await findTablesOnCitus(dataSource);
    // TypeORM would take hidden rows for migrations that are not applied.
    await migrationStatus(dataSource);
    const migrations = await dataSource.runMigrations();
    return { applied: migrations.map(({ name }) => name), former: tables };
  });
  if (distributed) {
    await distributeAll(connection);
  } else if (former !== undefined) {
    await withMigrations(connection, true, (dataSource) => distributeNewTables(dataSource, former));
  }
  return applied;
}

/** Distributes the tables of this package; see {@link distributeTables}. */
export async function distributeAll(connection: ConnectionOptions): Promise<void> {
  await withMigrations(connection, true, distributeTables);
}

/** Reverts the migration that was applied last and returns its name, or undefined if none was applied. */
export async function migrateDown(connection: ConnectionOptions): Promise<string | undefined> {
  return withMigrations(connection, true, async (dataSource) => {
    const before = await appliedNames(dataSource);
    if (before.length === 0) {
      return undefined;
    }
    await dataSource.undoLastMigration();
    // Not the last by name: the enrichment tables may come after migrations of a later time.
    const after = await appliedNames(dataSource);
    return before.find((name) => !after.includes(name));
  });
}

/** The migrations of a database, including those unknown to this version; of EnrichmentModule only if they are applied. */
export async function readMigrationStatus(connection: ConnectionOptions): Promise<MigrationStatus[]> {
  return withMigrations(connection, true, async (dataSource) => {
    const unknown = await withClient(dataSource, (client) => findUnknownMigrations(client, dataSource));
    return [
      ...(await migrationStatus(dataSource)).filter(({ name, applied }) => applied || isOfAll(name)),
      ...unknown.map((name) => ({ name, applied: true, inThisVersion: false })),
    ];
  });
}

/** Which migrations of this version are applied to the database of a DataSource; read-only. */
export async function migrationStatus(dataSource: DataSource): Promise<MigrationStatus[]> {
  const pending = await withClient(dataSource, (client) => findPendingMigrations(client, dataSource));
  return ownMigrations(dataSource).map(({ name }) => ({ name, applied: !pending.includes(name), inThisVersion: true }));
}

async function appliedNames(dataSource: DataSource): Promise<string[]> {
  return (await migrationStatus(dataSource)).filter(({ applied }) => applied).map(({ name }) => name);
}

/** Whether every database needs a migration. */
function isOfAll(name: string): boolean {
  return storageMigrations.some((migration) => migration.name === name);
}

async function withMigrations<T>(
  connection: ConnectionOptions,
  withEnrichment: boolean,
  work: (dataSource: StorageDataSource) => Promise<T>,
): Promise<T> {
  const dataSource = new StorageDataSource({ logger: new MigrationLogger(false), ...connection }, withEnrichment);
  await dataSource.initialize();
  try {
    checkSearchPath(dataSource);
    return await work(dataSource);
  } finally {
    await dataSource.destroy();
  }
}

/** Migrations create their tables in the schema that the search_path names first. */
function checkSearchPath(dataSource: DataSource): void {
  if (schemaOfConnection(dataSource) === undefined) {
    throw new StorageError(
      'SCHEMA_NOT_FOUND',
      'The search_path of the connection names no schema that exists and that the role may use, so there is none to ' +
        'create the tables in. To fix: create the schema, grant USAGE on it, or ALTER ROLE (role) SET search_path = public',
    );
  }
}
