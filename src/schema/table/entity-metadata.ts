import type { DataSource, EntityMetadata, EntityTarget, ObjectLiteral } from 'typeorm';

import { InvalidLoadError } from '../../errors/index.js';
import { defaultSchema } from '../../postgres/data-source.js';

/**
 * The metadata of an entity, or of the table of that name, with or without its schema.
 * @throws InvalidLoadError when the DataSource has none, or several of that name
 */
export function metadataOf(dataSource: DataSource, target: EntityTarget<ObjectLiteral>): EntityMetadata {
  const found = findMetadatas(dataSource, target);
  const [known] = found;
  if (known === undefined) {
    const name = typeof target === 'function' ? target.name : String(target);
    const tables = dataSource.entityMetadatas.map(({ tableName }) => tableName);
    throw new InvalidLoadError(
      `The DataSource knows no entity or table ${JSON.stringify(name)}. It has: ${tables.join(', ')}. ` +
        'Register an entity of your own with StorageModule.forFeature([…])',
    );
  }
  const tables = [...new Set(found.map(pathOf))];
  if (tables.length > 1) {
    throw new InvalidLoadError(
      `${JSON.stringify(target)} names several: ${tables.join(', ')}. Say which, with its schema or by its entity`,
    );
  }
  return known;
}

function findMetadatas(dataSource: DataSource, target: EntityTarget<ObjectLiteral>): EntityMetadata[] {
  if (typeof target !== 'string') {
    return dataSource.hasMetadata(target) ? [dataSource.getMetadata(target)] : [];
  }
  return dataSource.entityMetadatas.filter((metadata) =>
    [pathOf(metadata), metadata.tableName, metadata.name].includes(target),
  );
}

/** The schema an entity's table lies in. */
export function schemaOf(metadata: EntityMetadata): string {
  return metadata.schema ?? defaultSchema(metadata.dataSource);
}

/** The name of an entity's table with its schema, as people write it. */
export function pathOf(metadata: EntityMetadata): string {
  return `${schemaOf(metadata)}.${metadata.tableName}`;
}
