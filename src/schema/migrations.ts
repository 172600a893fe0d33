import type { DataSource } from 'typeorm';

import { storageMigrations } from '../../migrations/index.js';
import { defaultSchema } from '../postgres/data-source.js';
import { quoteTable } from '../postgres/identifiers.js';
import { type ConnectionOptions, MIGRATIONS_TABLE, StorageDataSource } from './storage-data-source.js';

/** One migration of this package, and whether the database has it. */
export interface MigrationStatus {
  readonly name: string;
  readonly applied: boolean;
}

/** Applies what is pending, one run at a time whoever else tries; returns the names of what it applied. */
export async function migrateUp(connection: ConnectionOptions): Promise<string[]> {
  return withMigrations(connection, async (dataSource) => {
    const applied = await dataSource.runMigrations();
    return applied.map(({ name }) => name);
  });
}

/** Reverts the last applied migration; returns its name, undefined when none was applied. */
export async function migrateDown(connection: ConnectionOptions): Promise<string | undefined> {
  return withMigrations(connection, async (dataSource) => {
    const last = (await migrationStatus(dataSource)).findLast(({ applied }) => applied)?.name;
    if (last !== undefined) {
      await dataSource.undoLastMigration();
    }
    return last;
  });
}

/** Tells which migrations a database has. */
export async function readMigrationStatus(connection: ConnectionOptions): Promise<MigrationStatus[]> {
  return withMigrations(connection, migrationStatus);
}

/**
 * Tells which migrations the database of a DataSource has; reads only. An application may keep them in this package's
 * own table or list them among its own migrations.
 */
export async function migrationStatus(dataSource: DataSource): Promise<MigrationStatus[]> {
  const tables = new Set([MIGRATIONS_TABLE, dataSource.options.migrationsTableName ?? 'migrations']);
  const applied = new Set<string>();
  for (const table of tables) {
    const quoted = quoteTable(defaultSchema(dataSource), table);
    const [found] = await dataSource.query<{ exists: boolean }[]>('SELECT to_regclass($1) IS NOT NULL AS exists', [
      quoted,
    ]);
    if (found?.exists === true) {
      const rows = await dataSource.query<{ name: string }[]>(`SELECT name FROM ${quoted}`);
      rows.forEach(({ name }) => applied.add(name));
    }
  }
  return storageMigrations.map(({ name }) => ({ name, applied: applied.has(name) }));
}

async function withMigrations<T>(
  connection: ConnectionOptions,
  work: (dataSource: StorageDataSource) => Promise<T>,
): Promise<T> {
  const dataSource = new StorageDataSource(connection);
  await dataSource.initialize();
  try {
    return await work(dataSource);
  } finally {
    await dataSource.destroy();
  }
}
