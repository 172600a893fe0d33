import { parseAsWritten } from '../../files/json/exact-numbers.js';
import { parseExactJson } from '../../files/json/parse-json-line.js';
import type { BaseType, ValueType } from '../../schema/table/value-type.js';
import { ARRAY_LITERAL, arrayConverter, type ArrayRules } from './array-text.js';
import { toDateText, toTimestamptzText, toTimestampText, toTimeText } from './date-time-text.js';
import {
  toCircleText,
  toCubeOfArrayText,
  toCubeText,
  toGeometricText,
  toLineText,
  toPointText,
  toVectorText,
} from './geometric-text.js';
import { toHstoreText } from './hstore-text.js';
import { intervalConverter } from './interval-text.js';
import { toJsonText } from './json-text.js';
import { moneyConverter } from './numbers/money-text.js';
import {
  toBitText,
  toByteText,
  toIsnText,
  toMacaddr8Text,
  toNameText,
  toTextText,
  toTsvectorText,
} from './narrow-text.js';
import { INTEGER_RANGES, toFloatText, toIntegerText, toNumericText } from './numbers/number-text.js';
import { multirangeConverter, rangeConverter } from './range-text.js';
import { nameType, RejectedValue } from './rejected-value.js';
import { checkSize, checkText } from './text-value.js';

/**
 * Turns a value into the text Postgres reads for it, or rejects it. Both writers send this text, so a value means the
 * same for both.
 * @param textual - the value comes from a file that holds only text (csv)
 * @throws RejectedValue
 */
export type Converter = (value: unknown, textual: boolean) => string;

/** How an entity reads dates. */
export interface DateRules {
  /** Read a number in a timestamptz as seconds since 1970. */
  readonly epochSeconds?: boolean | undefined;
  /** A Date in a date column is a midnight in UTC. */
  readonly utc?: boolean | undefined;
}

const UUID = /^[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}$/i;
const HEX_BYTES = /^\\x(?:[0-9a-f]{2})*$/i;
const TEXT_TYPES: ReadonlySet<string> = new Set(['text', 'character varying', 'bpchar', 'citext.citext']);

/** Types whose single values may be arrays. */
const ARRAY_VALUES: ReadonlySet<string> = new Set(['json', 'jsonb', 'cube.cube', 'vector.vector', 'vector.halfvec']);

/** Picks the converter of a type. */
export function converterFor(type: ValueType, rules: DateRules = {}): Converter {
  switch (type.kind) {
    case 'base':
      return baseConverter(type, rules);
    case 'array':
      return textualAsJson(
        arrayOf(elementConverter(type.element, rules), {
          delimiter: type.delimiter,
          nests: !(type.element.kind === 'base' && ARRAY_VALUES.has(type.element.name)),
        }),
      );
    default: {
      const bound = converterFor(type.bound, rules);
      const trims = !(type.bound.kind === 'base' && TEXT_TYPES.has(type.bound.name));
      const make = type.kind === 'range' ? rangeConverter : multirangeConverter;
      return make((text) => bound(text, true), trims);
    }
  }
}

/** Whether the converter of a type takes every text that Postgres could store. */
export function takesAnyText(type: ValueType): boolean {
  return type.kind === 'base' && TEXT_TYPES.has(type.name) && sizeIn(type.fullType) === null;
}

/** Whether the values of a type are JSON. */
export function isJson(type: ValueType): boolean {
  return type.kind === 'base' && (type.name === 'json' || type.name === 'jsonb');
}

function elementConverter(type: ValueType, rules: DateRules): Converter {
  return type.kind === 'base' && type.name === 'cube.cube' ? toCubeOfArrayText : converterFor(type, rules);
}

/** The elements of a literal are text, as those of a text-only file are. */
function arrayOf(element: Converter, rules: ArrayRules): Converter {
  const ofValues = arrayConverter((item) => element(item, false), rules);
  const ofTexts = arrayConverter((item) => element(item, true), rules);
  return (value) => (typeof value === 'string' ? ofTexts : ofValues)(value);
}

/** In a text-only file an array is a literal or JSON. */
function textualAsJson(convert: Converter): Converter {
  return (value, textual) => {
    if (!textual || typeof value !== 'string' || ARRAY_LITERAL.test(value)) {
      return convert(value, textual);
    }
    const parsed = parseJson(value);
    if (typeof parsed === 'string') {
      throw new RejectedValue('wrong_type', 'expected an array, found a JSON text');
    }
    return convert(parsed, textual);
  };
}

