import type { KeyColumn, KeyPredicate, PlanColumn } from '../model/load-plan.js';
import { valueAt } from '../model/packed-row.js';
import type { Row } from '../model/row.js';
import { subsetsOf } from './identity-parts.js';

/**
 * Columns of a key that are null in some rows, where null is a value of the key. An index finds `=` and IS NULL, but not
 * IS NOT DISTINCT FROM, nor an OR of both in good time: rows are looked up by one such set after the other.
 */
export type NullSet = readonly KeyColumn[];

/** The sets that rows can have. */
export function nullSetsOf(key: readonly KeyColumn[]): NullSet[] {
  return subsetsOf(key.filter(({ nullIsKey }) => nullIsKey)).toReversed();
}

/** The sets that these rows have. */
export function nullSetsIn(key: readonly KeyColumn[], rows: readonly Row[]): NullSet[] {
  const nullable = key.filter(({ nullIsKey }) => nullIsKey);
  if (nullable.length === 0) {
    return [[]];
  }
  const sets = new Map<string, NullSet>();
  for (const row of rows) {
    const nulls = nullable.filter(({ index }) => valueAt(row, index) === null);
    sets.set(nulls.map(({ index }) => index).join(), nulls);
  }
  return [...sets.values()];
}

/**
 * The condition that a row has the key of the incoming row, whose columns are texts or of the column's type, and that
 * these columns of it are null.
 */
export function hasIncomingKey(alias: string, key: readonly KeyColumn[], nulls: NullSet, row = 's'): string {
  return hasKey(alias, key, nulls, ({ quoted, type }) => `${row}.${quoted}::${type}`);
}

/**
 * The same in a form that no hash or merge join knows: the table is looked up by its index, incoming row by incoming row,
 * so that they are taken in their order.
 */
export function looksUpIncomingKey(alias: string, key: readonly KeyColumn[], nulls: NullSet, row: string): string {
  return hasKey(
    alias,
    key,
    nulls,
    ({ quoted, type }) => `${row}.${quoted}::${type}`,
    (value) => `ANY (ARRAY[${value}])`,
  );
}

/** The same for the staged row `s`, whose columns are of the column's declared type. */
export function hasStagedKey(alias: string, key: readonly KeyColumn[], nulls: NullSet): string {
  return hasKey(alias, key, nulls, ({ quoted }) => `s.${quoted}`);
}

/** The same whichever columns are null: for a single row. */
export function hasAnyStagedKey(alias: string, key: readonly KeyColumn[]): string {
  const conditions = nullSetsOf(key).map((nulls) => hasStagedKey(alias, key, nulls));
  return conditions.length === 1 ? (conditions[0] as string) : `(${conditions.join(' OR ')})`;
}

/** Equal as the key's index compares. */
function hasKey(
  alias: string,
  key: readonly KeyColumn[],
  nulls: NullSet,
  valueOf: (column: KeyColumn) => string,
  operand: (value: string) => string = (value) => value,
): string {
  const conditions = key.map((column) => {
    const [stored, value] = [`${alias}.${column.quoted}`, valueOf(column)];
    return nulls.includes(column)
      ? `${stored} IS NULL AND ${value} IS NULL`
      : `${stored} ${column.equals} ${operand(value + column.collate)}`;
  });
  return conditions.join(' AND ');
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
