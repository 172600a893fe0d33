import type { ColumnMode, MergeSpec } from './merge-statement.js';
import type { LoadPlan, PlanColumn } from './load-plan.js';
import type { Row } from './row.js';

/** Tells the rows of one statement from those of another; the blank keeps it apart from any sane column. */
export const GROUP_COLUMN = '"harbor group"';

/** Rows one statement can write, and that statement. */
export interface RowGroup {
  readonly spec: MergeSpec;
  readonly rows: readonly Row[];
}

/**
 * Sorts partial rows into as few statements as keep absent apart from null. In a statement a missing value is null, so
 * - rows without an explicit null share one that reads null as absent (COALESCE), whatever mix of columns they carry
 * - rows with an explicit null, and rows that carry every column of the batch, go by the exact set of their columns
 * - columns whose absence means something on insert (a default, NOT NULL) must be carried by all rows of a statement or
 *   by none
 */
export function groupRows(
  plan: LoadPlan,
  onConflict: MergeSpec['onConflict'],
  key: readonly PlanColumn[],
  rows: readonly Row[],
): RowGroup[] {
  const groups = new Map<string, { readonly exact: boolean; readonly rows: Row[] }>();
  const carriedByBatch = plan.columns.filter(({ index }) => rows.some((row) => row.values[index] !== undefined));
  for (const row of rows) {
    const exact = onConflict === 'merge' && needsExactColumns(row, carriedByBatch);
    const signature = signatureOf(row, carriedByBatch, exact);
    const group = groups.get(signature);
    if (group === undefined) {
      groups.set(signature, { exact, rows: [row] });
    } else {
      group.rows.push(row);
    }
  }
  return [...groups.values()].map((group) => ({
    rows: group.rows,
    spec: specOf(plan, onConflict, key, group.rows, group.exact),
  }));
}

function needsExactColumns(row: Row, carriedByBatch: readonly PlanColumn[]): boolean {
  let absent = false;
  for (const { index } of carriedByBatch) {
    const value = row.values[index];
    if (value === null) {
      return true;
    }
    absent ||= value === undefined;
  }
  return !absent;
}

function signatureOf(row: Row, carriedByBatch: readonly PlanColumn[], exact: boolean): string {
  let signature = exact ? 'exact:' : 'mixed:';
  for (const { index, hasDefault, notNull } of carriedByBatch) {
    if (row.fills?.has(index)) {
      signature += 'f';
    } else if (exact || hasDefault || notNull) {
      signature += row.values[index] === undefined ? '0' : '1';
    }
  }
  return signature;
}

function specOf(
  plan: LoadPlan,
  onConflict: MergeSpec['onConflict'],
  key: readonly PlanColumn[],
  rows: readonly Row[],
  exact: boolean,
): MergeSpec {
  const carried = plan.columns.filter(({ index }) => rows.some((row) => row.values[index] !== undefined));
  const modeOf = (column: PlanColumn): ColumnMode => {
    if (rows[0]?.fills?.has(column.index)) {
      return 'fill';
    }
    return exact || onConflict !== 'merge' ? 'set' : 'keepIfNull';
  };
  return {
    onConflict,
    key,
    columns: carried.map((column) => ({ column, mode: modeOf(column) })),
    required:
      onConflict === 'merge'
        ? plan.columns.filter((column) => column.notNull && !column.hasDefault && !carried.includes(column))
        : [],
    hasExtra: rows.some((row) => row.extra !== undefined),
  };
}
