import type { DataSource } from 'typeorm';

import { storageMigrations } from '../../../migrations/index.js';
import { withClient } from '../../postgres/with-transaction.js';
import { MigrationLogger } from './migration-logger.js';
import { findPendingMigrations, findUnknownMigrations } from './pending-migrations.js';
import { type ConnectionOptions, StorageDataSource } from './storage-data-source.js';

/** One migration of this package, and whether the database has it. */
export interface MigrationStatus {
  readonly name: string;
  readonly applied: boolean;
  /** False of one that another version of this package applied. */
  readonly inThisVersion: boolean;
}

/** Applies all of them to a database that was never given one, and nothing to any other. */
export async function migrateNew(connection: ConnectionOptions): Promise<void> {
  await withMigrations(connection, (dataSource) => dataSource.runFirstMigrations());
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

/** Tells which migrations a database has, also those this version does not have. */
export async function readMigrationStatus(connection: ConnectionOptions): Promise<MigrationStatus[]> {
  return withMigrations(connection, async (dataSource) => {
    const unknown = await withClient(dataSource, (client) => findUnknownMigrations(client, dataSource));
    return [
      ...(await migrationStatus(dataSource)),
      ...unknown.map((name) => ({ name, applied: true, inThisVersion: false })),
    ];
  });
}

/** Tells which migrations of this version the database of a DataSource has; reads only. */
export async function migrationStatus(dataSource: DataSource): Promise<MigrationStatus[]> {
  const pending = await withClient(dataSource, (client) => findPendingMigrations(client, dataSource));
  return storageMigrations.map(({ name }) => ({ name, applied: !pending.includes(name), inThisVersion: true }));
}

async function withMigrations<T>(
  connection: ConnectionOptions,
  work: (dataSource: StorageDataSource) => Promise<T>,
): Promise<T> {
  const dataSource = new StorageDataSource({ logger: new MigrationLogger(false), ...connection });
  await dataSource.initialize();
  try {
    return await work(dataSource);
  } finally {
    await dataSource.destroy();
  }
}
