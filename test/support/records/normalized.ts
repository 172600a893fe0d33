import type { LoadPlan } from '../../../src/loader/model/load-plan.js';
import { normalizeRecord } from '../../../src/loader/normalize/normalize-record.js';

/** The row of a record as an object, absent columns left out; captured fields under `rest`. */
export function rowOf(plan: LoadPlan, record: unknown): Record<string, unknown> {
  const normalized = normalizeRecord(plan, plan.primaryKey, record);
  if (normalized.kind !== 'row') throw new Error(JSON.stringify(normalized));
  const { values, fills, extra } = normalized.row;
  const columns = plan.columns.map(({ name, index }) => [name, values[index]] as const);
  return {
    ...Object.fromEntries(columns.filter(([, value]) => value !== undefined)),
    ...(extra !== undefined && { rest: Object.fromEntries(extra) }),
    ...(fills !== undefined && {
      fills: plan.columns.filter(({ index }) => fills.has(index)).map(({ name }) => name),
    }),
    ...(normalized.unknown.size > 0 && { unknown: Object.fromEntries(normalized.unknown) }),
  };
}

/** Rule and column a record is rejected by; what became of it where it is not. */
export function rejectionOf(plan: LoadPlan, record: unknown): unknown {
  const normalized = normalizeRecord(plan, plan.primaryKey, record);
  return normalized.kind === 'rejection' ? [normalized.rejection.rule, normalized.rejection.column] : normalized;
}
