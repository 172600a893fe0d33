import { QueryFailedError, TypeORMError } from 'typeorm';

import { StorageError } from '../errors/index.js';

/**
 * TypeORM connects before it builds the entities, so their mistakes come up where connections fail.
 * @returns undefined for any other error
 */
export function entitiesError(error: unknown): StorageError | undefined {
  // A class that is used before a circular import has set it is a ReferenceError.
  const isOfEntities = error instanceof TypeORMError || error instanceof ReferenceError;
  if (!isOfEntities || error instanceof QueryFailedError) {
    return undefined;
  }
  return new StorageError(
    'ENTITIES_INVALID',
    `TypeORM does not accept the entities: ${error.message.replace(/\.$/, '')}. To fix: correct the entity that it names; an entity that ` +
      'others refer to must be registered, too (StorageModule.forFeature([…])).',
    { cause: error },
  );
}
