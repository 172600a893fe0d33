import { enrichmentMigrations } from '../../../migrations/index.js';
import { enrichmentEntities } from '../../entities/enrichment/index.js';
import { HYBRID_ENTITIES } from '../../entities/index.js';
import { migrationStatus } from '../../schema/migrations/migrations.js';
import { type ConnectionOptions, StorageDataSource } from '../../schema/migrations/storage-data-source.js';

const isOfEnrichment = (name: string): boolean => enrichmentMigrations.some((migration) => migration.name === name);

/** The data tables that contain rows; none when no migration is applied. */
export async function findTablesWithRows(connection: ConnectionOptions): Promise<string[]> {
  const dataSource = new StorageDataSource(connection, true);
  await dataSource.initialize();
  try {
    const migrations = await migrationStatus(dataSource);
    if (!migrations.some(({ applied }) => applied)) {
      return [];
    }
    const found: string[] = [];
    const hasEnrichment = migrations.every(({ name, applied }) => applied || !isOfEnrichment(name));
    for (const entity of [...HYBRID_ENTITIES, ...(hasEnrichment ? enrichmentEntities : [])]) {
      const repository = dataSource.getRepository<object>(entity);
      if (await repository.exists()) {
        found.push(repository.metadata.tableName);
      }
    }
    return found;
  } finally {
    await dataSource.destroy();
  }
}
