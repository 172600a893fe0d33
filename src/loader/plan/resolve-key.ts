import { InvalidLoadError, SchemaMismatchError } from '../../errors/index.js';
import type { LoadPlan, PlanColumn } from '../model/load-plan.js';

/**
 * The key a merge goes by.
 * @throws InvalidLoadError when no unique index covers exactly the given columns
 * @throws SchemaMismatchError when the entity has one that the live table lacks
 */
export function resolveKey(plan: LoadPlan, primaryKey: readonly string[] | undefined): readonly PlanColumn[] {
  const names = primaryKey ?? plan.primaryKey.map(({ name }) => name);
  if (names.length === 0) {
    return [];
  }
  const wanted = new Set(
    names.map((name) => {
      const field = plan.fields.get(name);
      return field?.kind === 'column' ? field.column.name : name;
    }),
  );
  const isWanted = (columns: readonly string[]): boolean =>
    columns.length === wanted.size && columns.every((column) => wanted.has(column));
  const key = plan.uniqueKeys.find((candidate) => isWanted(candidate.map(({ name }) => name)));
  if (key === undefined) {
    const missing = plan.missingKeys.find(({ columns }) => isWanted(columns));
    if (missing !== undefined) {
      throw new SchemaMismatchError([{ ...missing.difference, breaks: true }]);
    }
    const candidates = plan.uniqueKeys.map((candidate) => `(${candidate.map((column) => column.name).join(', ')})`);
    throw new InvalidLoadError(
      `${plan.entityName} has no unique index on (${names.join(', ')}), so it cannot be the key of a load. ` +
        `Set primaryKey to one of its unique keys: ${candidates.join(', ') || 'none'}`,
    );
  }
  return key;
}