function baseConverter(
  { name, fullType, moneySample }: BaseType,
  { epochSeconds = false, utc = false }: DateRules,
): Converter {
  const modifier = sizeIn(fullType);
  const size = modifier ? Number(modifier[1]) : undefined;
  const range = INTEGER_RANGES[name];
  if (range !== undefined) {
    return (value) => toIntegerText(value, range);
  }
  switch (name) {
    case 'text':
    case 'character varying':
    case 'bpchar':
    case 'citext.citext':
      return (value) => toTextText(value, size);
    case 'double precision':
      return (value) => toFloatText(value, false);
    case 'real':
      return (value) => toFloatText(value, true);
    case 'numeric': {
      const after = Number(modifier?.[2] ?? 0);
      const limits = size === undefined ? undefined : { before: size - after, after };
      return (value) => toNumericText(value, limits);
    }
    case 'money':
      return moneyConverter(moneySample ?? '');
    case 'boolean':
      return toBooleanText;
    case 'json':
    case 'jsonb':
      return (value, textual) =>
        toJsonText(textual && typeof value === 'string' ? parseJson(value, parseAsWritten) : value);
    case 'timestamp with time zone':
      return withPrecision(size, (value) => toTimestamptzText(value, epochSeconds));
    case 'timestamp without time zone':
      return withPrecision(size, toTimestampText);
    case 'date':
      return (value) => toDateText(value, utc);
    case 'time without time zone':
      return withPrecision(size, (value) => toTimeText(value, false));
    case 'time with time zone':
      return withPrecision(size, (value) => toTimeText(value, true));
    case 'interval':
      return intervalConverter(fullType);
    case 'uuid':
      return toUuidText;
    case 'bytea':
      return toByteaText;
    case '"bit"':
      return (value) => toBitText(value, size, false);
    case 'bit varying':
      return (value) => toBitText(value, size, true);
    case '"char"':
      return toByteText;
    case 'name':
      return toNameText;
    case 'macaddr8':
      return toMacaddr8Text;
    case 'tsvector':
      return toTsvectorText;
    case 'point':
      return toPointText;
    case 'circle':
      return toCircleText;
    case 'line':
      return toLineText;
    case 'lseg':
    case 'box':
    case 'path':
    case 'polygon':
      return toGeometricText;
    case 'cube.cube':
      return toCubeText;
    case 'vector.vector':
    case 'vector.halfvec':
      return toVectorText;
    case 'hstore.hstore':
      return toHstoreText;
    case 'composite':
      return rejectComposite;
    default:
      return name.startsWith('isn.') ? toIsnText : toOtherText;
  }
}

function sizeIn(fullType: string): RegExpExecArray | null {
  return /\((\d+)(?:,(-?\d+))?\)/.exec(fullType);
}

/** A column such as timestamp(3) would round finer values. */
function withPrecision(digits: number | undefined, convert: (value: unknown) => string): Converter {
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

/** Words of Postgres for true and false, in a text-only file: psql writes `t`, spreadsheets `TRUE` or 1. */
const BOOLEAN_WORDS: ReadonlyMap<string, boolean> = new Map([
  ...['t', 'true', 'y', 'yes', 'on', '1'].map((word) => [word, true] as const),
  ...['f', 'false', 'n', 'no', 'off', '0'].map((word) => [word, false] as const),
]);

/** The text of true or false. */
export function toBooleanText(value: unknown, textual: boolean): string {
  const word = typeof value === 'string' ? value.toLowerCase() : undefined;
  const text = (textual && word !== undefined ? BOOLEAN_WORDS.get(word) : word) ?? value;
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
    throw new RejectedValue(
      'wrong_type',
      `expected a uuid, found ${typeof value === 'string' ? 'another text' : nameType(value)}`,
    );
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

/** Enums, networks, types of other extensions …: Postgres checks the text, and a rejection costs that row only. */
function toOtherText(value: unknown): string {
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new RejectedValue('not_finite', 'the column takes neither NaN nor Infinity');
  }
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'bigint') {
    throw new RejectedValue('wrong_type', `expected text or a number, found ${nameType(value)}`);
  }
  return checkText(String(value));
}

/** Postgres would round the fields of a row in silence. */
function rejectComposite(): never {
  throw new RejectedValue('wrong_type', 'values of a composite type cannot be loaded');
}

/**
 * JSON in a text-only file.
 * @param parse - for a column that keeps how a number is written, `parseAsWritten`
 * @throws RejectedValue `invalid_json`
 */
export function parseJson(text: string, parse = parseExactJson): unknown {
  try {
    return parse(text);
  } catch {
    throw new RejectedValue('invalid_json', 'the text is not valid JSON');
  }
}
