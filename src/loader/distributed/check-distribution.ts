import { escapeLiteral } from 'pg';

import { InvalidLoadError, StorageError } from '../../errors/index.js';
import type { KeyColumn, LoadPlan } from '../model/load-plan.js';

/**
 * Checks that a load by a key can write a table that Citus keeps.
 * @throws InvalidLoadError when it cannot
 * @throws StorageError `TEMPORARY_TABLES_DENIED` when the role may not create the temporary tables that it takes
 */
export function checkDistribution({ entityName, table, quotedTable, live }: LoadPlan, key: readonly KeyColumn[]): void {
  const { distribution } = live.kind;
  if (distribution === null) {
    return;
  }
  const again = `SELECT undistribute_table(${escapeLiteral(quotedTable)}), then create_distributed_table`;
  if (distribution.kind === 'reference') {
    throw new InvalidLoadError(
      `${entityName} cannot be loaded: ${table} is a reference table, of which each worker has a copy with versions of ` +
        `its own. Distribute it by its key: ${again}`,
    );
  }
  if (distribution.kind === 'replicated') {
    throw new InvalidLoadError(
      `${entityName} cannot be loaded: Citus keeps several copies of each shard of ${table}, with versions of their own. ` +
        `Keep one: SET citus.shard_replication_factor = 1, ${again}`,
    );
  }
  const { column } = distribution;
  if (key.length > 0 && column !== null && key.every(({ name }) => name !== column)) {
    throw new InvalidLoadError(
      `${entityName}: ${table} is distributed by ${column}, which is not in the key of the load ` +
        `(${key.map(({ name }) => name).join(', ')}), so no shard knows which keys are stored. Set primaryKey to a unique ` +
        `key with ${column}, or distribute the table by a column of the key`,
    );
  }
  if (live.temporaryGrant !== undefined) {
    throw new StorageError(
      'TEMPORARY_TABLES_DENIED',
      `${entityName}: a load of a distributed table merges in a temporary table, which the role may not create. ` +
        `To fix: ${live.temporaryGrant}`,
    );
  }
}
