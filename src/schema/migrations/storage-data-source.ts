import pg from 'pg';
import { DataSource, type Migration, MigrationExecutor, type QueryRunner } from 'typeorm';

import { enrichmentMigrations, storageMigrations } from '../../../migrations/index.js';
import { enrichmentEntities } from '../../entities/enrichment/index.js';
import { storageEntities } from '../../entities/index.js';
import { StorageError } from '../../errors/index.js';
import { connectionError } from '../../postgres/faults/connection-error.js';
import { defaultSchema, onPrimary } from '../../postgres/data-source.js';
import { quoteTable } from '../../postgres/identifiers.js';
import { optionsOf, type PostgresDataSourceOptions } from '../../postgres/typeorm-adapter.js';
import { withMigrationLock } from './migration-lock.js';

/** Table of this package's applied migrations, separate from those of the application. */
export const MIGRATIONS_TABLE = 'storage_migrations';

/** What to do about tables that no migration of this package has created. */
const TABLES_EXIST_REMEDY =
  "If TypeORM created them, set synchronize: false in the DataSource and drop them, or set migrations: 'off' in the " +
  'module. If an application runs these migrations among its own, run them there.';

type MigrationOptions = NonNullable<Parameters<DataSource['runMigrations']>[0]>;

/** Connection options: those of a DataSource, or some of them. */
export type ConnectionOptions = Partial<Omit<PostgresDataSourceOptions, 'type'>>;

/**
 * The DataSource of the migration commands, which take a lock: concurrent runs of TypeORM's own commands fail in pg_type.
 * All pending migrations run in one transaction, whatever transaction mode a command asks for; each in its own where one
 * of them has opted out of transactions, which takes a second connection.
 * It uses only the connection options of the application's DataSource.
 */
export class StorageDataSource extends DataSource {
  /** @param withEnrichment - it also has the tables of EnrichmentModule */
  constructor(connection: ConnectionOptions, withEnrichment = false) {
    super({
      connectTimeoutMS: 10_000,
      driver: pg,
      ...connection,
      ...onPrimary(connection),
      applicationName: 'harbor-storage migrations',
      type: 'postgres',
      entities: withEnrichment ? [...storageEntities, ...enrichmentEntities] : storageEntities,
      migrations: withEnrichment ? [...storageMigrations, ...enrichmentMigrations] : storageMigrations,
      migrationsTableName: MIGRATIONS_TABLE,
      subscribers: [],
      synchronize: false,
      dropSchema: false,
      migrationsRun: false,
      logging: false,
      cache: false,
      installExtensions: false,
      extra: {
        ...(connection.extra as object | undefined),
        max: 2,
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

  /** Runs all pending migrations in the transaction of the lock. */
  override async runMigrations(options: MigrationOptions = {}): Promise<Migration[]> {
    return withMigrationLock(this, (queryRunner) => this.runPending(queryRunner, options));
  }

  /**
   * Applies all migrations to a new database. Any other is left as it is, so that reverted migrations stay reverted. The
   * check is made under the lock: a table created by a concurrent run contains all migrations it applied.
   */
  async runFirstMigrations(): Promise<Migration[]> {
    return withMigrationLock(this, async (queryRunner) => {
      const [table] = await this.findExisting(queryRunner, [MIGRATIONS_TABLE]);
      return table === undefined ? this.runPending(queryRunner, {}) : [];
    });
  }

  override async undoLastMigration(options: MigrationOptions = {}): Promise<void> {
    return withMigrationLock(this, (queryRunner) =>
      this.areSeparate
        ? super.undoLastMigration({ ...options, transaction: 'each' })
        : this.executor(queryRunner, options).undoLastMigration(),
    );
  }

  /** A migration has opted out of transactions, for example to create an index CONCURRENTLY. */
  private get areSeparate(): boolean {
    return this.migrations.some(({ transaction }) => transaction === false);
  }

  private async runPending(queryRunner: QueryRunner, options: MigrationOptions): Promise<Migration[]> {
    if (this.areSeparate) {
      // Nothing may be created in the transaction of the lock, which this run would wait for.
      const [table] = await this.findExisting(queryRunner, [MIGRATIONS_TABLE]);
      if (table === undefined) {
        await this.rejectExistingTables(queryRunner);
      }
      return super.runMigrations({ ...options, transaction: 'each' });
    }
    const executor = this.executor(queryRunner, options);
    if (!executor.fake && (await executor.getExecutedMigrations()).length === 0) {
      await this.rejectExistingTables(queryRunner);
    }
    return executor.executePendingMigrations();
  }

  private executor(queryRunner: QueryRunner, { fake = false }: MigrationOptions): MigrationExecutor {
    return Object.assign(new MigrationExecutor(this, queryRunner), { fake });
  }

  /** Without a recorded migration, tables of these names are somebody else's. */
  private async rejectExistingTables(queryRunner: QueryRunner): Promise<void> {
    const tables = await this.findExisting(
      queryRunner,
      this.entityMetadatas.map(({ tableName }) => tableName),
    );
    if (tables.length > 0) {
      throw new StorageError(
        'TABLES_EXIST',
        `The migrations of harbor-storage cannot create ${tables.join(', ')}: the database has tables of these names, ` +
          `and ${MIGRATIONS_TABLE} lists no migration. ${TABLES_EXIST_REMEDY}`,
      );
    }
  }

  private async findExisting(queryRunner: QueryRunner, names: readonly string[]): Promise<string[]> {
    const quoted = names.map((name) => quoteTable(defaultSchema(this), name));
    const found: { name: string }[] = await queryRunner.query(
      `SELECT name FROM unnest($1::text[], $2::text[]) AS t (name, quoted) WHERE to_regclass(quoted) IS NOT NULL`,
      [names, quoted],
    );
    return found.map(({ name }) => name);
  }
}
