import type { EntityMetadata } from 'typeorm';

import { MAX_IDENTIFIER_BYTES } from '../../../postgres/identifiers.js';
import { fieldRules, type RecordClass, recordClassOf } from '../../../records/record-decorators.js';
import { fieldNamesOf } from '../../table/entity-column.js';

/** The names a field takes when it becomes a column; one of the two is the field's own, by which records bring it. */
export interface ColumnNames {
  readonly column: string;
  readonly property: string;
}

/** Why a field cannot become a column by its name. */
export interface NameRejection {
  readonly reason: NameRejectionReason;
  readonly message: string;
}

type NameRejectionReason = 'empty_name' | 'name_too_long' | 'unusable_name' | 'reserved_name' | 'name_collision';

/** https://www.postgresql.org/docs/current/ddl-system-columns.html */
const SYSTEM_COLUMNS: ReadonlySet<string> = new Set(['tableoid', 'xmin', 'cmin', 'xmax', 'cmax', 'ctid', 'oid']);

/** What TypeORM takes in a column's name wherever it puts one. */
const USABLE = /^[\p{L}\p{N}_$ -]+$/u;
const CAMEL_CASE = /^[a-z][a-z0-9]*[A-Z][A-Za-z0-9]*$/;

/** The names of a field's column, or why it can have none; fields of the same table are not looked at. */
export function namesOf(field: string): ColumnNames | NameRejection {
  if (field === '') {
    return { reason: 'empty_name', message: 'it has no name' };
  }
  const bytes = Buffer.byteLength(field);
  if (bytes > MAX_IDENTIFIER_BYTES) {
    return {
      reason: 'name_too_long',
      message: `its name has ${bytes} bytes, and Postgres would cut it to ${MAX_IDENTIFIER_BYTES}`,
    };
  }
  // Of an object every field of its prototype is there already.
  if (field in {} || field === 'prototype' || SYSTEM_COLUMNS.has(field) || field === 'harbor mask') {
    return { reason: 'reserved_name', message: 'the name is reserved' };
  }
  const property = CAMEL_CASE.test(field) ? field : propertyOf(field);
  if (!USABLE.test(field) || property === undefined || property in {}) {
    return { reason: 'unusable_name', message: 'the name has characters no column or property can have' };
  }
  return { column: CAMEL_CASE.test(field) ? toSnakeCase(field) : field, property };
}

function toSnakeCase(field: string): string {
  return field.replaceAll(/([a-z0-9])(?=[A-Z])|([A-Z])(?=[A-Z][a-z])/g, '$&_').toLowerCase();
}

function propertyOf(field: string): string | undefined {
  const [first, ...others] = field.split(/[^\p{L}\p{N}]+/u).filter(Boolean);
  if (first === undefined) {
    return undefined;
  }
  const start = first === first.toUpperCase() ? first.toLowerCase() : first.charAt(0).toLowerCase() + first.slice(1);
  const name = start + others.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
  return /^\p{N}/u.test(name) ? `_${name}` : name;
}

/** Names that nobody could tell apart in SQL and in TypeScript are one: `Foo`, `foo` and `FOO`; `a_b` and `aB`. */
function identity(name: string): string {
  return name.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '');
}

/** Tells which fields would be one column with another field, or with something the entity has. */
export class NameCollisions {
  private readonly fields = new Map<string, string[]>();
  private readonly taken = new Map<string, string>();
  private readonly fallbacks: ReadonlySet<string>;
  private readonly members: object;

  constructor(metadata: EntityMetadata, fields: readonly string[]) {
    for (const field of fields) {
      this.fields.set(identity(field), [...(this.fields.get(identity(field)) ?? []), field]);
    }
    const columns = metadata.columns.flatMap(fieldNamesOf);
    const members = [...metadata.relations, ...metadata.embeddeds].map(({ propertyName }) => propertyName);
    [...columns, ...members].forEach((name) => this.taken.set(identity(name), name));
    const target = metadata.target as RecordClass;
    this.fallbacks = new Set(
      [...fieldRules(recordClassOf(target)).values()]
        .flatMap(({ aliases = [], fillsFrom = [] }) => [...aliases, ...fillsFrom])
        .map(identity),
    );
    this.members = target.prototype as object;
  }

  /** Why this field cannot have these names; undefined when it can. */
  find(field: string, { property }: ColumnNames): NameRejection | undefined {
    const others = this.fields.get(identity(field))?.filter((other) => other !== field) ?? [];
    const taken = this.taken.get(identity(field));
    if (others.length > 0) {
      const names = others.slice(0, 3).map((name) => JSON.stringify(name));
      return collision(`its name and ${names.join(', ')} would be one`);
    }
    if (taken !== undefined) {
      return collision(`its name and the column ${JSON.stringify(taken)} would be one`);
    }
    if (this.fallbacks.has(identity(field))) {
      return collision('records bring it as a fallback field for another column');
    }
    return property in this.members ? collision(`the entity has a member ${property}`) : undefined;
  }
}

function collision(message: string): NameRejection {
  return { reason: 'name_collision', message };
}
