import type { ClientBase } from 'pg';
import type { DataSource, EntityMetadata, EntityTarget, ObjectLiteral } from 'typeorm';

import type { SchemaDifference } from '../errors/index.js';
import { dataSourceOf, optionsOf } from '../postgres/typeorm-adapter.js';
import { type Reading, withReading } from '../postgres/with-transaction.js';
import { compareTable, isOurs } from './compare/compare-table.js';
import { metadataOf, pathOf, schemaOf } from './table/entity-metadata.js';
import { type LiveTable, readLiveTable } from './table/live-table.js';
import { migrateCommand } from './table/migrate-command.js';
import { compareMigrations, findPendingMigrations } from './migrations/pending-migrations.js';

/** Result of `SchemaService.check`. */
export interface SchemaReport {
  /** No differences. */
  readonly ok: boolean;
  /** The compared tables. */
  readonly tables: readonly string[];
  readonly differences: readonly SchemaDifference[];
  /**
   * Tables in the same schemas without an entity in the DataSource; they may belong to others, so they are no difference.
   * Empty if one entity was requested.
   */
  readonly otherTables: readonly string[];
}

/** Compares the entities of a DataSource with the live database. */
export async function checkSchema(
  dataSource: DataSource,
  entity: EntityTarget<ObjectLiteral> | undefined,
  read: Reading = (work) => withReading(dataSource, work),
): Promise<SchemaReport> {
  const entities =
    entity === undefined
      ? dataSource.entityMetadatas.filter(({ tableType }) => tableType === 'regular' || tableType === 'junction')
      : [metadataOf(dataSource, entity)];
  return read(async (client) => {
    const differences = [...(await compareMigrations(client, dataSource))];
    for (const metadata of entities) {
      const live = await readLiveTable(client, schemaOf(metadata), metadata.tableName);
      differences.push(...(await findDifferences(client, metadata, live)));
    }
    return {
      ok: differences.length === 0,
      tables: entities.map(({ tablePath }) => tablePath),
      differences,
      otherTables: entity === undefined ? await findOtherTables(client, dataSource) : [],
    };
  });
}

/** Differences between a live table and its entity, with the fix for the current state of the database. */
export async function findDifferences(
  client: ClientBase,
  metadata: EntityMetadata,
  live: LiveTable | undefined,
): Promise<readonly SchemaDifference[]> {
  const differences = compareTable(metadata, schemaOf(metadata), live);
  if (differences.length === 0 || !isOurs(metadata)) {
    return differences;
  }
  const dataSource = dataSourceOf(metadata);
  const pending = await findPendingMigrations(client, dataSource);
  const fix = migrateCommand(dataSource);
  return differences.map((difference) =>
    pending.length === 0 || difference.kind === 'extra column' ? difference : { ...difference, fix },
  );
}

const TABLES = `
  SELECT n.nspname AS schema, c.relname AS name
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE n.nspname = ANY ($1) AND c.relkind IN ('r', 'p') AND NOT c.relispartition
   ORDER BY 1, 2`;

async function findOtherTables(client: ClientBase, dataSource: DataSource): Promise<string[]> {
  const schemas = [...new Set(dataSource.entityMetadatas.map(schemaOf))];
  const known = new Set(dataSource.entityMetadatas.map(pathOf));
  const { metadataTableName = 'typeorm_metadata', migrationsTableName = 'migrations' } = optionsOf(dataSource);
  const bookkeeping = new Set([metadataTableName, migrationsTableName, 'storage_migrations']);
  const { rows } = await client.query<{ schema: string; name: string }>(TABLES, [schemas]);
  return rows
    .filter(({ schema, name }) => !known.has(`${schema}.${name}`) && !bookkeeping.has(name))
    .map(({ schema, name }) => (schemas.length === 1 ? name : `${schema}.${name}`));
}
