import { InvalidLoadError, SchemaMismatchError } from '../../errors/index.js';
import type { LoadPlan, UniqueKey } from '../model/load-plan.js';
import { areColumns } from './plan-keys.js';

/**
 * The unique index a merge goes by. A whole index comes before a partial one, and one that compares as its columns do
 * before others.
 * @param names - columns or properties, or the name of the index alone
 * @throws InvalidLoadError when no unique index covers exactly the given columns, several do, or it cannot be used
 * @throws SchemaMismatchError when the entity has one that the live table lacks
 */
export function resolveKey(plan: LoadPlan, names: readonly string[]): UniqueKey {
  const wanted = [...new Set(names.flatMap((name) => columnsOf(plan, name)))];
  const isWanted = (index: Pick<UniqueKey, 'name'>, columns: readonly { readonly name: string }[]): boolean =>
    areColumns(columns, wanted) || isNamed(plan, index, names);
  const usable = plan.uniqueKeys.filter((key) => isWanted(key, key.columns));
  const whole = usable.filter(({ predicate }) => predicate === undefined);
  const found = whole.length > 0 ? whole : usable;
  const key = found.find(({ isOwnCollation, predicate }) => isOwnCollation && predicate === undefined) ?? found[0];
  if (key === undefined) {
    throw noKey(plan, names, wanted);
  }
  if (found.length > 1 && (key.predicate !== undefined || !key.isOwnCollation)) {
    throw new InvalidLoadError(
      `${plan.entityName} has several unique indexes on (${names.join(', ')}): ` +
        `${found.map(({ name }) => name).join(', ')}. Set primaryKey to the name of one of them.`,
    );
  }
  return key;
}

/** The name of a column, given that or the property; the columns of a relation. */
function columnsOf(plan: LoadPlan, name: string): readonly string[] {
  const field = plan.fields.get(name);
  return field?.kind === 'relation'
    ? field.columns.map((column) => column.name)
    : [field?.kind === 'column' ? field.column.name : name];
}

function isNamed(plan: LoadPlan, { name }: Pick<UniqueKey, 'name'>, names: readonly string[]): boolean {
  return names.length === 1 && names[0] === name && !plan.fields.has(name);
}

function noKey(plan: LoadPlan, names: readonly string[], wanted: readonly string[]): Error {
  const onColumns = (columns: readonly string[]): boolean =>
    areColumns(
      columns.map((name) => ({ name })),
      wanted,
    );
  const missing = plan.missingKeys.find(({ columns }) => onColumns(columns));
  if (missing !== undefined) {
    return new SchemaMismatchError([{ ...missing.difference, breaks: true }]);
  }
  const unusable = plan.unusableKeys.find((index) => onColumns(index.columns) || isNamed(plan, index, names));
  const what =
    unusable === undefined
      ? `${plan.entityName} has no unique index on (${names.join(', ')}), so it cannot be the key of a load. `
      : `The unique index ${unusable.name} on (${unusable.definition}) of ${plan.entityName} cannot be the key of a load: ` +
        `${unusable.reason}. `;
  const candidates = plan.uniqueKeys.map(describeKey);
  const { partitionKey } = plan.live.kind;
  const partitioned =
    partitionKey === null
      ? ''
      : `. Its table is partitioned by ${partitionKey}, so each of its unique keys contains the columns of that`;
  return new InvalidLoadError(
    `${what}Set primaryKey to one of its unique keys: ${candidates.join(', ') || 'none'}${partitioned}`,
  );
}

function describeKey({ name, columns, predicate }: UniqueKey): string {
  const on = `(${columns.map((column) => column.name).join(', ')})`;
  return predicate === undefined ? on : `${on} of the partial index ${name}`;
}
