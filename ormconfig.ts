import 'reflect-metadata';

import { AdvancedConsoleLogger } from 'typeorm';

import { resolveDatabase } from './src/embedded/resolve-database.js';
import { StorageDataSource } from './src/schema/migrations/storage-data-source.js';

const database = await resolveDatabase(process.env['DATABASE_URL']);

/** DataSource of the TypeORM command line: DATABASE_URL, or the embedded Postgres. */
export const dataSource = new StorageDataSource({
  url: database.url,
  // TypeORM's commands enable logging of every query; a custom logger ignores that.
  logger: new AdvancedConsoleLogger(['error', 'schema']),
});
