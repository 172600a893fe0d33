import type { DataSource, MigrationInterface } from 'typeorm';

import { enrichmentMigrations, storageMigrations } from '../../../migrations/index.js';
import { hasEnrichment } from '../table/has-enrichment.js';

type Migrations = readonly (new () => MigrationInterface)[];

/** All migrations of this package. */
export const ALL_MIGRATIONS: Migrations = [...storageMigrations, ...enrichmentMigrations].toSorted(
  (a, b) => timestampOf(a) - timestampOf(b),
);

/** Those of them that a DataSource needs, oldest first. */
export function ownMigrations(dataSource: DataSource): Migrations {
  return hasEnrichment(dataSource) ? ALL_MIGRATIONS : storageMigrations;
}

/** TypeORM has it at the end of the name. */
function timestampOf({ name }: Migrations[number]): number {
  return Number(name.slice(-13));
}
