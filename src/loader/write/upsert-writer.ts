import type { ClientBase } from 'pg';

import { MASK_COLUMN, maskedColumns, maskOf, type MergeSpec, specOf } from '../merge/merge-spec.js';
import type { Target } from '../model/load-job.js';
import type { LoadPlan } from '../model/load-plan.js';
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
  const spec = specOf(target, rows);
  const parameters: unknown[] = [];
  const select = selectRows(target.plan, spec, rows, (value) => `$${parameters.push(value)}`);
  return writeStaged(client, target.plan, spec, rows, { select, parameters }, settings);
}

/**
 * A SELECT of rows, one array parameter a column.
 * @param bind - takes a parameter, and returns its name in the statement
 */
export function selectRows(
  { extra }: LoadPlan,
  spec: MergeSpec,
  rows: readonly Row[],
  bind: (value: unknown) => string,
): string {
  const masked = maskedColumns(spec);
  const names = spec.columns.map(({ column }) => column.quoted);
  const columns = spec.columns.map(({ column }) => rows.map(({ values }) => values[column.index] ?? null));
  if (masked.length > 0) {
    names.push(MASK_COLUMN);
    columns.push(rows.map((row) => maskOf(masked, row)));
  }
  if (extra !== undefined && spec.hasExtra) {
    names.push(extra);
    columns.push(rows.map(extraText));
  }
  const arrays = columns.map((column) => `${bind(column)}::text[]`);
  return `SELECT * FROM unnest(${arrays.join(', ')}) AS u(${names.join(', ')})`;
}
