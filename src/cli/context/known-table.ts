import { HYBRID, RejectedRecordEntity } from '../../entities/index.js';
import { pathOf } from '../../schema/table/entity-metadata.js';
import { UsageError } from '../usage-error.js';
import { dataTables } from './data-tables.js';
import { quarantineOf } from './quarantine.js';
import type { Storage } from './storage-context.js';

/**
 * Checks the table that a filter of rejected records names.
 * @throws UsageError when no entity has it and no record was ever rejected for it
 */
export async function checkTableIsKnown(storage: Storage, table: string | undefined): Promise<void> {
  const { dataSource } = storage;
  const own = dataTables(dataSource);
  if (
    table === undefined ||
    table === HYBRID ||
    own.some((known) => [known.tableName, pathOf(known)].includes(table))
  ) {
    return;
  }
  if ((await quarantineOf(storage).count({ table, replayed: 'any' })) > 0) {
    return;
  }
  const rejecting = await dataSource
    .getRepository(RejectedRecordEntity)
    .createQueryBuilder('r')
    .select('DISTINCT r.table_name', 'name')
    .getRawMany<{ name: string }>();
  const names = new Set([...own.map(({ tableName }) => tableName), HYBRID, ...rejecting.map(({ name }) => name)]);
  throw new UsageError(`No record was rejected for a table ${JSON.stringify(table)}. Tables: ${[...names].join(', ')}`);
}
