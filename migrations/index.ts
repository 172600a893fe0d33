import type { MigrationInterface } from 'typeorm';

import { CreateStorageTables1764000000000 } from './1764000000000-create-storage-tables.js';
import { AddLoadAttempts1764100000000 } from './1764100000000-add-load-attempts.js';
import { KeepHowRecordsWereLoaded1764200000000 } from './1764200000000-keep-how-records-were-loaded.js';
import { AddUnknownFields1764300000000 } from './1764300000000-add-unknown-fields.js';
import { IndexLoadIdsByBrin1764500000000 } from './1764500000000-index-load-ids-by-brin.js';
import { AddHistoryPeriod1764600000000 } from './1764600000000-add-history-period.js';
import { AddDeletedCount1764650000000 } from './1764650000000-add-deleted-count.js';
import { AddIndexesOfOperators1764800000000 } from './1764800000000-add-indexes-of-operators.js';
import { AddLoadShards1764900000000 } from './1764900000000-add-load-shards.js';
import { CreateEnrichmentTables1764700000000 } from './enrichment/1764700000000-create-enrichment-tables.js';

/** Migrations of this package, oldest first, for the `migrations` of your own DataSource. */
export const storageMigrations: (new () => MigrationInterface)[] = [
  CreateStorageTables1764000000000,
  AddLoadAttempts1764100000000,
  KeepHowRecordsWereLoaded1764200000000,
  AddUnknownFields1764300000000,
  IndexLoadIdsByBrin1764500000000,
  AddHistoryPeriod1764600000000,
  AddDeletedCount1764650000000,
  AddIndexesOfOperators1764800000000,
  AddLoadShards1764900000000,
];

/**
 * Migrations of the tables of `EnrichmentModule`, for the `migrations` of a DataSource of yours that has
 * `enrichmentEntities`. Where that module is imported, they belong to the migrations of this package.
 */
export const enrichmentMigrations: (new () => MigrationInterface)[] = [CreateEnrichmentTables1764700000000];
