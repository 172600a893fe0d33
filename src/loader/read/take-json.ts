import { LosslessNumber } from 'lossless-json';

import { BACKSLASH, QUOTE, SPACE } from '../../files/bytes.js';
import { JsonDocument } from '../../files/json/json-document.js';
import { KeptJson } from '../../quarantine/raw-record.js';
import type { JsonMember, JsonRecord } from '../../records/source-record.js';
import type { Field, JsonForm } from '../model/load-plan.js';
import { MAX_NESTING } from '../values/json-text.js';
import { isStorable } from '../values/text-value.js';

type FieldMap = ReadonlyMap<string, Field>;

/**
 * The fields of a record of a JSON file, each in the form its column reads. The digits of a number cost more than all the
 * rest of a record, so they are looked at only for columns that hold more of them than a double.
 * @param fields - one map for each table
 */
export function takeJson(json: JsonRecord, fields: readonly FieldMap[]): Record<string, unknown> {
  const content = { ...json.fields };
  for (const name of Object.keys(content)) {
    const value = content[name];
    if (typeof value === 'number') {
      content[name] = numberAs(formOf(name, fields), json, name, value);
    } else if (typeof value === 'object' && value !== null) {
      content[name] = objectAs(formOf(name, fields), json, name, value);
    }
  }
  return content;
}

/** The form that the columns of all tables read. */
function formOf(name: string, fields: readonly FieldMap[]): JsonForm | 'extra' {
  let form: JsonForm | 'extra' | undefined;
  for (const map of fields) {
    const other = formOfField(map.get(name));
    form = form === undefined || form === other ? other : keepsDigits(form) && keepsDigits(other) ? 'digits' : 'exact';
  }
  return form ?? 'text';
}

function formOfField(field: Field | undefined): JsonForm | 'extra' {
  switch (field?.kind) {
    case undefined:
      return 'text';
    case 'column':
      return field.column.jsonForm;
    case 'extra':
      return 'extra';
    default:
      return 'exact';
  }
}

function keepsDigits(form: JsonForm | 'extra'): boolean {
  return form !== 'exact' && form !== 'extra';
}

function numberAs(form: JsonForm | 'extra', json: JsonRecord, name: string, value: number): unknown {
  switch (form) {
    case 'nearest':
      // A number that may have been another integer, too large or too small is for the column's own rules.
      return isOrdinary(value) && value !== 0 ? value : json.exactly(name);
    case 'text':
    case 'digits': {
      const { text } = json.memberOf(name);
      return isOrdinary(value) && String(value) === text ? value : new LosslessNumber(text);
    }
    default:
      return json.exactly(name);
  }
}

function isOrdinary(value: number): boolean {
  return Number.isInteger(value) ? Number.isSafeInteger(value) : Number.isFinite(value);
}

function objectAs(form: JsonForm | 'extra', json: JsonRecord, name: string, value: object): unknown {
  if (form === 'text') {
    const text = storableText(json.memberOf(name));
    // What no column takes is for the rules of JSON values.
    return text === undefined ? json.exactly(name) : new KeptJson(text);
  }
  if (form === 'extra' && !Array.isArray(value)) {
    return takeJson(new JsonDocument(json.memberOf(name).text, value as Record<string, unknown>), []);
  }
  return json.exactly(name);
}

/** The text of an array or object; undefined where a column may not take it. */
function storableText({ text, depth }: JsonMember): string | undefined {
  const plain = text.includes(String.raw`\u`) ? withoutEscapes(text) : text;
  return depth <= MAX_NESTING && isStorable(plain) ? plain : undefined;
}

const LETTER_U = 0x75;

/** Replaces escapes by their characters, but for those that JSON does not allow as they are. */
function withoutEscapes(text: string): string {
  let plain = '';
  let from = 0;
  for (let at = text.indexOf('\\'); at !== -1; at = text.indexOf('\\', at)) {
    if (text.charCodeAt(at + 1) !== LETTER_U) {
      at += 2;
      continue;
    }
    const code = Number.parseInt(text.slice(at + 2, at + 6), 16);
    if (!staysEscaped(code)) {
      plain += text.slice(from, at) + String.fromCharCode(code);
      from = at + 6;
    }
    at += 6;
  }
  return plain + text.slice(from);
}

/** NUL does not, which no column takes. */
function staysEscaped(code: number): boolean {
  return (code > 0 && code < SPACE) || code === QUOTE || code === BACKSLASH;
}
