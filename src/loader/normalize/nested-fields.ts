import { isDeepStrictEqual } from 'node:util';

import type { EmbeddedField, Field, PlanColumn, RelationField } from '../model/load-plan.js';
import { isAbsent } from '../model/row.js';
import { nameType, RejectedValue } from '../values/rejected-value.js';
import { checkSameValue, conflictOf, isPlainObject, type RowDraft, setValue } from './row-draft.js';

/** Reads the nested object that TypeORM reads the columns of an embedded class into; null is null in each of them. */
export function readEmbedded(draft: RowDraft, embedded: EmbeddedField, name: string, value: unknown): void {
  if (value === null) {
    embedded.fields.forEach((field, member) => readMember(draft, field, `${name}.${member}`, null));
    return;
  }
  if (!isPlainObject(value)) {
    throw new RejectedValue('wrong_type', `expected an object, found ${nameType(value)}`, name);
  }
  for (const [member, content] of Object.entries(value)) {
    if (content !== undefined) {
      const field = embedded.fields.get(member);
      if (field === undefined) {
        throw new RejectedValue('unknown_field', 'no column takes a field of this embedded object', name);
      }
      readMember(draft, field, `${name}.${member}`, content);
    }
  }
}

function readMember(draft: RowDraft, field: Field, name: string, value: unknown): void {
  if (field.kind === 'column') {
    checkSameValue(draft.source, field.column, name, value);
    setValue(draft, field.column, value);
  } else if (field.kind === 'embedded') {
    readEmbedded(draft, field, name, value);
  } else if (field.kind === 'relation') {
    (draft.references ??= []).push([name, field, value]);
  }
}

/** Reads the references of the record into the columns of their foreign keys, once all its columns are read. */
export function readReferences(draft: RowDraft): void {
  for (const [name, field, value] of draft.references ?? []) {
    if (value === null) {
      clearReference(draft, field);
    } else {
      readReference(draft, field, name, value);
    }
  }
}

/**
 * No row is referred to. Where the record carries the column, that counts: a reference is also read as null when its row
 * is soft-deleted. Of a key of several columns, those that cannot be null belong to something else as well.
 */
function clearReference(draft: RowDraft, { columns, passesNull }: RelationField): void {
  if (passesNull) {
    return;
  }
  const open = columns.filter(({ index }) => draft.row.values[index] === undefined);
  const nullable = open.filter(({ notNull }) => !notNull);
  for (const column of columns.length > 1 && nullable.length > 0 ? nullable : open) {
    setValue(draft, column, null);
  }
}

function readReference(draft: RowDraft, { columns, members }: RelationField, name: string, value: unknown): void {
  if (isPlainObject(value)) {
    members.forEach((field, member) => readKey(draft, field, name, member, value));
    return;
  }
  const [column] = columns;
  if (value instanceof Promise) {
    throw new RejectedValue('unsupported_value', 'the reference is a Promise: await it before the load', name);
  }
  if (column === undefined || columns.length > 1) {
    const expected = `expected an object with ${[...members.keys()].join(', ')}`;
    throw new RejectedValue('wrong_type', `${expected}, found ${nameType(value)}`, name);
  }
  setKey(draft, column, name, value);
}

function readKey(
  draft: RowDraft,
  field: Field,
  name: string,
  member: string,
  related: Readonly<Record<string, unknown>>,
): void {
  const key = Object.hasOwn(related, member) ? related[member] : undefined;
  if (isAbsent(key)) {
    const message = `the foreign key refers to ${member}, which the related object lacks`;
    throw new RejectedValue('missing_reference', message, name);
  }
  if (field.kind === 'column') {
    setKey(draft, field.column, name, key);
  } else if (field.kind === 'relation') {
    readReference(draft, field, `${name}.${member}`, key);
  }
}

function setKey(draft: RowDraft, column: PlanColumn, name: string, key: unknown): void {
  const { row, given } = draft;
  const [carried, original] = [row.values[column.index], given?.get(column)];
  setValue(draft, column, key);
  const isSame =
    carried === row.values[column.index] || (given?.has(column) === true && isDeepStrictEqual(original, key));
  if (carried !== undefined && !isSame) {
    throw conflictOf(column, name);
  }
}
