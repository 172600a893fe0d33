import { UUID_PATTERN } from '../../../entities/is-id.js';
import { isMoment, formOf, renderMoment, WRITABLE_MOMENTS } from './date-time-forms.js';

/** Types for promoted fields. */
export type PromotedType =
  | 'boolean'
  | 'bigint'
  | 'double precision'
  | 'numeric'
  | 'timestamptz'
  | 'uuid'
  | 'text'
  | 'jsonb';

/** A type, and the format of its texts if the type does not define it. */
export interface ColumnShape {
  readonly type: PromotedType;
  /** For timestamptz: the format of the field's texts, so that they can be reproduced. */
  readonly form?: string | undefined;
}

const SMALLEST_BIGINT = '-9223372036854775808';
const LARGEST_BIGINT = '9223372036854775807';

/** Well inside the range of double: near its bounds, casting a numeric raises an error. */
const isInDoubleRange = (number: string): string =>
  `(${number} = 0 OR abs(${number}) BETWEEN 1e-300::numeric AND 1e300::numeric)`;

const isOfType = (json: string, ...types: readonly string[]): string =>
  `jsonb_typeof(${json}) IN (${types.map((type) => `'${type}'`).join(', ')})`;

/**
 * SQL that casts a jsonb value to a column value; null if the column cannot reproduce exactly this jsonb. It never raises
 * an error: a CASE checks the value before every cast.
 */
export function castFromJson({ type, form }: ColumnShape, json: string): string {
  const text = `(${json} #>> '{}')`;
  const number = `(${json}::text)::numeric`;
  const double = `(${number})::double precision`;
  switch (type) {
    case 'boolean':
      return `CASE WHEN ${isOfType(json, 'boolean')} THEN (${json})::boolean END`;
    case 'bigint':
      return `CASE WHEN ${isBigint(json)} THEN (${json}::text)::bigint END`;
    case 'double precision':
      return `CASE WHEN ${isDouble(json)} THEN ${double} END`;
    case 'numeric':
      return `CASE WHEN ${isOfType(json, 'number')} THEN ${number} END`;
    case 'uuid':
      return `CASE WHEN ${isOfType(json, 'string')} AND ${text} ~ '${UUID_PATTERN}' THEN ${text}::uuid END`;
    case 'text':
      return `CASE WHEN ${isOfType(json, 'string')} THEN ${text} END`;
    case 'jsonb':
      return `CASE WHEN ${isOfType(json, 'object', 'array')} THEN ${json} END`;
    case 'timestamptz': {
      const isText = `CASE WHEN ${isOfType(json, 'string')} THEN ${isMoment(text)} ELSE false END`;
      const moment = `(${text}::timestamptz)`;
      return `CASE WHEN ${isText} THEN CASE WHEN ${renderMoment(formNeeded(form), moment)} = ${text} THEN ${moment} END END`;
    }
  }
}

/** SQL of a column value as jsonb: exactly the original for anything accepted by {@link castFromJson}. */
export function castToJson({ type, form }: ColumnShape, value: string): string {
  if (type === 'jsonb') {
    return value;
  }
  if (type !== 'timestamptz') {
    return `to_jsonb(${value})`;
  }
  const text = renderMoment(formNeeded(form), value);
  return `CASE WHEN ${value} BETWEEN ${WRITABLE_MOMENTS} THEN to_jsonb(${text}) ELSE to_jsonb(${value}) END`;
}

/**
 * What a value can be stored as:
 * - `small integer`: a bigint or a double
 * - `integer`: a bigint, `double`: a double, both without loss of digits; `number`: only numeric holds it
 * - `moment <form>`: a date-time in that format
 */
export type ValueKind =
  | 'null'
  | 'boolean'
  | 'small integer'
  | 'integer'
  | 'double'
  | 'number'
  | 'uuid'
  | `moment ${string}`
  | 'string'
  | 'object'
  | 'array';

/** SQL of the {@link ValueKind} of a jsonb value. */
export function kindOf(json: string): string {
  const text = `(${json} #>> '{}')`;
  return `CASE jsonb_typeof(${json})
    WHEN 'number' THEN
      CASE WHEN ${isBigint(json)} THEN CASE WHEN ${isDouble(json)} THEN 'small integer' ELSE 'integer' END
           WHEN ${isDouble(json)} THEN 'double' ELSE 'number' END
    WHEN 'string' THEN
      CASE WHEN ${text} ~ '${UUID_PATTERN}' THEN 'uuid'
           WHEN ${isMoment(text)} THEN 'moment ' || ${formOf(text)} ELSE 'string' END
    ELSE jsonb_typeof(${json}) END`;
}

/** The JSON type of a kind of value. */
export function jsonTypeOf(kind: ValueKind): string {
  if (kind === 'uuid' || kind.startsWith('moment')) {
    return 'string';
  }
  return kind === 'small integer' || kind === 'integer' || kind === 'double' ? 'number' : kind;
}

/** Written without a decimal point: a bigint would reproduce 1.0 as 1. */
function isBigint(json: string): string {
  return `CASE WHEN ${isOfType(json, 'number')} AND ${json}::text ~ '^-?[0-9]{1,19}$'
    THEN (${json}::text)::numeric BETWEEN ${SMALLEST_BIGINT} AND ${LARGEST_BIGINT} ELSE false END`;
}

/** Reproduced digit for digit. */
function isDouble(json: string): string {
  const number = `(${json}::text)::numeric`;
  return `CASE WHEN ${isOfType(json, 'number')} AND length(${json}::text) <= 400 THEN
    CASE WHEN ${isInDoubleRange(number)} THEN to_jsonb((${number})::double precision)::text = ${json}::text
    ELSE false END ELSE false END`;
}

function formNeeded(form: string | undefined): string {
  if (form === undefined) {
    throw new TypeError('a timestamptz column needs the format of its texts');
  }
  return form;
}
