import type { PlanColumn } from '../model/load-plan.js';

/** The condition that a row has the key of the incoming row `s`, whose columns are texts or of the column's type. */
export function hasIncomingKey(alias: string, key: readonly PlanColumn[]): string {
  return key.map((column) => `${alias}.${column.quoted} = s.${column.quoted}::${column.type}`).join(' AND ');
}

/** The condition that a row has the key of the staged row `s`, whose columns are of the column's declared type. */
export function hasStagedKey(alias: string, key: readonly PlanColumn[]): string {
  return key.map(({ quoted }) => `${alias}.${quoted} = s.${quoted}`).join(' AND ');
}

/** The conflict target that names the unique index of a key. */
export function conflictTarget(key: readonly PlanColumn[]): string {
  return `(${key.map(({ quoted }) => quoted).join(', ')})`;
}
