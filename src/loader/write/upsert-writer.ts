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
  const select = selectOf(columnsOf(target.plan, spec), ({ read }) => `$${parameters.push(rows.map(read))}`);
  // For a few rows, the settings that this takes cost more than it saves.
  const how = { ...settings, updatesAtOnce: false };
  return writeStaged(client, target.plan, spec, rows, { select, parameters }, how);
}

/** A column of the rows of a SELECT. */
interface SelectedColumn {
  readonly name: string;
  readonly read: (row: Row) => string | null;
}

/** The columns that bring rows to a statement. */
export function columnsOf({ extra }: LoadPlan, spec: MergeSpec): SelectedColumn[] {
  const masked = maskedColumns(spec);
  const columns = spec.columns.map(({ column: { quoted, index } }): SelectedColumn => ({
    name: quoted,
    read: ({ values }) => values[index] ?? null,
  }));
  if (masked.length > 0) {
    columns.push({ name: MASK_COLUMN, read: (row) => maskOf(masked, row) });
  }
  if (extra !== undefined && spec.hasExtra) {
    columns.push({ name: extra, read: extraText });
  }
  return columns;
}

/**
 * A SELECT of rows, one array parameter a column.
 * @param bind - takes a column of all rows as a parameter, and returns its name in the statement
 */
export function selectOf(columns: readonly SelectedColumn[], bind: (column: SelectedColumn) => string): string {
  const arrays = columns.map((column) => `${bind(column)}::text[]`);
  return `SELECT * FROM unnest(${arrays.join(', ')}) AS u(${columns.map(({ name }) => name).join(', ')})`;
}
