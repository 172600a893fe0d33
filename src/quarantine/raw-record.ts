import { LosslessNumber, isLosslessNumber, stringify } from 'lossless-json';

import { parseExactJson } from '../files/json/parse-json-line.js';
import { SourceRecord } from '../records/source-record.js';

/** Deeper than any stored record, and safe for a recursive serialiser. */
const MAX_KEPT_NESTING = 1_000;

/** Result of a getter that throws. */
const UNREADABLE = Symbol('unreadable');

/** A value in the form quarantine keeps, made when the value was handed over: what its owner does later changes nothing. */
export class KeptValue {
  private constructor(readonly form: unknown) {}

  /** @param inside - the object that holds the value */
  static of(value: unknown, inside?: object): KeptValue {
    return new KeptValue(describe(value, inside === undefined ? [] : [inside]));
  }
}

/** A JSON value, kept as its text. Only for values that the text tells completely: see `loader/values/plain-json.ts`. */
export class KeptJson {
  constructor(readonly text: string) {}

  get value(): unknown {
    return parseExactJson(this.text);
  }
}

/** A record that is made again from what is kept of it. */
export abstract class KeptRecord {
  /** The record as it was when it was handed over. */
  abstract restore(): object;
}

/** A field as its owner gave it. */
export function unkept(value: unknown): unknown {
  return value instanceof KeptJson ? value.value : value;
}

/**
 * The bytes quarantine keeps of a record. A record of a file keeps its own bytes. An object is written as JSON; a value
 * JSON cannot express becomes an object with one `$` member, for example `{"$number":"NaN"}`, `{"$date":"invalid"}`,
 * `{"$undefined":true}`, `{"$circular":true}`, `{"$map":[["a",1]]}`. If an object itself has one such member, the member
 * gets another `$`. {@link reviveRecord} reverses this.
 */
export function rawBytesOf(source: unknown): Buffer {
  if (source instanceof SourceRecord) {
    return source.raw;
  }
  return Buffer.from(stringify(describe(source instanceof KeptRecord ? source.restore() : source, [])) ?? 'null');
}

/** A getter that throws loses only its own member. */
function read(object: object, name: string): unknown {
  try {
    return Reflect.get(object, name);
  } catch {
    return UNREADABLE;
  }
}

function describe(value: unknown, ancestors: readonly object[]): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return describeNumber(value);
    case 'bigint':
      return { $bigint: String(value) };
    case 'undefined':
      return { $undefined: true };
    case 'function':
    case 'symbol':
      return { [value === UNREADABLE ? '$unreadable' : `$${typeof value}`]: true };
    default:
      return value === null ? null : describeSafely(value as object, ancestors);
  }
}

/** A Proxy may throw whatever it is asked. */
function describeSafely(value: object, ancestors: readonly object[]): unknown {
  try {
    return describeObject(value, ancestors);
  } catch {
    return { $unreadable: true };
  }
}

function describeNumber(value: number): unknown {
  // An integer number beyond 2^53 would be read back as exact, which it is not.
  if (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value))) {
    return { $number: String(value) };
  }
  return Object.is(value, -0) ? new LosslessNumber('-0') : value;
}

function describeObject(value: object, ancestors: readonly object[]): unknown {
  if (isLosslessNumber(value)) {
    return value;
  }
  if (value instanceof KeptValue) {
    return value.form;
  }
  if (value instanceof KeptJson) {
    return describe(value.value, ancestors);
  }
  if (ancestors.includes(value)) {
    return { $circular: true };
  }
  if (ancestors.length === MAX_KEPT_NESTING) {
    return { $nesting: true };
  }
  if (value instanceof Date) {
    return { $date: Number.isNaN(value.getTime()) ? 'invalid' : value.toISOString() };
  }
  if (value instanceof Uint8Array) {
    // A jsonb column distinguishes them: a Buffer has a JSON form.
    return { [Buffer.isBuffer(value) ? '$buffer' : '$bytes']: Buffer.from(value).toString('base64') };
  }
  const inside = [...ancestors, value];
  if (Array.isArray(value)) {
    return Array.from(value, (item) => describe(item, inside));
  }
  if (value instanceof Map) {
    return { $map: Array.from(value, (entry) => describe(entry, inside)) };
  }
  if (value instanceof Set) {
    return { $set: Array.from(value, (item) => describe(item, inside)) };
  }
  // Records are read by their members, whatever toJSON would return.
  if (ancestors.length > 0 && typeof read(value, 'toJSON') === 'function') {
    return { $toJSON: describe(callToJson(value as { toJSON(): unknown }), inside) };
  }
  const kind = Object.prototype.toString.call(value).slice(8, -1);
  return kind === 'Object' ? describeMembers(value, inside) : { $unsupported: [kind, describeMembers(value, inside)] };
}

function describeMembers(value: object, inside: readonly object[]): unknown {
  const members = Object.keys(value)
    .map((name) => [name, read(value, name)] as const)
    .filter(([, member]) => member !== undefined);
  const escape = members.length === 1 && members[0]?.[0].startsWith('$') ? '$' : '';
  // fromEntries defines own properties, so `__proto__` stays data.
  return Object.fromEntries(members.map(([name, member]) => [escape + name, describe(member, inside)]));
}

function callToJson(value: { toJSON(): unknown }): unknown {
  try {
    return value.toJSON();
  } catch {
    return UNREADABLE;
  }
}
