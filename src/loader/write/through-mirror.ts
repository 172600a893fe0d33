import type { ClientBase } from 'pg';

import { errorText } from '../../errors/error-text.js';
import { mirrorOf } from '../distributed/mirror-table.js';
import { readIntoMirror, writeBack, type WrittenBack } from '../distributed/mirror-statements.js';
import type { Target } from '../model/load-job.js';
import type { PlanColumn } from '../model/load-plan.js';
import { valueAt } from '../model/packed-row.js';
import type { Row } from '../model/row.js';
import { NOTHING_WRITTEN, RowsSuppressedError, type WriteCounts } from './write-staged.js';

/**
 * Writes rows into a distributed table: reads the stored rows of their keys into its mirror, does `work` there, and writes
 * back what that has changed.
 * @throws RowsSuppressedError when another transaction has written one of these rows since it was read
 */
export async function throughMirror(
  client: ClientBase,
  target: Target,
  rows: readonly Row[],
  work: (mirror: Target) => Promise<WriteCounts>,
): Promise<WriteCounts> {
  await readIntoMirror(client, target, rows);
  const counts = await work(mirrorOf(target).target).catch((error: unknown) => {
    throw nameTable(error, target);
  });
  const deletes = rows.some((row) => row.deletes === true);
  const written = await writeBack(client, target, { deletes, columns: carriedColumns(target, rows) });
  checkTaken(target, rows.length, counts, written);
  return counts;
}

/**
 * Writes back whatever was changed in the mirror of a table that nobody else writes.
 * @throws RowsSuppressedError when the table does not take all of it
 */
export async function writeAllBack(client: ClientBase, target: Target): Promise<void> {
  const written = await writeBack(client, target, { deletes: true, columns: target.plan.columns });
  checkTaken(target, written.expected, { ...NOTHING_WRITTEN, inserted: written.taken }, written);
}

function checkTaken({ plan }: Target, rows: number, counts: WriteCounts, { expected, taken }: WrittenBack): void {
  if (taken !== expected) {
    throw new RowsSuppressedError(plan.table, rows, counts, rows, expected - taken);
  }
}

function carriedColumns({ plan: { columns } }: Target, rows: readonly Row[]): PlanColumn[] {
  return columns.filter(({ index }) => rows.some((row) => valueAt(row, index) !== undefined));
}

/** People know the table that a row was meant for. */
function nameTable(error: unknown, target: Target): unknown {
  return errorText(error, 'table') === mirrorOf(target).name
    ? Object.assign(error as object, { table: target.plan.table })
    : error;
}
