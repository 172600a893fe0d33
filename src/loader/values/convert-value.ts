import { parseExactJson } from '../../files/parse-json-line.js';
import { toDateText, toTimestamptzText, toTimestampText, toTimeText } from './date-time-text.js';
import { toJsonText } from './json-text.js';
import { INTEGER_RANGES, toFloatText, toIntegerText, toNumericText } from './number-text.js';
import { nameType, RejectedValue } from './rejected-value.js';
import { checkSize, checkText } from './text-value.js';

/**
 * Turns a value into the text Postgres reads for it, or rejects it. Both writers send this text, so a value means the
 * same for both.
 * @param textual - the value comes from a file that holds only text (csv)
 * @throws RejectedValue
 */
export type Converter = (value: unknown, textual: boolean) => string;

/** What a converter must know of a column. */
export interface ColumnShape {
  /** Type without its modifier, as format_type writes it, for example `character varying` or `text[]`. */
  readonly type: string;
  /** Type with its modifier, for example `character varying(20)` or `numeric(10,2)`. */
  readonly fullType: string;
  /** Read a number in a timestamptz as seconds since 1970. */
  readonly epochSeconds: boolean;
}

const UUID = /^[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}$/i;
const HEX_BYTES = /^\\x(?:[0-9a-f]{2})*$/i;

/** Picks the converter of a column. */
export function converterFor(shape: ColumnShape): Converter {
  if (shape.type.endsWith('[]')) {
    return arrayConverter(
      converterFor({ ...shape, type: shape.type.slice(0, -2), fullType: shape.fullType.replace('[]', '') }),
    );
  }
  const modifier = /\((\d+)(?:,(-?\d+))?\)/.exec(shape.fullType);
  const range = INTEGER_RANGES[shape.type];
  if (range !== undefined) {
    return (value) => toIntegerText(value, range);
  }
  switch (shape.type) {
    case 'text':
    case 'character varying':
    case 'bpchar':
    case 'citext':
      return textConverter(modifier ? Number(modifier[1]) : undefined);
    case 'double precision':
      return (value) => toFloatText(value, false);
    case 'real':
      return (value) => toFloatText(value, true);
    case 'numeric':
      return (value) => toNumericText(value, modifier ? Number(modifier[2] ?? 0) : undefined);
    case 'boolean':
      return toBooleanText;
    case 'json':
    case 'jsonb':
      return (value, textual) => toJsonText(textual && typeof value === 'string' ? parseJson(value) : value);
    case 'timestamp with time zone':
      return withPrecision(modifier?.[1], (value) => toTimestamptzText(value, shape.epochSeconds));
    case 'timestamp without time zone':
      return withPrecision(modifier?.[1], toTimestampText);
    case 'date':
      return toDateText;
    case 'time without time zone':
      return withPrecision(modifier?.[1], (value) => toTimeText(value, false));
    case 'time with time zone':
      return withPrecision(modifier?.[1], (value) => toTimeText(value, true));
    case 'uuid':
      return toUuidText;
    case 'bytea':
      return toByteaText;
    default:
      return toOtherText;
  }
}

function textConverter(maxLength: number | undefined): Converter {
  return (value) => {
    if (typeof value !== 'string') {
      throw new RejectedValue('wrong_type', `expected text, found ${nameType(value)}`);
    }
    // Characters, as Postgres counts them; Postgres would cut trailing spaces without an error.
    if (maxLength !== undefined && value.length > maxLength && [...value].length > maxLength) {
      throw new RejectedValue('too_long', `the column holds ${maxLength} characters`);
    }
    return checkText(value);
  };
}

/** A column such as timestamp(3) would round finer values. */
function withPrecision(digits: string | undefined, convert: (value: unknown) => string): Converter {
  if (digits === undefined) {
    return convert;
  }
  const finer = new RegExp(String.raw`\.\d{${digits}}0*[1-9]`);
  return (value) => {
    const text = convert(value);
    if (finer.test(text)) {
      throw new RejectedValue('inexact_date_time', `the column keeps ${digits} digits of a second and would round`);
    }
    return text;
  };
}

function toBooleanText(value: unknown): string {
  const text = typeof value === 'string' ? value.toLowerCase() : value;
  if (text === true || text === 'true') {
    return 'true';
  }
  if (text === false || text === 'false') {
    return 'false';
  }
  throw new RejectedValue('wrong_type', `expected true or false, found ${nameType(value)}`);
}

function toUuidText(value: unknown): string {
  if (typeof value !== 'string' || !UUID.test(value)) {
    throw new RejectedValue('wrong_type', `expected a uuid, found ${nameType(value)}`);
  }
  const hex = value.replaceAll('-', '').toLowerCase();
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

function toByteaText(value: unknown): string {
  if (value instanceof Uint8Array) {
    return checkSize(`\\x${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')}`);
  }
  if (typeof value === 'string' && HEX_BYTES.test(value)) {
    return checkSize(value);
  }
  throw new RejectedValue('wrong_type', `expected bytes or a text of \\x and hex digits, found ${nameType(value)}`);
}

/** Enums, networks, intervals, ranges …: Postgres checks the text, and a rejection costs that row only. */
function toOtherText(value: unknown): string {
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new RejectedValue('not_finite', 'the column takes neither NaN nor Infinity');
  }
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'bigint') {
    throw new RejectedValue('wrong_type', `expected text or a number, found ${nameType(value)}`);
  }
  return checkText(String(value));
}

/** Writes an array literal, every element quoted: https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO */
function arrayConverter(element: Converter): Converter {
  const convert: Converter = (value, textual) => {
    if (textual && typeof value === 'string') {
      return convert(parseJson(value), false);
    }
    if (!Array.isArray(value)) {
      throw new RejectedValue('wrong_type', `expected an array, found ${nameType(value)}`);
    }
    // Array.from turns the holes of a sparse array into undefined, which no element converter takes.
    const elements = Array.from(value as unknown[], (item) =>
      item === null ? 'NULL' : `"${element(item, textual).replaceAll(/["\\]/g, String.raw`\$&`)}"`,
    );
    return checkSize(`{${elements.join(',')}}`);
  };
  return convert;
}

/** JSON in a text-only file. @throws RejectedValue `invalid_json` */
export function parseJson(text: string): unknown {
  try {
    return parseExactJson(text);
  } catch {
    throw new RejectedValue('invalid_json', 'the text is not valid JSON');
  }
}
