import { type ColumnRole, columnRoles } from '../../entities/column-roles.js';
import type { ColumnMetadata } from '../../postgres/typeorm-adapter.js';

/**
 * The property of a column. In an embedded class it is a path, `tax.amount`, for the entity may have an `amount` too; and
 * so it is where a reference is made of several columns, `order.year`, `order.no`, which share a property.
 */
export function propertyOf(column: ColumnMetadata): string {
  return isNested(column) ? column.propertyPath : column.propertyName;
}

/** The names under which a record itself may carry a column; an object in it may carry one by others. */
export function fieldNamesOf(column: ColumnMetadata): string[] {
  return isNested(column) ? [column.databaseName] : [column.databaseName, column.propertyName];
}

/** What a column is for, by our decorators on its own class, which may be an embedded one. */
export function rolesOf({ embeddedMetadata, entityMetadata, propertyName }: ColumnMetadata): ReadonlySet<ColumnRole> {
  const owner = embeddedMetadata?.type ?? entityMetadata.target;
  return (typeof owner === 'function' ? columnRoles(owner).get(propertyName) : undefined) ?? new Set();
}

/** The property holds more than the column: an embedded class, or a reference made of several columns. */
function isNested({ embeddedMetadata, isVirtual, relationMetadata }: ColumnMetadata): boolean {
  return embeddedMetadata !== undefined || (isVirtual && (relationMetadata?.joinColumns.length ?? 0) > 1);
}
