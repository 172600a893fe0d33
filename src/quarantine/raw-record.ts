import { LosslessNumber, isLosslessNumber, stringify } from 'lossless-json';

import { SourceRecord } from '../records/source-record.js';

/** Deeper than any record that is stored, shallow enough for a recursive serialiser. */
const MAX_KEPT_NESTING = 1_000;

/**
 * The bytes quarantine keeps of a record. A record of a file is kept as it stood there. An object is written as JSON;
 * what JSON has no form for is written as an object with one `$` member, for example `{"$number":"NaN"}`,
 * `{"$date":"invalid"}`, `{"$undefined":true}`, `{"$circular":true}`, `{"$map":[["a",1]]}`.
 */
export function rawBytesOf(source: unknown): Buffer {
  if (source instanceof SourceRecord) {
    return source.raw;
  }
  return Buffer.from(stringify(describe(source, [])) ?? 'null');
}

/** A getter that throws costs its member only. */
function read(object: object, name: string): unknown {
  try {
    return Reflect.get(object, name);
  } catch {
    return { $unreadable: true };
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
      return value;
    case 'undefined':
      return { $undefined: true };
    case 'function':
    case 'symbol':
      return { [`$${typeof value}`]: true };
    default:
      return value === null ? null : describeObject(value as object, ancestors);
  }
}

function describeNumber(value: number): unknown {
  if (!Number.isFinite(value)) {
    return { $number: String(value) };
  }
  return Object.is(value, -0) ? new LosslessNumber('-0') : value;
}

function describeObject(value: object, ancestors: readonly object[]): unknown {
  if (isLosslessNumber(value)) {
    return value;
  }
  if (ancestors.includes(value)) {
    return { $circular: true };
  }
  if (ancestors.length === MAX_KEPT_NESTING) {
    return { $nesting: true };
  }
  if (value instanceof Date) {
    return Number.isNaN(value.getTime()) ? { $date: 'invalid' } : value.toISOString();
  }
  if (value instanceof Uint8Array) {
    return { $bytes: Buffer.from(value).toString('base64') };
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
  const members = Object.keys(value)
    .map((name) => [name, read(value, name)] as const)
    .filter(([, member]) => member !== undefined);
  // fromEntries defines own properties, so `__proto__` stays data.
  return Object.fromEntries(members.map(([name, member]) => [name, describe(member, inside)]));
}
