import { OpportunityEntity, SubmissionEntity } from '../../entities/index.js';
import { migrationStatus } from '../../schema/migrations/migrations.js';
import { type ConnectionOptions, StorageDataSource } from '../../schema/migrations/storage-data-source.js';

/** The data tables that contain rows; none when no migration is applied. */
export async function findTablesWithRows(connection: ConnectionOptions): Promise<string[]> {
  const dataSource = new StorageDataSource(connection);
  await dataSource.initialize();
  try {
    const migrations = await migrationStatus(dataSource);
    if (!migrations.some(({ applied }) => applied)) {
      return [];
    }
    const found: string[] = [];
    for (const entity of [OpportunityEntity, SubmissionEntity]) {
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
