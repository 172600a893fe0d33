import type { LoadPlan, PlanColumn } from '../model/load-plan.js';
import { isAbsent, type Row } from '../model/row.js';

/** A record as it came: fields by name. */
export type Source = Readonly<Record<string, unknown>>;

/** The first of these names under which the record carries a value. */
export function findPresent(source: Source, names: readonly string[]): string | undefined {
  for (const name of names) {
    if (Object.hasOwn(source, name) && !isAbsent(source[name])) {
      return name;
    }
  }
  return undefined;
}

/**
 * Fills columns that the record lacks from their fallback fields.
 * @param set - converts a value and puts it into the row
 * @returns the names of the fallback fields that were used
 */
export function applyFallbacks(
  plan: LoadPlan,
  row: Row,
  source: Source,
  set: (column: PlanColumn, value: unknown) => void,
): ReadonlySet<string> {
  const used = new Set<string>();
  for (const column of plan.aliasedColumns) {
    const name = isAbsent(row.values[column.index]) ? findPresent(source, column.aliases) : undefined;
    if (name !== undefined) {
      set(column, source[name]);
      used.add(name);
    }
  }
  for (const column of plan.filledColumns) {
    if (isAbsent(row.values[column.index]) && fill(plan, row, source, column, set, used)) {
      (row.fills ??= new Set()).add(column.index);
    }
  }
  return used;
}

function fill(
  plan: LoadPlan,
  row: Row,
  source: Source,
  column: PlanColumn,
  set: (column: PlanColumn, value: unknown) => void,
  used: Set<string>,
): boolean {
  const name = findPresent(source, column.fillsFrom);
  if (name !== undefined) {
    set(column, source[name]);
    used.add(name);
    return true;
  }
  // The record may carry the other column under another name.
  const from = plan.columns.find((candidate) => column.fillsFrom.includes(candidate.name));
  const value = from === undefined ? undefined : row.values[from.index];
  if (isAbsent(value)) {
    return false;
  }
  row.values[column.index] = value;
  if (row.special?.includes((from as PlanColumn).index) === true) {
    row.special = [...row.special, column.index];
  }
  return true;
}
