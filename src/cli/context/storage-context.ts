import type { DataSource } from 'typeorm';

import {
  EMBEDDED_IN_PRODUCTION,
  isEmbeddedDefault,
  type ResolvedDatabase,
  resolveDatabase,
} from '../../embedded/resolve-database.js';
import { storageEntities } from '../../entities/index.js';
import { HybridStoreService } from '../../hybrid/hybrid-store.service.js';
import { LoaderService } from '../../loader/loader.service.js';
import type { LoadLogger } from '../../loader/model/load-context.js';
import { StorageError } from '../../errors/index.js';
import { entitiesError } from '../../module/entities-error.js';
import { JoinedDataSource } from '../../module/joined-data-source.js';
import { openDataSource, prepareStorage } from '../../module/open-storage.js';
import {
  isPostgresUrl,
  type LoaderModuleOptions,
  type MigrationsMode,
  POSTGRES_URL_FORM,
  type ResolvedStorageOptions,
  resolveStorageOptions,
  toDataSourceOptions,
} from '../../module/storage-options.js';
import { connectionError } from '../../postgres/faults/connection-error.js';
import { onPrimary } from '../../postgres/data-source.js';
import { optionsOf } from '../../postgres/typeorm-adapter.js';
import { MigrationLogger } from '../../schema/migrations/migration-logger.js';
import type { ConnectionOptions } from '../../schema/migrations/storage-data-source.js';
import { migrateNew } from '../../schema/migrations/migrations.js';
import { rememberFile } from '../../schema/table/migrate-command.js';
import { LoadStats } from '../../stats/load-stats.js';
import { RecordWorkers } from '../../workers/record-workers.js';
import { nameFlags } from '../output/name-flags.js';
import { type GlobalOptions, printMessage, printWarning } from '../output/output.js';
import { UsageError } from '../usage-error.js';
import { importDataSource } from './data-source-file.js';

/** The services of the package on an open database, without a Nest application: its modules take longer than a small load. */
export interface Storage {
  readonly dataSource: DataSource;
  readonly settings: ResolvedStorageOptions;
  readonly logger: LoadLogger;
  readonly stats: LoadStats;
  readonly loader: LoaderService;
  readonly hybrid: HybridStoreService;
}

/**
 * Runs `work` on the given database, or on the embedded one.
 * @param work - receives the connection string
 * @throws UsageError when the given connection string is malformed, or the embedded database is not asked for in production
 */
export async function withDatabase<T>(
  options: GlobalOptions,
  work: (database: ResolvedDatabase) => Promise<T>,
): Promise<T> {
  const embedded = options.embedded === true;
  const given = givenUrl(options);
  if (given === undefined && !embedded && !isEmbeddedDefault()) {
    throw new UsageError(`${EMBEDDED_IN_PRODUCTION}, or add --embedded.`);
  }
  const database = await resolveDatabase(given, embedded);
  try {
    if (database.dataDir !== undefined) {
      printMessage(options, `Using the embedded Postgres in ${database.dataDir}`);
    }
    return await work(database);
  } finally {
    await database.stop();
  }
}

/** Runs `work` with the options of a connection, of the given database or of the application's DataSource. */
export async function withConnection<T>(
  options: GlobalOptions,
  work: (connection: ConnectionOptions) => Promise<T>,
): Promise<T> {
  return options.dataSource === undefined
    ? withDatabase(options, ({ url }) => work({ url }))
    : withImported(options.dataSource, (dataSource) => work(optionsOf(dataSource)));
}

/**
 * Runs `work` with the services of the package. A new embedded database gets its migrations first.
 * @param migrations - how to handle pending migrations; with `off`, a new database gets none either
 */
