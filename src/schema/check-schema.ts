import type { DataSource, EntityTarget, ObjectLiteral } from 'typeorm';

import type { SchemaDifference } from '../errors/index.js';
import { defaultSchema } from '../postgres/data-source.js';
import { withClient } from '../postgres/with-transaction.js';
import { findBreakingDifferences } from './compare-table.js';
import { metadataOf } from './entity-metadata.js';
import { readLiveTable } from './live-table.js';

/** What `SchemaService.check` found. */
export interface SchemaReport {
  /** Nothing differs. */
  readonly ok: boolean;
  /** The tables that were compared. */
  readonly tables: readonly string[];
  readonly differences: readonly SchemaDifference[];
}

/** Compares the entities of a DataSource with the live database. */
export async function checkSchema(
  dataSource: DataSource,
  entity: EntityTarget<ObjectLiteral> | undefined,
): Promise<SchemaReport> {
  const entities = entity === undefined ? dataSource.entityMetadatas : [metadataOf(dataSource, entity)];
  const differences = await withClient(dataSource, async (client) => {
    const found: SchemaDifference[] = [];
    for (const metadata of entities) {
      const schema = metadata.schema ?? defaultSchema(dataSource);
      found.push(...findBreakingDifferences(metadata, await readLiveTable(client, schema, metadata.tableName)));
    }
    return found;
  });
  return { ok: differences.length === 0, tables: entities.map(({ tableName }) => tableName), differences };
}
