import type { DataSource } from 'typeorm';

import { StorageError } from '../errors/index.js';
import { optionsOf } from '../postgres/typeorm-adapter.js';
import type { MigrationsMode } from './storage-options.js';

/**
 * Rejects a DataSource of the application whose own settings create or drop the tables that our migrations own.
 * @throws StorageError `INVALID_OPTIONS`
 */
export function rejectTwoSchemaOwners(dataSource: DataSource, migrations: MigrationsMode): void {
  const { synchronize, dropSchema } = optionsOf(dataSource);
  if (migrations === 'run' && synchronize === true) {
    throw new StorageError(
      'INVALID_OPTIONS',
      "Invalid options of StorageModule: migrations: 'run' and synchronize: true of the application's DataSource exclude " +
        'each other, because both create the tables of harbor-storage. Set synchronize: false and drop the tables that it ' +
        "has created, or set migrations: 'off'",
    );
  }
  if (migrations === 'check' && dropSchema === true) {
    throw new StorageError(
      'INVALID_OPTIONS',
      "Invalid options of StorageModule: dropSchema: true of the application's DataSource drops the tables of " +
        "harbor-storage at each start, and migrations: 'check' does not create them. Set dropSchema: false, or set " +
        "migrations: 'run'",
    );
  }
}
