import type { ClientBase } from 'pg';

import { MASK_COLUMN, maskedColumns, maskOf, specOf } from '../merge/merge-spec.js';
import type { Target } from '../model/load-job.js';
import { extraText, type Row } from '../model/row.js';
import { type WriteCounts, type WriteSettings, writeStaged } from './write-staged.js';

/**
 * Writes rows by one statement, one array parameter a column. TypeORM's own upsert would need a parameter a
 * value (65,535 at most), can only set a column to EXCLUDED, and cannot count what it left unchanged.
 * @throws pg's DatabaseError when Postgres rejects one of the rows; the caller rolls back to its savepoint
 */
export async function writeByUpsert(
  client: ClientBase,
  target: Target,
  settings: WriteSettings,
  rows: readonly Row[],
): Promise<WriteCounts> {
  const { plan } = target;
  const spec = specOf(target, rows);
  const masked = maskedColumns(spec);
  const names = spec.columns.map(({ column }) => column.quoted);
  const parameters = spec.columns.map(({ column }) => rows.map(({ values }) => values[column.index] ?? null));
  if (masked.length > 0) {
    names.push(MASK_COLUMN);
    parameters.push(rows.map((row) => maskOf(masked, row)));
  }
  if (plan.extra !== undefined && spec.hasExtra) {
    names.push(plan.extra);
    parameters.push(rows.map(extraText));
  }
  const arrays = parameters.map((_, index) => `$${index + 1}::text[]`);
  const select = `SELECT * FROM unnest(${arrays.join(', ')}) AS u(${names.join(', ')})`;
  return writeStaged(client, plan, spec, rows, { select, parameters }, settings);
}
