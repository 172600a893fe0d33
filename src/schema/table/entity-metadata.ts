import type { DataSource, EntityMetadata, EntityTarget, ObjectLiteral } from 'typeorm';

import { InvalidOptionError } from '../../errors/index.js';
import { defaultSchema } from '../../postgres/data-source.js';
import { dataSourceOf } from '../../postgres/typeorm-adapter.js';
import type { RecordClass } from '../../records/record-decorators.js';

/**
 * The metadata of an entity, given directly or by table name, with or without schema.
 * @throws InvalidLoadError when the DataSource has none or several
 */
export function metadataOf(dataSource: DataSource, target: EntityTarget<ObjectLiteral>): EntityMetadata {
  const found = findMetadatas(dataSource, target);
  const [known] = found;
  if (known === undefined) {
    const name = typeof target === 'function' ? target.name : String(target);
    const tables = dataSource.entityMetadatas.map(({ tableName }) => tableName);
    throw new InvalidOptionError(
      `The DataSource has no entity or table ${JSON.stringify(name)}. Known tables: ${tables.join(', ')}. ` +
        'Register your own entity with StorageModule.forFeature([…])',
    );
  }
  const tables = [...new Set(found.map(pathOf))];
  if (tables.length > 1) {
    throw new InvalidOptionError(
      `${JSON.stringify(target)} is ambiguous: ${tables.join(', ')}. Add the schema, or pass the entity class.`,
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

class NoClass {}

/** The class of an entity; an EntitySchema may have none. */
export function classOf({ target }: EntityMetadata): RecordClass {
  return typeof target === 'function' ? (target as RecordClass) : NoClass;
}

/** Schema of an entity's table. */
export function schemaOf(metadata: EntityMetadata): string {
  return metadata.schema ?? defaultSchema(dataSourceOf(metadata));
}

/** Table name of an entity with its schema, as people write it. */
export function pathOf(metadata: EntityMetadata): string {
  return `${schemaOf(metadata)}.${metadata.tableName}`;
}

/**
 * Name of a table in statistics: with its schema where the DataSource has tables of that name in several schemas.
 * @param schema - of the table; undefined or null for the default schema
 */
export function statisticsNameOf(dataSource: DataSource, table: string, schema: string | null | undefined): string {
  const paths = new Set(dataSource.entityMetadatas.filter(({ tableName }) => tableName === table).map(pathOf));
  return paths.size > 1 ? `${schema ?? defaultSchema(dataSource)}.${table}` : table;
}