export async function withStorage<T>(
  options: GlobalOptions & Pick<LoaderModuleOptions, 'workers'>,
  work: (storage: Storage) => Promise<T>,
  migrations: MigrationsMode = 'check',
): Promise<T> {
  const loader = { workers: options.workers };
  if (options.dataSource !== undefined) {
    return withImported(options.dataSource, async (dataSource) => {
      const settings = resolveStorageOptions({ dataSource, migrations, loader }, dataSource);
      await openImported(dataSource);
      return withServices(dataSource, settings, options, work);
    });
  }
  return withDatabase(options, async ({ url, dataDir }) => {
    if (dataDir !== undefined && migrations !== 'off') {
      await migrateNew({ url });
    }
    const settings = resolveStorageOptions({ url, migrations, loader }, undefined);
    const dataSource = await openDataSource({ ...toDataSourceOptions(settings), entities: storageEntities });
    try {
      return await withServices(dataSource, settings, options, work);
    } finally {
      await dataSource.destroy();
    }
  });
}

/** Runs `work` with the DataSource of a file, and closes it even if the file has opened it. */
async function withImported<T>(file: string, work: (dataSource: DataSource) => Promise<T>): Promise<T> {
  const dataSource = await importDataSource(file);
  rememberFile(dataSource, file);
  try {
    return await work(dataSource);
  } catch (error) {
    throw withoutServer(dataSource, file, error) ?? error;
  } finally {
    if (dataSource.isInitialized) {
      await dataSource.destroy();
    }
  }
}

/** Explains a failed connection of a DataSource without a server, as after `url: process.env.DATABASE_URL` where that is empty. */
function withoutServer(dataSource: DataSource, file: string, error: unknown): StorageError | undefined {
  const { url, host, replication } = optionsOf(dataSource);
  const isNamed = [url, host, replication].some(Boolean);
  if (isNamed || !(error instanceof StorageError) || error.code !== 'CONNECTION_FAILED') {
    return undefined;
  }
  const empty = process.env['DATABASE_URL'] ? '' : ', and DATABASE_URL is not set';
  const message = `${error.message} The DataSource of ${file} has neither url nor host${empty}.`;
  return new StorageError('CONNECTION_FAILED', message, { cause: error.cause });
}

/** Opens it for this command only: it changes no schema, prints no statements with their values, and needs no replica. */
async function openImported(dataSource: DataSource): Promise<void> {
  try {
    const logger = new MigrationLogger(false);
    const onlyThis = { synchronize: false, migrationsRun: false, dropSchema: false, logger };
    dataSource.setOptions({ ...onlyThis, ...onPrimary(optionsOf(dataSource)) });
    await new JoinedDataSource(dataSource).open();
  } catch (error) {
    throw entitiesError(error) ?? connectionError(optionsOf(dataSource).url, error);
  }
}

/** As StorageModule provides them, and ends them. */
async function withServices<T>(
  dataSource: DataSource,
  settings: ResolvedStorageOptions,
  options: GlobalOptions,
  work: (storage: Storage) => Promise<T>,
): Promise<T> {
  // Errors are left to the failed command, which prints them once.
  const logger: LoadLogger = { warn: (message) => printWarning(options, nameFlags(message)), error: () => {} };
  await prepareStorage(dataSource, settings, logger);
  const threads = new RecordWorkers(settings.workers.count, settings.workers.entities);
  const stats = new LoadStats(dataSource, settings.limits);
  const loader = new LoaderService(dataSource, stats, settings, threads, logger);
  try {
    return await work({ dataSource, settings, logger, stats, loader, hybrid: new HybridStoreService(loader) });
  } finally {
    await loader.beforeApplicationShutdown();
    await threads.onApplicationShutdown();
  }
}

/** An empty --url, as from an unset shell variable, does not select the embedded database. */
function givenUrl({ url, embedded }: GlobalOptions): string | undefined {
  if (embedded === true) {
    return undefined;
  }
  const given = url ?? (process.env['DATABASE_URL'] || undefined);
  if (given !== undefined && !isPostgresUrl(given)) {
    // Not shown, because it may contain a password.
    throw new UsageError(`${url === undefined ? 'DATABASE_URL' : '--url'} must be ${POSTGRES_URL_FORM}`);
  }
  return given;
}
