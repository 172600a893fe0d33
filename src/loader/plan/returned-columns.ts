import type { EntityMetadata } from 'typeorm';

import { InvalidLoadError } from '../../errors/index.js';
import { nearestName } from '../../errors/nearest-name.js';
import { quoteIdentifier } from '../../postgres/identifiers.js';
import { putHydrated } from '../../postgres/typeorm-adapter.js';
import { propertyOf } from '../../schema/table/entity-column.js';
import type { LiveColumn, LiveTable } from '../../schema/table/live-table.js';
import type { KeyColumn, LoadPlan, StoredColumn } from '../model/load-plan.js';
import type { ReturnedColumns } from '../model/load-job.js';

/** The columns of an entity, as its table stores them. */
export function storedColumnsOf(metadata: EntityMetadata, { columns }: LiveTable): StoredColumn[] {
  return metadata.columns
    .filter(({ isVirtualProperty }) => !isVirtualProperty)
    .map((column) => ({
      name: column.databaseName,
      quoted: quoteIdentifier(column.databaseName),
      property: propertyOf(column),
      declaredType: (columns.get(column.databaseName) as LiveColumn).declaredType,
      put: (entity, value) => putHydrated(column, entity, value),
    }));
}

/**
 * The columns a load gives back of each row: those of its key, and those that are asked for.
 * @param names - properties of the entity; an embedded class stands for all of its columns
 * @throws InvalidLoadError when one of them has no column
 */
export function returnedColumns(
  { storedColumns, entityName }: LoadPlan,
  key: readonly KeyColumn[],
  names: readonly string[],
): ReturnedColumns {
  const asked = names.flatMap((name) => {
    const found = storedColumns.filter(({ property }) => property === name || property.startsWith(`${name}.`));
    if (found.length === 0) {
      const nearest = nearestName(
        name,
        storedColumns.map(({ property }) => property),
      );
      throw new InvalidLoadError(
        `returning: ${entityName} has no column property ${JSON.stringify(name)}` +
          (nearest === undefined ? '' : `. Did you mean ${nearest}?`),
      );
    }
    return found;
  });
  const ofKey = key.flatMap(({ name }) => storedColumns.filter((column) => column.name === name));
  return { columns: [...ofKey, ...asked], keyColumns: ofKey.length };
}
