import type { EntityMetadata } from 'typeorm';

import { InvalidLoadError } from '../../errors/index.js';
import type { ColumnMetadata, EmbeddedMetadata, RelationMetadata } from '../../postgres/typeorm-adapter.js';
import { fieldNamesOf } from '../../schema/table/entity-column.js';
import type { ColumnField, Field, PlanColumn, RelationField } from '../model/load-plan.js';

/** What one object of a record gives: the record itself, or an embedded object in it. */
type Level = Pick<EmbeddedMetadata, 'embeddeds' | 'relations' | 'relationIds'> & {
  readonly columns: readonly ColumnMetadata[];
};

/** What the names of fields need of a column. */
type NamedColumn = Pick<PlanColumn, 'aliases' | 'fillsFrom'>;

const IGNORED: Field<never> = { kind: 'ignored' };

/**
 * What each key of a record stands for.
 * @param fieldOf - the field of each column, by column name
 * @throws InvalidLoadError when one key means two columns
 */
export function recordFields<C extends NamedColumn>(
  metadata: EntityMetadata,
  columns: readonly C[],
  fieldOf: ReadonlyMap<string, Field<C>>,
): Map<string, Field<C>> {
  const { ownColumns, ownRelations, embeddeds, relationIds } = metadata;
  const own: Level = { columns: ownColumns, relations: ownRelations, embeddeds, relationIds };
  const fields = fieldsOf(own, fieldOf);
  for (const column of metadata.columns) {
    const field = fieldOf.get(column.databaseName);
    for (const name of field === undefined ? [] : fieldNamesOf(column)) {
      addColumn(metadata, fields, name, field as Field<C>);
    }
  }
  // Fields that are filled from others.
  for (const name of columns.flatMap((column) => [...column.aliases, ...column.fillsFrom])) {
    if (!fields.has(name)) {
      fields.set(name, { kind: 'fallback' });
    }
  }
  return fields;
}

/** The fields by the names of properties. */
function fieldsOf<C>(level: Level, fieldOf: ReadonlyMap<string, Field<C>>): Map<string, Field<C>> {
  const fields = new Map<string, Field<C>>();
  for (const column of level.columns) {
    // TypeORM computes a @VirtualColumn when it reads.
    fields.set(column.propertyName, fieldOf.get(column.databaseName) ?? IGNORED);
  }
  for (const embedded of level.embeddeds) {
    fields.set(embedded.propertyName, { kind: 'embedded', fields: fieldsOf(embedded, fieldOf) });
  }
  for (const relation of level.relations) {
    const { propertyName } = relation;
    const field = relationField(relation, fieldOf);
    fields.set(propertyName, field);
    if (relation.isLazy) {
      // Where TypeORM keeps what it has loaded of a lazy relation.
      fields.set(`__${propertyName}__`, field);
      fields.set(`__has_${propertyName}__`, IGNORED);
      fields.set(`__promise_${propertyName}__`, IGNORED);
    }
  }
  for (const { relation, propertyName, queryBuilderFactory } of level.relationIds) {
    const field = relationField(relation, fieldOf);
    // Its null may mean that the query of the decorator has left the row out.
    const isKey = field.kind === 'relation' && queryBuilderFactory === undefined;
    fields.set(propertyName, isKey ? { ...field, passesNull: true } : IGNORED);
  }
  return fields;
}

/** The foreign key of a relation; other relations are rows of other tables. */
function relationField<C>(relation: RelationMetadata, fieldOf: ReadonlyMap<string, Field<C>>): Field<C> {
  if (!relation.isManyToOne && !relation.isOneToOneOwner) {
    return IGNORED;
  }
  const references = relation.joinColumns.flatMap(({ databaseName, referencedColumn }) => {
    const field = fieldOf.get(databaseName);
    return field?.kind === 'column' && referencedColumn !== undefined
      ? [{ path: pathOf(referencedColumn), column: field.column }]
      : [];
  });
  return references.length > 0 ? referenceField(references) : IGNORED;
}

interface Reference<C> {
  /** Where the related object holds the key. */
  readonly path: readonly string[];
  readonly column: C;
}

function referenceField<C>(references: readonly Reference<C>[]): RelationField<C> {
  const members = new Map<string, RelationField<C> | ColumnField<C>>();
  for (const [name = ''] of references.map(({ path }) => path)) {
    const inner = references.filter(({ path }) => path[0] === name);
    const [{ path, column }] = inner as [Reference<C>];
    members.set(
      name,
      path.length === 1
        ? { kind: 'column', column }
        : referenceField(inner.map((reference) => ({ ...reference, path: reference.path.slice(1) }))),
    );
  }
  return { kind: 'relation', columns: references.map(({ column }) => column), members, passesNull: false };
}

/** The properties that lead to a column, also where it is a reference itself. */
function pathOf(column: ColumnMetadata): string[] {
  const { embeddedMetadata, isVirtual, relationMetadata, referencedColumn, propertyName } = column;
  const isReference = isVirtual && relationMetadata !== undefined && referencedColumn !== undefined;
  return [
    ...(embeddedMetadata?.parentPropertyNames ?? []),
    propertyName,
    ...(isReference ? pathOf(referencedColumn) : []),
  ];
}

/**
 * Rejects a name that means two columns. A relation also takes the key of its column, so both may have one name; another
 * column replaces the relation of another table.
 */
function addColumn<C>(metadata: EntityMetadata, fields: Map<string, Field<C>>, name: string, field: Field<C>): void {
  const other = fields.get(name);
  const isItsRelation = other?.kind === 'relation' && field.kind === 'column' && other.columns.includes(field.column);
  if (isItsRelation || other?.kind === 'embedded' || other === field) {
    return;
  }
  const isOfOtherTable = other?.kind === 'ignored' && metadata.relations.some((r) => r.propertyName === name);
  if (other !== undefined && !isOfOtherTable) {
    throw new InvalidLoadError(
      `${metadata.name}: ${JSON.stringify(name)} is the property of one column and the name of another, so a ` +
        'record is ambiguous. Rename the property.',
    );
  }
  fields.set(name, field);
}
