import type { Type } from '@nestjs/common';

import { StorageModule, type StorageRootOptions } from '../../../src/index.js';
import { migrateUp } from '../../../src/schema/migrations/migrations.js';
import { startStorageAppAt, type StorageApp } from '../app/storage-app.js';
import { createCitusDatabase } from './databases.js';

/** Tables by their distribution columns. */
type Distributed = Readonly<Record<string, string>>;

const DATA_TABLES: Distributed = { submissions: 'submission_id', app_opportunities: 'submission_id' };
const LEDGER = ['storage_loads', 'storage_load_batches', 'storage_rejected_records'];

/**
 * An application on a database of its own on the cluster.
 * @param distributed - tables of these entities; null: no table is distributed, and none is known to Citus
 */
export async function startCitusApp(
  entities: readonly Type<object>[],
  distributed: Distributed | null,
  options: StorageRootOptions = {},
): Promise<StorageApp> {
  const database = await createCitusDatabase();
  await migrateUp({ url: database.url });
  const app = await startStorageAppAt(database.url, options, [StorageModule.forFeature(entities)]);
  await app.dataSource.synchronize();
  if (distributed !== null) {
    for (const table of LEDGER) await app.rows(`SELECT create_distributed_table('${table}', NULL)`);
    for (const [table, column] of Object.entries({ ...DATA_TABLES, ...distributed })) {
      await app.rows(`SELECT create_distributed_table('${table}', '${column}')`);
    }
  }
  return {
    ...app,
    async close() {
      await app.close();
      await database.drop();
    },
  };
}
