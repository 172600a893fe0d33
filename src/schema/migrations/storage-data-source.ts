import pg from 'pg';
import { DataSource, type Migration } from 'typeorm';

import { storageMigrations } from '../../../migrations/index.js';
import { storageEntities } from '../../entities/index.js';
import { connectionError } from '../../postgres/connection-error.js';
import { defaultSchema } from '../../postgres/data-source.js';
import { quoteTable } from '../../postgres/identifiers.js';
import { optionsOf, type PostgresDataSourceOptions } from '../../postgres/typeorm-adapter.js';
import { withMigrationLock } from './migration-lock.js';

/** Table of this package's applied migrations, separate from those of the application. */
export const MIGRATIONS_TABLE = 'storage_migrations';

/** Connections of a migration run: one holds the lock, one runs the migrations. */
const MIGRATION_POOL_SIZE = 2;

/** Connection options: those of a DataSource, or some of them. */
export type ConnectionOptions = Partial<Omit<PostgresDataSourceOptions, 'type'>>;

/**
 * The DataSource of the migration commands, which take a lock: concurrent runs of TypeORM's own commands fail in pg_type.
 * It uses only the connection options of the application's DataSource.
 */
export class StorageDataSource extends DataSource {
  constructor(connection: ConnectionOptions) {
    super({
      connectTimeoutMS: 10_000,
      driver: pg,
      ...connection,
      applicationName: 'harbor-storage migrations',
      type: 'postgres',
      entities: storageEntities,
      migrations: storageMigrations,
      migrationsTableName: MIGRATIONS_TABLE,
      // One transaction per migration: CREATE INDEX CONCURRENTLY can opt out of its own.
      migrationsTransactionMode: 'each',
      subscribers: [],
      synchronize: false,
      dropSchema: false,
      migrationsRun: false,
      logging: false,
      cache: false,
      installExtensions: false,
      extra: {
        ...(connection.extra as object | undefined),
        max: MIGRATION_POOL_SIZE,
        // Waiting for the lock, or for an index on a large table, may exceed the statement timeout of loads.
        query_timeout: undefined,
      },
    });
  }

  /** @throws StorageError `CONNECTION_FAILED` saying where and why, without user and password */
  override async initialize(): Promise<this> {
    try {
      return await super.initialize();
    } catch (error) {
      throw connectionError(optionsOf(this).url, error);
    }
  }

  override async runMigrations(options?: Parameters<DataSource['runMigrations']>[0]): Promise<Migration[]> {
    return withMigrationLock(this, () => super.runMigrations(options));
  }

  /**
   * Applies all migrations to a new database. Any other is left as it is, so that reverted migrations stay reverted. The
   * check is made under the lock: a table created by a concurrent run contains all migrations it applied.
   */
  async runFirstMigrations(): Promise<Migration[]> {
    return withMigrationLock(this, async () => {
      const table = quoteTable(defaultSchema(this), MIGRATIONS_TABLE);
      const [found] = await this.query<{ isNew: boolean }[]>('SELECT to_regclass($1) IS NULL AS "isNew"', [table]);
      return found?.isNew === true ? super.runMigrations() : [];
    });
  }

  override async undoLastMigration(options?: Parameters<DataSource['undoLastMigration']>[0]): Promise<void> {
    return withMigrationLock(this, () => super.undoLastMigration(options));
  }
}
