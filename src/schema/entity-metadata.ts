import type { DataSource, EntityMetadata, EntityTarget, ObjectLiteral } from 'typeorm';

import { InvalidLoadError } from '../errors/index.js';

/**
 * The metadata of an entity, or of the table of that name.
 * @throws InvalidLoadError when the DataSource has none
 */
export function metadataOf(dataSource: DataSource, target: EntityTarget<ObjectLiteral>): EntityMetadata {
  const known = dataSource.entityMetadatas.find(
    (metadata) => metadata.target === target || metadata.tableName === target || metadata.name === target,
  );
  if (known === undefined) {
    const name = typeof target === 'function' ? target.name : String(target);
    const tables = dataSource.entityMetadatas.map(({ tableName }) => tableName);
    throw new InvalidLoadError(
      `The DataSource knows no entity or table ${JSON.stringify(name)}. It has: ${tables.join(', ')}. ` +
        'Register an entity of your own with StorageModule.forFeature([…])',
    );
  }
  return known;
}
