import 'reflect-metadata';

/**
 * What a column means to the loader, beside its type:
 * - `preserved`: null keeps the stored value on merge, as absent does
 * - `newerBy`: an incoming row with a smaller value than the stored one changes nothing
 * - `extra`: jsonb that takes the fields no column knows
 * - `capturedBefore`: older versions, which do not know the column, capture its field into the extra column
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
/** Marks the column by which a merge tells newer rows from older ones. */
export const NewerBy = role('newerBy');
/** Marks the jsonb column, nullable or with a default, that takes the fields no column knows. */
export const ExtraFields = role('extra');
/**
 * Marks a column whose field older versions of the application, which do not know it, capture into the extra column.
 * What a merge brings for the column then takes the place of what they captured: it is removed from the extra column.
 * So as long as both versions write, what lies there under the column's name was written after the column was.
 */
export const CapturedBefore = role('capturedBefore');
/** Marks the uuid column that names the load that last wrote the row. */
export const LoadId = role('loadId');
/**
 * Marks the timestamptz column that tells when a load last changed the row. Use it in place of `@UpdateDateColumn`,
 * for which TypeORM's own upsert writes DEFAULT.
 */
export const UpdatedAt = role('updatedAt');

/** Property name → roles, of a class and its parents. */
export function columnRoles(entity: object): ReadonlyMap<string, ReadonlySet<ColumnRole>> {
  return (Reflect.getMetadata(ROLES, entity) as ReadonlyMap<string, ReadonlySet<ColumnRole>> | undefined) ?? new Map();
}
