import { HYBRID, LoadEntity, RejectedRecordEntity } from '../../entities/index.js';
import { nearestName } from '../../errors/nearest-name.js';
import { pathOf } from '../../schema/table/entity-metadata.js';
import { UsageError } from '../usage-error.js';
import { dataTables } from './data-tables.js';
import { quarantineOf } from './quarantine.js';
import type { Storage } from './storage-context.js';

/**
 * Checks the table that a filter of rejected records names, with or without its schema.
 * @throws UsageError when no entity has it and no record was ever rejected for it
 */
export async function checkTableOfRejects(storage: Storage, table: string | undefined): Promise<void> {
  const paths = dataTables(storage.dataSource).map(pathOf);
  if (table === undefined || paths.includes(table)) {
    return;
  }
  const names = await tableNames(storage, RejectedRecordEntity);
  if (!names.includes(table) && (await quarantineOf(storage).count({ table, replayed: 'any' })) === 0) {
    throw unknownTable('No record was rejected for a table', table, names);
  }
}

/**
 * Checks the table that a filter of loads names.
 * @throws UsageError when no entity has it and no load ever went into it
 */
export async function checkTableOfLoads(storage: Storage, table: string | undefined): Promise<void> {
  if (table === undefined) {
    return;
  }
  const names = await tableNames(storage, LoadEntity);
  if (!names.includes(table)) {
    throw unknownTable('No load went into a table', table, names);
  }
}

/** Tables of entities, and others that the rows of `naming` name, perhaps of another application. */
async function tableNames(
  { dataSource }: Storage,
  naming: typeof LoadEntity | typeof RejectedRecordEntity,
): Promise<string[]> {
  const named = await dataSource
    .getRepository<object>(naming)
    .createQueryBuilder('r')
    .select('DISTINCT r.table_name', 'name')
    .getRawMany<{ name: string }>();
  const own = dataTables(dataSource).map(({ tableName }) => tableName);
  return [...new Set([...own, HYBRID, ...named.map(({ name }) => name)])];
}

function unknownTable(what: string, table: string, names: readonly string[]): UsageError {
  const nearest = nearestName(table, names);
  const proposal = nearest === undefined ? '.' : `; did you mean ${nearest}?`;
  return new UsageError(`${what} ${JSON.stringify(table)}${proposal} Tables: ${names.join(', ')}`);
}
