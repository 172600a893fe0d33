import 'reflect-metadata';

import { AdvancedConsoleLogger } from 'typeorm';

import { resolveDatabase } from './src/embedded/resolve-database.js';
import { StorageDataSource } from './src/schema/migrations/storage-data-source.js';

const database = await resolveDatabase(process.env['DATABASE_URL']);

/** What the TypeORM command line works on: DATABASE_URL, or the embedded Postgres. */
export const dataSource = new StorageDataSource({
  url: database.url,
  // TypeORM's commands ask for every query to be logged; a logger of one's own keeps to what it was told.
  logger: new AdvancedConsoleLogger(['error', 'schema']),
});
