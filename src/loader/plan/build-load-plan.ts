import type { EntityMetadata } from 'typeorm';

import type { ColumnRole } from '../../entities/column-roles.js';
import { unknownFieldsOf } from '../../entities/unknown-fields.js';
import { InvalidLoadError } from '../../errors/index.js';
import { quoteIdentifier, quoteTable } from '../../postgres/identifiers.js';
import type { ColumnMetadata } from '../../postgres/typeorm-adapter.js';
import { fieldRules, recordClassOf } from '../../records/record-decorators.js';
import { findMissingKeys } from '../../schema/compare/compare-keys.js';
import { propertyOf, rolesOf } from '../../schema/table/entity-column.js';
import { classOf } from '../../schema/table/entity-metadata.js';
import type { LiveColumn, LiveTable } from '../../schema/table/live-table.js';
import type { Field, LoadPlan, PlanColumn } from '../model/load-plan.js';
import { checkTable } from './check-table.js';
import { planColumn } from './plan-column.js';
import { planKeys } from './plan-keys.js';
import { compileRecordCheck } from '../normalize/record-checks.js';
import { recordFields } from './record-fields.js';
import { storedColumnsOf } from './returned-columns.js';

/** Columns that the loader itself writes. */
type OwnedRole = (typeof OWNED_ROLES)[number];
const OWNED_ROLES = ['extra', 'loadId', 'updatedAt', 'version'] as const;

/**
 * Builds the plan of an entity from TypeORM's metadata and the live table.
 * @param fingerprint - of the table, read before it
 * @throws InvalidLoadError when its decorators contradict each other or the table
 */
export function buildLoadPlan(
  metadata: EntityMetadata,
  schema: string,
  table: LiveTable,
  fingerprint: string,
): LoadPlan {
  checkTable(metadata, table);
  const entity = classOf(metadata);
  const recordClass = recordClassOf(entity);
  const rules = fieldRules(recordClass);
  const owned = new Map<OwnedRole | 'newerBy', ColumnMetadata>();
  const fieldOf = new Map<string, Field>();
  const columns: PlanColumn[] = [];
  for (const column of metadata.columns.filter(({ isVirtualProperty }) => !isVirtualProperty)) {
    const live = table.columns.get(column.databaseName) as LiveColumn;
    const roles = allRolesOf(column);
    const ownedAs = OWNED_ROLES.find((role) => roles.has(role));
    let field: Field;
    if (ownedAs !== undefined) {
      owned.set(ownedAs, column);
      field = { kind: ownedAs === 'extra' ? 'extra' : 'ignored' };
    } else if (isComputed(live) || !column.isInsert || column.generatedType !== undefined) {
      field = { kind: 'ignored' };
    } else {
      const rule = rules.get(propertyOf(column)) ?? {};
      const planned = planColumn(columns.length, column, live, rule, roles);
      columns.push(planned);
      field = { kind: 'column', column: planned };
    }
    if (roles.has('newerBy')) {
      owned.set('newerBy', column);
    }
    fieldOf.set(column.databaseName, field);
  }
  const checks = compileRecordCheck(recordClass, (property) => guaranteedBy(columns, property));
  const newerBy = columns.find(({ name }) => name === owned.get('newerBy')?.databaseName);
  if (owned.has('newerBy') && newerBy === undefined) {
    throw new InvalidLoadError(
      `@NewerBy() of ${metadata.name}.${owned.get('newerBy')?.propertyName}: the loader or the database writes this ` +
        'column, so records cannot say which is newer. Mark another column',
    );
  }
  const unknownFields = unknownFieldsOf(entity);
  if (unknownFields === 'capture' && !owned.has('extra')) {
    throw new InvalidLoadError(
      `@OnUnknownFields('capture') of ${metadata.name}: the entity has no column for them. Mark a jsonb column with ` +
        '@ExtraFields()',
    );
  }
  const extra = owned.get('extra');
  const liveExtra = extra === undefined ? undefined : table.columns.get(extra.databaseName);
  if (extra !== undefined && liveExtra !== undefined) {
    checkExtra(`${metadata.name}.${extra.propertyName}`, liveExtra);
  }
  const quoted = (role: OwnedRole): string | undefined => {
    const column = owned.get(role);
    return column === undefined ? undefined : quoteIdentifier(column.databaseName);
  };
  return {
    entityName: metadata.name,
    table: metadata.tableName,
    schema: metadata.schema,
    quotedTable: quoteTable(schema, metadata.tableName),
    columns,
    storedColumns: storedColumnsOf(metadata, table),
    skipColumns: columns.filter((column) => column.skipWhenAbsent),
    aliasedColumns: columns.filter((column) => column.aliases.length > 0),
    filledColumns: columns.filter((column) => column.fillsFrom.length > 0),
    nullSensitiveColumns: columns.filter((column) => column.preserved || column.notNull),
    emptyValues: columns.map(() => undefined),
    ...planKeys(
      table,
      columns,
      metadata.primaryColumns.map((column) => column.databaseName),
    ),
    missingKeys: findMissingKeys(metadata, table, quoteTable(schema, metadata.tableName)),
    fields: recordFields(metadata, columns, fieldOf),
    newerBy,
    unknownFields,
    extra: quoted('extra'),
    extraName: extra?.databaseName,
    extraDefault: liveExtra?.defaultExpression,
    extraNotNull: liveExtra?.notNull === true,
    extraUpdatable: true,
    loadId: quoted('loadId'),
    updatedAt: quoted('updatedAt'),
    version: quoted('version'),
    liveExtra,
    live: table,
    fingerprint,
    check: checks?.check,
    checkedColumns: columns.filter((column) => checks?.properties.includes(column.property)),
  };
}

/** The roles of a column, from our decorators and TypeORM's. */
function allRolesOf(column: ColumnMetadata): ReadonlySet<ColumnRole | 'version'> {
  const found = new Set<ColumnRole | 'version'>(rolesOf(column));
  if (column.isVersion) {
    found.add('version');
  }
  if (column.isUpdateDate) {
    found.add('updatedAt');
  }
  return found;
}

/** class-validator rules that the conversion to the column's type implies. */
const KEPT_BY_TYPE: Readonly<Record<string, string>> = {
  text: 'isString',
  'character varying': 'isString',
  'double precision': 'isNumber',
  real: 'isNumber',
  boolean: 'isBoolean',
};

function guaranteedBy(columns: readonly PlanColumn[], property: string): string | undefined {
  const column = columns.find((candidate) => candidate.property === property);
  return column === undefined || column.hasTransformer ? undefined : KEPT_BY_TYPE[column.type];
}

/** A generated column; an identity is one by a name only, since it has no expression. */
function isComputed({ readOnly, defaultExpression }: LiveColumn): boolean {
  return readOnly && defaultExpression !== undefined;
}

function checkExtra(property: string, { type, notNull, hasDefault }: LiveColumn): void {
  const wrong = type === 'jsonb' ? 'NOT NULL without a default' : `of type ${type}`;
  if (type !== 'jsonb' || (notNull && !hasDefault)) {
    throw new InvalidLoadError(
      `@ExtraFields() of ${property}: the column is ${wrong}, and must be a jsonb column that is nullable or has a default`,
    );
  }
}
