import type { KeyColumn, KeyPredicate, PlanColumn } from '../model/load-plan.js';

/** The condition that a row has the key of the incoming row, whose columns are texts or of the column's type. */
export function hasIncomingKey(alias: string, key: readonly KeyColumn[], row = 's'): string {
  return key.map((column) => isEqual(alias, column, `${row}.${column.quoted}::${column.type}`)).join(' AND ');
}

/** The condition that a row has the key of the staged row `s`, whose columns are of the column's declared type. */
export function hasStagedKey(alias: string, key: readonly KeyColumn[]): string {
  return key.map((column) => isEqual(alias, column, `s.${column.quoted}`)).join(' AND ');
}

/** Equal as the key's index compares. An index cannot find IS NOT DISTINCT FROM, but it can find either side of OR. */
function isEqual(alias: string, { quoted, equals, collate, nullIsKey }: KeyColumn, value: string): string {
  const equal = `${alias}.${quoted} ${equals} ${value}${collate}`;
  return nullIsKey ? `(${equal} OR ${alias}.${quoted} IS NULL AND ${value} IS NULL)` : equal;
}

/** The conflict target that names the unique index of a key. */
export function conflictTarget(key: readonly KeyColumn[], predicate?: KeyPredicate): string {
  return `(${indexedColumns(key)})${predicate === undefined ? '' : ` WHERE ${predicate.sql}`}`;
}

/** The columns of the key as in the definition of its index. */
export function indexedColumns(key: readonly Pick<KeyColumn, 'quoted' | 'collate'>[]): string {
  return key.map(({ quoted, collate }) => quoted + collate).join(', ');
}

/** Whether a column is one of the key. */
export function isOfKey(key: readonly KeyColumn[], column: PlanColumn): boolean {
  return key.some(({ index }) => index === column.index);
}
