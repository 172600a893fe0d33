import type { EntityMetadata } from 'typeorm';

import { MAX_IDENTIFIER_BYTES } from '../../../postgres/identifiers.js';
import { fieldRules, recordClassOf } from '../../../records/record-decorators.js';
import { fieldNamesOf } from '../../table/entity-column.js';
import { classOf } from '../../table/entity-metadata.js';

/** Column and property name of a field; records bring the field under one of them. */
export interface ColumnNames {
  readonly column: string;
  readonly property: string;
}

/** Why a field name rules out a column. */
export interface NameRejection {
  readonly reason: NameRejectionReason;
  readonly message: string;
}

type NameRejectionReason = 'empty_name' | 'name_too_long' | 'unusable_name' | 'reserved_name' | 'name_collision';

/** https://www.postgresql.org/docs/current/ddl-system-columns.html */
const SYSTEM_COLUMNS: ReadonlySet<string> = new Set(['tableoid', 'xmin', 'cmin', 'xmax', 'cmax', 'ctid', 'oid']);

/** Column names that TypeORM accepts everywhere. */
const USABLE = /^[\p{L}\p{N}_$ -]+$/u;
const CAMEL_CASE = /^[a-z][a-z0-9]*[A-Z][A-Za-z0-9]*$/;

/** Names for the column of a field, or why there are none; other fields of the table are ignored. */
export function namesOf(field: string): ColumnNames | NameRejection {
  if (field === '') {
    return { reason: 'empty_name', message: 'the name is empty' };
  }
  const bytes = Buffer.byteLength(field);
  if (bytes > MAX_IDENTIFIER_BYTES) {
    return {
      reason: 'name_too_long',
      message: `the name has ${bytes} bytes, but Postgres truncates names to ${MAX_IDENTIFIER_BYTES}`,
    };
  }
  // Names on Object.prototype exist on every object.
  if (field in {} || field === 'prototype' || SYSTEM_COLUMNS.has(field) || field === 'harbor mask') {
    return { reason: 'reserved_name', message: 'the name is reserved' };
  }
  const property = CAMEL_CASE.test(field) ? field : propertyOf(field);
  if (!USABLE.test(field) || property === undefined || property in {}) {
    return { reason: 'unusable_name', message: 'the name has characters that a column or property cannot have' };
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

/** Names too similar for SQL and TypeScript count as one: `Foo`, `foo` and `FOO`; `a_b` and `aB`. */
function identity(name: string): string {
  return name.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '');
}

/** Finds fields whose column would collide with another field or a member of the entity. */
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
    const target = classOf(metadata);
    this.fallbacks = new Set(
      [...fieldRules(recordClassOf(target)).values()]
        .flatMap(({ aliases = [], fillsFrom = [] }) => [...aliases, ...fillsFrom])
        .map(identity),
    );
    this.members = target.prototype as object;
  }

  /** Why this field cannot have these names, or undefined. */
  find(field: string, { property }: ColumnNames): NameRejection | undefined {
    const others = this.fields.get(identity(field))?.filter((other) => other !== field) ?? [];
    const taken = this.taken.get(identity(field));
    if (others.length > 0) {
      const names = others.slice(0, 3).map((name) => JSON.stringify(name));
      return collision(`the name collides with ${names.join(', ')}`);
    }
    if (taken !== undefined) {
      return collision(`the name collides with the column ${JSON.stringify(taken)}`);
    }
    if (this.fallbacks.has(identity(field))) {
      return collision('the field is a fallback field of another column');
    }
    return property in this.members ? collision(`the entity has a member ${property}`) : undefined;
  }
}

function collision(message: string): NameRejection {
  return { reason: 'name_collision', message };
}
