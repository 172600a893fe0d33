import type { Rejection } from '../../records/source-record.js';
import type { Normalized } from '../model/load-job.js';
import { parseAsWritten } from '../../files/json/exact-numbers.js';
import { parseJson } from '../values/convert-value.js';
import type { KeyColumn, LoadPlan, PlanColumn } from '../model/load-plan.js';
import { plainValue } from '../values/json-text.js';
import { atColumn, nameType, RejectedValue } from '../values/rejected-value.js';
import { captureField, isAbsent, type Row } from '../model/row.js';
import { applyFallbacks, findPresent, type Source } from './fallback-fields.js';
import { readEmbedded, readReferences } from './nested-fields.js';
import { checkSameValue, isPlainObject, type RowDraft, setValue } from './row-draft.js';

/** A B-tree entry holds at most 2,704 bytes; the rest is its header. */
const MAX_KEY_BYTES = 2_600;

const NOTHING_UNKNOWN: ReadonlyMap<string, unknown> = new Map();

/**
 * Normalizes a record into a row of the plan's table.
 * @param key - the columns of the key; undefined when none is needed (append)
 * @param textual - the record comes from a file that holds only text (csv)
 */
export function normalizeRecord(
  plan: LoadPlan,
  key: readonly KeyColumn[] | undefined,
  record: unknown,
  textual = false,
): Normalized {
  if (!isPlainObject(record)) {
    return { kind: 'rejection', rejection: notAnObject(record) };
  }
  try {
    const skipped = plan.skipColumns.find((column) => isMissing(record, column, key));
    if (skipped !== undefined) {
      return { kind: 'skip', reason: `missing_${skipped.name}` };
    }
    const row: Row = { values: plan.emptyValues.slice(), fills: undefined, special: undefined, extra: undefined };
    const draft: RowDraft = { row, source: record, textual, given: undefined, references: undefined };
    const unknown = readFields(plan, draft);
    checkNulls(plan, row);
    key?.forEach((column) => checkKey(key, column, row.values[column.index]));
    checkRules(plan, draft);
    return { kind: 'row', row, unknown };
  } catch (error) {
    return { kind: 'rejection', rejection: rejectionOf(error) };
  }
}

/** The reason for a record that is none. */
export function notAnObject(record: unknown): Rejection {
  return { rule: 'not_an_object', message: `a record is an object, found ${nameType(record)}` };
}

/** Getters and toJSON are the caller's code; their error costs only their record, and may quote values. */
export function rejectionOf(error: unknown): Rejection {
  if (error instanceof RejectedValue) {
    return { rule: error.rule, column: error.column, message: error.message };
  }
  return { rule: 'unreadable_value', message: 'reading the record threw an error' };
}

/** Fills the row; returns the fields without a column. */
function readFields(plan: LoadPlan, draft: RowDraft): ReadonlyMap<string, unknown> {
  const { row, source, textual } = draft;
  let unknown: Map<string, unknown> | undefined;
  let fallbacks: string[] | undefined;
  // Two lists cost less than to look up each name.
  const [names, contents] = [Object.keys(source), Object.values(source)];
  for (let place = 0; place < names.length; place += 1) {
    const [name, value] = [names[place] as string, contents[place]];
    if (value === undefined) {
      continue;
    }
    const field = plan.fields.get(name);
    if (field === undefined) {
      (unknown ??= new Map()).set(name, value);
    } else if (field.kind === 'column') {
      if (name !== field.column.name) {
        checkSameValue(source, field.column, name, value);
      }
      setValue(draft, field.column, value);
    } else if (field.kind === 'fallback') {
      (fallbacks ??= []).push(name);
    } else if (field.kind === 'extra') {
      addExtra(row, plan.extraName, value, textual);
    } else if (field.kind === 'embedded') {
      readEmbedded(draft, field, name, value);
    } else if (field.kind === 'relation') {
      (draft.references ??= []).push([name, field, value]);
    }
  }
  readReferences(draft);
  const used = applyFallbacks(plan, row, source, (column, value) => setValue(draft, column, value));
  for (const name of fallbacks ?? []) {
    if (!used.has(name) && source[name] !== null) {
      (unknown ??= new Map()).set(name, source[name]);
    }
  }
  return unknown ?? NOTHING_UNKNOWN;
}

