import type { DataSource } from 'typeorm';

import { HYBRID, HYBRID_ENTITIES } from '../../entities/index.js';
import { fieldRules, recordClassOf } from '../../records/record-decorators.js';
import type { Reading } from '../../records/source-record.js';
import { fieldNamesOf, propertyOf } from '../../schema/table/entity-column.js';
import { classOf } from '../../schema/table/entity-metadata.js';

/**
 * Whether a field of a rejected record may be the one of the column at fault: under the name of the column or of its property,
 * an alias of it, or an old name that was renamed to one of these.
 */
export function faultNames(
  { entityMetadatas }: DataSource,
  { table, column, reading }: { readonly table: string; readonly column: string; readonly reading: Reading | null },
): (field: string) => boolean {
  const names = new Set([column]);
  const hybrid = new Set<unknown>(table === HYBRID ? HYBRID_ENTITIES : []);
  for (const metadata of entityMetadatas.filter(({ tableName, target }) => tableName === table || hybrid.has(target))) {
    const rules = fieldRules(recordClassOf(classOf(metadata)));
    for (const known of metadata.columns.filter((each) => [each.databaseName, propertyOf(each)].includes(column))) {
      [...fieldNamesOf(known), ...(rules.get(propertyOf(known))?.aliases ?? [])].forEach((name) => names.add(name));
    }
  }
  const { rename = {} } = reading ?? {};
  return (field) => names.has(Object.hasOwn(rename, field) ? (rename[field] ?? field) : field);
}
