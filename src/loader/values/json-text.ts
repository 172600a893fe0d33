import { isLosslessNumber, LosslessNumber, stringify } from 'lossless-json';

import { KeptJson, unkept } from '../../quarantine/raw-record.js';
import { plainJsonText } from './plain-json.js';
import { parseExactJson } from '../../files/json/parse-json-line.js';
import { nameType, RejectedValue } from './rejected-value.js';
import { checkSize, checkText } from './text-value.js';

export const MAX_NESTING = 256;
/** From here on JavaScript prints a number with an exponent, so its text has no digits that a double cannot hold. */
const EXPONENT_FORM = 1e21;

/**
 * The JSON text of a value for a jsonb column. Rejects what JSON.stringify would drop or change.
 * @throws RejectedValue `nul_character`, `lone_surrogate`, `not_finite`, `inexact_integer`, `unsupported_value`,
 * `circular_value`, `nesting_too_deep`, `field_too_large`
 */
export function toJsonText(value: unknown): string {
  if (value instanceof KeptJson) {
    return value.text;
  }
  const plain = typeof value === 'object' && value !== null ? plainJsonText(value) : undefined;
  if (plain !== undefined) {
    return plain;
  }
  const walk: Walk = { ancestors: [], hasExactNumber: false };
  checkNode(value, walk);
  const text = walk.hasExactNumber ? stringify(value) : JSON.stringify(value);
  return checkSize(text as string);
}

/** A field as its owner gave it, or as a file says it: of a number no more digits than its value needs. */
export function plainValue(value: unknown): unknown {
  return value instanceof LosslessNumber ? parseExactJson(value.value) : unkept(value);
}

interface Walk {
  readonly ancestors: object[];
  /** A bigint or a number kept by its digits: only the lossless serializer writes these. */
  hasExactNumber: boolean;
}

function checkNode(value: unknown, walk: Walk): void {
  switch (typeof value) {
    case 'string':
      checkText(value);
      return;
    case 'number':
      checkNumber(value);
      return;
    case 'boolean':
      return;
    case 'bigint':
      walk.hasExactNumber = true;
      return;
    case 'object':
      if (value !== null) {
        checkObject(value, walk);
      }
      return;
    default:
      throw new RejectedValue('unsupported_value', `JSON has no ${typeof value}`);
  }
}

function checkNumber(value: number): void {
  if (!Number.isFinite(value)) {
    throw new RejectedValue('not_finite', 'JSON has neither NaN nor Infinity');
  }
  if (Number.isInteger(value) && !Number.isSafeInteger(value) && Math.abs(value) < EXPONENT_FORM) {
    throw new RejectedValue('inexact_integer', 'an integer beyond 2^53 has lost digits already: pass a bigint');
  }
}

function checkObject(value: object, walk: Walk): void {
  if (isLosslessNumber(value)) {
    walk.hasExactNumber = true;
    return;
  }
  if ('toJSON' in value && typeof value.toJSON === 'function') {
    checkToJson(value as { toJSON(): unknown }, walk);
    return;
  }
  const { ancestors } = walk;
  if (ancestors.length === MAX_NESTING) {
    const circular = ancestors.includes(value) || new Set(ancestors).size < ancestors.length;
    throw circular
      ? new RejectedValue('circular_value', 'the value contains itself')
      : new RejectedValue('nesting_too_deep', `the value has more than ${MAX_NESTING} levels of nesting`);
  }
  ancestors.push(value);
  if (Array.isArray(value)) {
    // An index loop sees the holes of a sparse array, which JSON.stringify would turn into null.
    for (let index = 0; index < value.length; index += 1) {
      checkNode(value[index], walk);
    }
  } else {
    checkPlain(value);
    for (const key of Object.keys(value)) {
      checkText(key);
      const member = (value as Record<string, unknown>)[key];
      if (member !== undefined) {
        checkNode(member, walk);
      }
    }
  }
  ancestors.pop();
}

function checkToJson(value: { toJSON(): unknown }, walk: Walk): void {
  if (value instanceof Date && Number.isNaN(value.getTime())) {
    throw new RejectedValue('invalid_date_time', 'an invalid Date');
  }
  const replaced = value.toJSON();
  // JSON.stringify calls toJSON once: it writes the result as it is, even if that has a toJSON of its own.
  const again = typeof replaced === 'object' && replaced !== null && 'toJSON' in replaced;
  if (replaced === undefined || again) {
    throw new RejectedValue('unsupported_value', 'toJSON returned a value without a JSON form');
  }
  checkNode(replaced, walk);
}

/** Map, Set, RegExp, Error, Promise and the like have content that their JSON form `{}` would lose. */
function checkPlain(value: object): void {
  if (Object.prototype.toString.call(value) !== '[object Object]') {
    throw new RejectedValue('unsupported_value', `JSON has no ${nameType(value)}`);
  }
}