/** The record's own `extra` object, for example of a row that was exported before. */
function addExtra(row: Row, column: string | undefined, value: unknown, textual: boolean): void {
  if (value === null || (textual && value === '')) {
    return;
  }
  const content: unknown =
    textual && typeof value === 'string' ? atColumn(column, () => parseJson(value, parseAsWritten)) : value;
  if (!isPlainObject(content)) {
    throw new RejectedValue('wrong_type', `expected an object, found ${nameType(value)}`, column);
  }
  for (const [name, member] of Object.entries(content)) {
    if (member !== undefined) {
      captureField(row, name, member, column);
    }
  }
}

/** A blank key is rejected later; any other required column counts as absent when it is blank. */
function isMissing(source: Source, column: PlanColumn, key: readonly KeyColumn[] | undefined): boolean {
  const name = findPresent(source, column.names);
  const value = name === undefined ? undefined : source[name];
  return (
    value === undefined ||
    (typeof value === 'string' && value.trim() === '' && !key?.some(({ index }) => index === column.index))
  );
}

function checkNulls(plan: LoadPlan, row: Row): void {
  for (const column of plan.nullSensitiveColumns) {
    if (row.values[column.index] === null) {
      if (!column.preserved) {
        throw new RejectedValue('null_not_allowed', 'the column is NOT NULL', column.name);
      }
      row.values[column.index] = undefined;
    }
  }
}

function checkKey(key: readonly KeyColumn[], column: KeyColumn, value: string | null | undefined): void {
  if (value === null && column.nullIsKey) {
    return;
  }
  if (isAbsent(value)) {
    throw new RejectedValue('missing_key', messageOfMissing(key), column.name);
  }
  if (value.trim() === '') {
    throw new RejectedValue('blank_key', 'a key must not be blank', column.name);
  }
  if (value.length * 3 > MAX_KEY_BYTES && Buffer.byteLength(value) > MAX_KEY_BYTES) {
    throw new RejectedValue('key_too_long', `a key holds at most ${MAX_KEY_BYTES} bytes`, column.name);
  }
}

/** Where the database makes the key, records often do not have it: an append takes them, see `requiredKey`. */
function messageOfMissing(key: readonly KeyColumn[]): string {
  const message = 'the column is part of the key and must not be absent';
  return key.every(({ hasDefault }) => hasDefault)
    ? `${message}; the database makes it only in an append. Use disposition 'append', or another unique key (primaryKey)`
    : message;
}

function checkRules(plan: LoadPlan, draft: RowDraft): void {
  if (plan.check === undefined) {
    return;
  }
  const values: Record<string, unknown> = {};
  for (const column of plan.checkedColumns) {
    values[column.property] = valueForRules(column, draft);
  }
  const failed = plan.check(values);
  if (failed !== undefined) {
    const column = plan.checkedColumns.find(({ property }) => property === failed.property)?.name ?? failed.property;
    const message = `the record class rejects the value: ${failed.message}`;
    throw new RejectedValue(`validation:${failed.constraint}`, message, column);
  }
}

/** Numbers and booleans as converted, so that "72.5" passes @IsNumber(); everything else as it came. */
function valueForRules(column: PlanColumn, { row, source, given }: RowDraft): unknown {
  if (given?.has(column) === true) {
    return given.get(column);
  }
  const text = row.values[column.index];
  if (isAbsent(text)) {
    return text;
  }
  switch (column.type) {
    case 'double precision':
    case 'real':
    case 'smallint':
    case 'integer':
    case 'bigint':
      return Number(text);
    case 'boolean':
      return text === 'true';
    case 'text':
    case 'character varying':
      return text;
    default:
      return plainValue(source[findPresent(source, column.names) ?? column.name]) ?? text;
  }
}
