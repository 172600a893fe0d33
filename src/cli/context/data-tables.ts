import type { DataSource, EntityMetadata } from 'typeorm';

import { HYBRID_ENTITIES, storageEntities } from '../../entities/index.js';

/** The entities whose tables hold data of loads, not their accounts. */
export function dataTables({ entityMetadatas }: DataSource): EntityMetadata[] {
  const accounts = new Set<unknown>(storageEntities);
  HYBRID_ENTITIES.forEach((entity) => accounts.delete(entity));
  return entityMetadatas.filter(({ target }) => !accounts.has(target));
}
