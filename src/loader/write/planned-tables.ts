import type { ClientBase } from 'pg';

import { SchemaMismatchError } from '../../errors/index.js';
import { lockAndReadStates } from '../../schema/table/table-fingerprints.js';
import type { LoadJob } from '../model/load-job.js';

/** A table was altered after its plan was made. */
export class TableAlteredError extends Error {
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
 * @param excludesWriters - nor does another transaction write into them
 * @throws TableAlteredError when one is not as planned: a fault of kind `schema`
 * @throws SchemaMismatchError when a caller's transaction sees a table as it was before it was rewritten
 */
export async function lockPlannedTables(
  client: ClientBase,
  { targets }: Pick<LoadJob, 'targets'>,
  excludesWriters = false,
): Promise<void> {
  const states = await lockAndReadStates(
    client,
    targets.map(({ plan }) => plan),
    excludesWriters ? 'SHARE ROW EXCLUSIVE' : 'ROW EXCLUSIVE',
  );
  const outdated = targets.find((_, index) => states[index]?.isOutdated === true);
  if (outdated !== undefined) {
    const expected = 'the definition that the transaction sees';
    const actual = 'a table that was rewritten after the transaction took its snapshot';
    const fix = 'repeat the transaction';
    throw new SchemaMismatchError([{ table: outdated.plan.table, kind: 'table', expected, actual, breaks: true, fix }]);
  }
  const altered = targets.find(({ plan }, index) => plan.fingerprint !== states[index]?.fingerprint);
  if (altered !== undefined) {
    throw new TableAlteredError(altered.plan.table);
  }
}
