import type { ClientBase } from 'pg';

import { isDistributed, mirrorOf } from '../distributed/mirror-table.js';
import type { LoadJob } from '../model/load-job.js';
import { batchStaging } from '../write/batch-staging.js';
import { isolationTables } from './isolation-tables.js';

/**
 * Creates every temporary table that writes into distributed tables. Call it outside of savepoints: when one was created
 * inside, Citus misses a savepoint of its own on a worker that rejects a row.
 */
export async function createMirrors(client: ClientBase, { targets }: Pick<LoadJob, 'targets'>): Promise<void> {
  if (targets.some(isDistributed)) {
    const tables = [...targets.map(({ plan }) => batchStaging(plan)), ...isolationTables(targets)];
    const mirrors = targets.filter(isDistributed).map((target) => mirrorOf(target).create);
    await client.query([...tables.map(({ createIfMissing }) => createIfMissing), ...mirrors].join('; '));
  }
}
