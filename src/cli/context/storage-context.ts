import type { INestApplicationContext, LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { getDataSourceToken } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';

import { type ResolvedDatabase, resolveDatabase } from '../../embedded/resolve-database.js';
import { migrateNew } from '../../schema/migrations/migrations.js';
import { isPostgresUrl, type MigrationsMode, POSTGRES_URL_FORM } from '../../module/storage-options.js';
import { getStorageDataSourceName } from '../../module/storage-tokens.js';
import { StorageModule } from '../../module/storage.module.js';
import { type GlobalOptions, printMessage, printWarning } from '../output/output.js';
import { UsageError } from '../usage-error.js';

/**
 * Runs `work` on the database of a command: the one that was given, or the embedded one.
 * @param work - gets the connection string
 * @throws UsageError when what was given is no connection string
 */
export async function withDatabase<T>(
  options: GlobalOptions,
  work: (database: ResolvedDatabase) => Promise<T>,
): Promise<T> {
  const database = await resolveDatabase(givenUrl(options));
  try {
    if (database.dataDir !== undefined) {
      printMessage(options, `Using the embedded Postgres; its data lies in ${database.dataDir}`);
    }
    return await work(database);
  } finally {
    await database.stop();
  }
}

/**
 * Runs `work` with the services of the package. An embedded database that is new gets its migrations first.
 * @param migrations - what to do about those that are pending; with `off`, a new database gets none either
 */
export async function withStorage<T>(
  options: GlobalOptions,
  work: (app: INestApplicationContext) => Promise<T>,
  migrations: MigrationsMode = 'check',
): Promise<T> {
  return withDatabase(options, async ({ url, dataDir }) => {
    if (dataDir !== undefined && migrations !== 'off') {
      await migrateNew({ url });
    }
    const app = await NestFactory.createApplicationContext(StorageModule.forRoot({ url, migrations }), {
      logger: new StderrLogger(options),
      abortOnError: false,
    });
    try {
      return await work(app);
    } finally {
      await app.close();
    }
  });
}

/** An empty --url, as of a shell variable that is not set, does not mean the embedded database. */
function givenUrl({ url }: GlobalOptions): string | undefined {
  const given = url ?? (process.env['DATABASE_URL'] || undefined);
  if (given !== undefined && !isPostgresUrl(given)) {
    // It may hold a password, so it is not shown.
    throw new UsageError(`${url === undefined ? 'DATABASE_URL' : '--url'} must be ${POSTGRES_URL_FORM}`);
  }
  return given;
}

/** The connections of the services. */
export function dataSourceOf(app: INestApplicationContext): DataSource {
  return app.get<DataSource>(getDataSourceToken(getStorageDataSourceName()));
}

/** Keeps stdout for results. Errors reach the user once, through the command that failed. */
class StderrLogger implements LoggerService {
  constructor(private readonly options: GlobalOptions) {}

  log(): void {}

  error(): void {}

  warn(message: unknown): void {
    printWarning(this.options, String(message));
  }
}
