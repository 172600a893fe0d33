import { type ColumnRole, columnRoles } from '../../entities/column-roles.js';
import type { ColumnMetadata } from '../../postgres/typeorm-adapter.js';

/**
 * The property path of a column. In an embedded class it is a path such as `tax.amount`, because the entity may also have an
 * `amount`. Columns of a composite reference, such as `order.year` and `order.no`, share a property in the same way.
 */
export function propertyOf(column: ColumnMetadata): string {
  return isNested(column) ? column.propertyPath : column.propertyName;
}

/** Names under which a record may contain a column at its top level; nested objects may use others. */
export function fieldNamesOf(column: ColumnMetadata): string[] {
  return isNested(column) ? [column.databaseName] : [column.databaseName, column.propertyName];
}

/** Roles of a column, set by our decorators on its own class, which may be embedded. */
export function rolesOf({ embeddedMetadata, entityMetadata, propertyName }: ColumnMetadata): ReadonlySet<ColumnRole> {
  const owner = embeddedMetadata?.type ?? entityMetadata.target;
  return (typeof owner === 'function' ? columnRoles(owner).get(propertyName) : undefined) ?? new Set();
}

/** The property holds more than the column: an embedded class, or a composite reference. */
function isNested({ embeddedMetadata, isVirtual, relationMetadata }: ColumnMetadata): boolean {
  return embeddedMetadata !== undefined || (isVirtual && (relationMetadata?.joinColumns.length ?? 0) > 1);
}
