import type { ClientBase } from 'pg';

import { lockAndReadFingerprints } from '../../schema/table/table-fingerprints.js';
import type { LoadJob } from '../model/load-job.js';

/** A table was altered after its plan was made. */
class TableAlteredError extends Error {
  override readonly name = 'TableAlteredError';
  /** What Postgres says where it notices: datatype_mismatch. */
  readonly code = '42804';

  constructor(table: string) {
    super(`table ${table} was altered after its plan was made`);
  }
}

/**
 * Keeps the tables of a job from being altered until the transaction ends, and compares them with their plans. Without it
 * a value could be stored by a cast that rounds or cuts it.
 * @throws TableAlteredError when one is not as planned: a fault of kind `schema`
 */
export async function lockPlannedTables(client: ClientBase, { targets }: Pick<LoadJob, 'targets'>): Promise<void> {
  const fingerprints = await lockAndReadFingerprints(
    client,
    targets.map(({ plan }) => plan.quotedTable),
  );
  const altered = targets.find(({ plan }, index) => plan.fingerprint !== fingerprints[index]);
  if (altered !== undefined) {
    throw new TableAlteredError(altered.plan.table);
  }
}
