import { quoteIdentifier } from '../../postgres/identifiers.js';
import { baseTypeOf, type ColumnMetadata, defaultOf, fullTypeOf } from '../../postgres/typeorm-adapter.js';
import { rolesOf } from '../table/entity-column.js';
import type { LiveColumn } from '../table/live-table.js';

/** Types with a default length. */
const LENGTH_ONE: ReadonlySet<string> = new Set(['character', 'bit']);

/** The type of a column as declared by the entity: `character varying(20)`, `text[]`. */
export function expectedType(column: ColumnMetadata): string {
  return fullTypeOf(column)
    .toLowerCase()
    .replace(/ array$/, '[]')
    .replace(/^(timestamp|time)(\(\d+\))?$/, '$1$2 without time zone');
}

/** Whether both types are the same apart from length or precision. */
export function isSameBaseType(column: ColumnMetadata, live: LiveColumn): boolean {
  if (isEnum(column)) {
    return live.isEnum || live.type.endsWith('[]');
  }
  return baseOf(live.type) === baseOf(baseTypeOf(column) + (column.isArray ? '[]' : ''));
}

/** Whether length, precision and scale are also the same. */
export function isSameType(column: ColumnMetadata, live: LiveColumn): boolean {
  return (
    isSameBaseType(column, live) && (isEnum(column) || modifierOf(live.fullType) === modifierOf(expectedType(column)))
  );
}

function isEnum({ type }: ColumnMetadata): boolean {
  return type === 'enum' || type === 'simple-enum';
}

/** Types outside the search_path include their schema; fixed-length types have an internal name. */
function baseOf(type: string): string {
  const name = type.slice(type.lastIndexOf('.') + 1).replaceAll('"', '');
  return name.replace(/^bpchar/, 'character');
}

/** The modifier of a type, including Postgres' defaults. */
function modifierOf(fullType: string): string {
  const [, name = '', modifier] = /^([^(]*)(?:\(([^)]*)\))?/.exec(fullType.toLowerCase()) ?? [];
  const base = baseOf(name.replace('[]', '').trim());
  if (modifier === undefined) {
    return LENGTH_ONE.has(base) ? '1' : '';
  }
  const digits = modifier.replaceAll(' ', '');
  return base === 'numeric' && !digits.includes(',') ? `${digits},0` : digits;
}

/** The default as SQL; `generated` if the database generates the value; undefined without a default. */
export function expectedDefault(column: ColumnMetadata): string | undefined {
  return column.isGenerated ? 'generated' : defaultOf(column);
}

/** Whether the live default means the same, judged by its text. */
export function isSameDefault(expected: string, live: LiveColumn): boolean {
  if (expected === 'generated' || live.defaultExpression === undefined) {
    return live.hasDefault;
  }
  return canonicalDefault(expected) === canonicalDefault(live.defaultExpression);
}

/** Postgres adds casts and brackets, quotes numbers, and has two names for now(). */
function canonicalDefault(sql: string): string {
  let text = sql.trim();
  let before: string;
  do {
    before = text;
    text = text
      .replace(/^\((.*)\)$/s, '$1')
      .replace(/::[a-z0-9_ ."]+(\([\d, ]+\))?(\[\])?$/i, '')
      .trim();
  } while (text !== before);
  const literal = /^'(.*)'$/s.exec(text)?.[1];
  if (literal === undefined) {
    return text.toLowerCase() === 'current_timestamp' ? 'now()' : text.toLowerCase();
  }
  try {
    // JSON, numbers and booleans are compared by value.
    return JSON.stringify(JSON.parse(literal.replaceAll("''", "'")));
  } catch {
    return literal;
  }
}

/** Column definition for ALTER TABLE … ADD, as declared by the entity. */
export function columnDefinition(column: ColumnMetadata): string {
  const byDefault = expectedDefault(column);
  return [
    quoteIdentifier(column.databaseName),
    expectedType(column),
    column.isNullable ? '' : 'NOT NULL',
    byDefault === undefined || byDefault === 'generated' ? '' : `DEFAULT ${byDefault}`,
  ]
    .filter((part) => part !== '')
    .join(' ');
}

/** The loader writes the column in every row itself. */
export function isWrittenByLoader(column: ColumnMetadata): boolean {
  const roles = rolesOf(column);
  return column.isUpdateDate || column.isVersion || roles.has('updatedAt') || roles.has('loadId');
}
