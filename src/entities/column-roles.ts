import 'reflect-metadata';

/**
 * What a column means to the loader, besides its type:
 * - `preserved`: null keeps the stored value on merge, as absent does
 * - `newerBy`: an incoming row with a smaller value than the stored one changes nothing
 * - `extra`: jsonb for fields without a column
 * - `capturedBefore`: older versions without this column capture its field into the extra column
 * - `loadId`: uuid of the load that last wrote the row
 * - `updatedAt`: when a load last changed the row
 */
export type ColumnRole = 'preserved' | 'newerBy' | 'extra' | 'capturedBefore' | 'loadId' | 'updatedAt';

const ROLES = Symbol('harbor-storage:column-roles');

function role(name: ColumnRole): () => PropertyDecorator {
  return () => (prototype, property) => {
    const roles = columnRoles(prototype.constructor);
    const own = new Set([...(roles.get(String(property)) ?? []), name]);
    Reflect.defineMetadata(ROLES, new Map([...roles, [String(property), own]]), prototype.constructor);
  };
}

/** Marks a column whose stored value an incoming null does not erase. */
export const Preserved = role('preserved');
/** Marks the column that tells a merge which row is newer. */
export const NewerBy = role('newerBy');
/** Marks the jsonb column, nullable or with a default, for fields without a column. */
export const ExtraFields = role('extra');
/**
 * Marks a column that older versions of the application do not know: they capture its field into the extra column.
 * When a merge writes the column, it removes the captured value from the extra column. So while both versions write, a
 * value captured under the column's name is newer than the column.
 */
export const CapturedBefore = role('capturedBefore');
/** Marks the uuid column that names the load that last wrote the row. */
export const LoadId = role('loadId');
/**
 * Marks the timestamptz column of the time a load last changed the row. Use it instead of `@UpdateDateColumn`, for which
 * TypeORM's own upsert writes DEFAULT.
 */
export const UpdatedAt = role('updatedAt');

/** Property name → roles, of a class and its parents. */
export function columnRoles(entity: object): ReadonlyMap<string, ReadonlySet<ColumnRole>> {
  return (Reflect.getMetadata(ROLES, entity) as ReadonlyMap<string, ReadonlySet<ColumnRole>> | undefined) ?? new Map();
}
