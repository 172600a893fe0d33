import type { INestApplicationContext, LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { getDataSourceToken } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';

import {
  EMBEDDED_IN_PRODUCTION,
  isEmbeddedDefault,
  type ResolvedDatabase,
  resolveDatabase,
} from '../../embedded/resolve-database.js';
import { migrateNew } from '../../schema/migrations/migrations.js';
import {
  isPostgresUrl,
  type LoaderModuleOptions,
  type MigrationsMode,
  POSTGRES_URL_FORM,
} from '../../module/storage-options.js';
import { getStorageDataSourceName } from '../../module/storage-tokens.js';
import { StorageModule } from '../../module/storage.module.js';
import { type GlobalOptions, printMessage, printWarning } from '../output/output.js';
import { UsageError } from '../usage-error.js';

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

/**
 * Runs `work` with the services of the package. A new embedded database gets its migrations first.
 * @param migrations - how to handle pending migrations; with `off`, a new database gets none either
 */
export async function withStorage<T>(
  options: GlobalOptions & Pick<LoaderModuleOptions, 'workers'>,
  work: (app: INestApplicationContext) => Promise<T>,
  migrations: MigrationsMode = 'check',
): Promise<T> {
  return withDatabase(options, async ({ url, dataDir }) => {
    if (dataDir !== undefined && migrations !== 'off') {
      await migrateNew({ url });
    }
    const app = await NestFactory.createApplicationContext(
      StorageModule.forRoot({ url, migrations, loader: { workers: options.workers } }),
      {
        logger: new StderrLogger(options),
        abortOnError: false,
      },
    );
    try {
      return await work(app);
    } finally {
      await app.close();
    }
  });
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

/** The connections of the services. */
export function dataSourceOf(app: INestApplicationContext): DataSource {
  return app.get<DataSource>(getDataSourceToken(getStorageDataSourceName()));
}

/** Keeps stdout for results, and leaves errors to the failed command, which prints them once. */
class StderrLogger implements LoggerService {
  constructor(private readonly options: GlobalOptions) {}

  log(): void {}

  error(): void {}

  warn(message: unknown): void {
    printWarning(this.options, String(message));
  }
}
