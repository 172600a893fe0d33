import { quoteIdentifier } from '../../postgres/identifiers.js';
import type { IndexedColumn, KeyObstacle, LiveIndex, LiveTable } from '../../schema/table/live-table.js';
import type { KeyColumn, LoadPlan, PlanColumn, UniqueKey, UnusableKey } from '../model/load-plan.js';
import { keyFormsOf, LOOSE_FORMS } from '../values/canonical-key.js';

/** Why an index cannot be the key of a load, and what to do. */
const REASONS: Readonly<Record<KeyObstacle, (index: LiveIndex) => string>> = {
  invalid: ({ name }) =>
    `its creation was interrupted, so it is not valid: run REINDEX INDEX CONCURRENTLY ${quoteIdentifier(name)}`,
  overlaps: () => 'it is an exclusion constraint (WITHOUT OVERLAPS), which ON CONFLICT cannot update by',
  deferrable: () => 'its constraint is deferrable, and ON CONFLICT takes none of these: create it NOT DEFERRABLE',
  expression: () => 'it is on an expression: create a generated column of the expression, or an index on the column',
  'operator class': () => 'its operator class compares in another way than = does: create it with the default class',
};

const NOT_CARRIED = 'its predicate has a column that records do not carry: name another key';

/** The unique indexes of a table, as keys of loads. */
export function planKeys(
  live: LiveTable,
  columns: readonly PlanColumn[],
  primary: readonly string[],
): Pick<LoadPlan, 'primaryKey' | 'uniqueKeys' | 'unusableKeys'> {
  const byName = new Map(columns.map((column) => [column.name, column]));
  const uniqueKeys: UniqueKey[] = [];
  const unusableKeys: UnusableKey[] = [];
  const indexes = live.indexes.filter(({ isUnique }) => isUnique);
  for (const index of indexes) {
    const key = reasonAgainst(index, indexes) ?? planKey(index, indexes, byName, live);
    if (typeof key === 'string') {
      const { name, definition } = index;
      unusableKeys.push({ name, definition, columns: columnsOf(index), reason: key });
    } else if (key !== undefined) {
      uniqueKeys.push(key);
    }
  }
  const primaryColumns = primary.map((name) => byName.get(name)).filter((column) => column !== undefined);
  const primaryKey =
    uniqueKeys.find(({ predicate, columns: own }) => predicate === undefined && areColumns(own, primary))?.columns ??
    primaryColumns.map((column) => ({ ...column, ...PLAIN, ...keyFormsOf(column.type) }));
  return { primaryKey: primaryColumns.length === primary.length ? primaryKey : [], uniqueKeys, unusableKeys };
}

const PLAIN = { collate: '', equals: '=', nullIsKey: false } as const;

function reasonAgainst(index: LiveIndex, others: readonly LiveIndex[]): string | undefined {
  if (index.obstacle !== null) {
    return REASONS[index.obstacle](index);
  }
  const rival = others.find((other) => other.obstacle === 'deferrable' && areColumns(index.comparisons, other.columns));
  return (
    rival && `${rival.name} is deferrable and on the same columns, and ON CONFLICT would use both: drop one of them`
  );
}

/** Undefined when records carry not all of its columns; a text says why it cannot be a key. */
function planKey(
  index: LiveIndex,
  others: readonly LiveIndex[],
  byName: ReadonlyMap<string, PlanColumn>,
  live: LiveTable,
): UniqueKey | string | undefined {
  const { name, nullsNotDistinct, predicate, comparisons } = index;
  const columns: KeyColumn[] = [];
  for (const comparison of comparisons) {
    const column = byName.get(comparison.name);
    if (column === undefined) {
      return undefined;
    }
    const isPlain = comparison.isOwnCollation && !isComparedOtherwise(comparison, index, others);
    const type = live.columns.get(column.name)?.isEnum === true ? 'text' : column.type;
    columns.push({
      ...column,
      collate: isPlain || comparison.collation === null ? '' : ` COLLATE ${comparison.collation}`,
      equals: comparison.equals,
      ...(comparison.looseEquality ? LOOSE_FORMS : keyFormsOf(type)),
      nullIsKey: nullsNotDistinct && !column.notNull,
    });
  }
  const isOwnCollation = comparisons.every((comparison) => comparison.isOwnCollation);
  if (predicate === null) {
    return { name, columns, isOwnCollation, predicate: undefined };
  }
  const inPredicate = index.dependsOn.map((column) => byName.get(column));
  return inPredicate.every((column) => column !== undefined)
    ? { name, columns, isOwnCollation, predicate: { sql: predicate, columns: inPredicate } }
    : NOT_CARRIED;
}

/** Without a collation, ON CONFLICT would take every index on the same columns. */
function isComparedOtherwise(
  { name, collation }: IndexedColumn,
  index: LiveIndex,
  others: readonly LiveIndex[],
): boolean {
  return others.some(
    (other) =>
      areColumns(index.comparisons, other.columns) &&
      other.comparisons.some((comparison) => comparison.name === name && comparison.collation !== collation),
  );
}

/** Whether columns are those of these names, in any order. */
export function areColumns(columns: readonly { readonly name: string }[], names: readonly string[]): boolean {
  return columns.length === names.length && columns.every(({ name }) => names.includes(name));
}

function columnsOf({ columns, dependsOn }: LiveIndex): readonly string[] {
  return columns.length > 0 ? columns : dependsOn;
}
