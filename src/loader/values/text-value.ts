import type { ValueType } from '../../schema/table/value-type.js';
import { nameType, RejectedValue } from './rejected-value.js';

/** Postgres itself stops at 1 GB for a field and 256 MB for a jsonb. */
const MAX_FIELD_BYTES = 64 * 1024 * 1024;
/** Bytes of UTF-8 that a UTF-16 unit can need. */
const MAX_BYTES_OF_UNIT = 3;

/**
 * Rejects what Postgres could not store byte for byte.
 * @throws RejectedValue `nul_character`, `lone_surrogate`, `field_too_large`
 */
export function checkText(text: string): string {
  if (text.includes('\0')) {
    throw new RejectedValue('nul_character', 'Postgres text cannot hold a NUL character');
  }
  if (!text.isWellFormed()) {
    throw new RejectedValue('lone_surrogate', 'half of a surrogate pair would be stored as U+FFFD');
  }
  return checkSize(text);
}

/** Whether a text is sure to pass {@link checkText}. */
export function isStorable(text: string): boolean {
  return text.length * MAX_BYTES_OF_UNIT <= MAX_FIELD_BYTES && !text.includes('\0') && text.isWellFormed();
}

/** What Postgres could not store, and what COPY escapes (see `postgres/copy-text.ts`). */
const SPECIAL = /[\0\\\t\n\r\ud800-\udfff]/;

/** Whether a text is sure to pass {@link checkText}, and COPY writes it as it is: one look instead of many. */
export function isPlainText(text: string): boolean {
  return !SPECIAL.test(text) && text.length * MAX_BYTES_OF_UNIT <= MAX_FIELD_BYTES;
}

/** @throws RejectedValue `field_too_large` */
export function checkSize(text: string): string {
  // Most texts are cleared without counting.
  if (text.length * MAX_BYTES_OF_UNIT > MAX_FIELD_BYTES && Buffer.byteLength(text) > MAX_FIELD_BYTES) {
    throw new RejectedValue('field_too_large', `a field holds at most ${MAX_FIELD_BYTES / 1024 / 1024} MiB`);
  }
  return text;
}

/** @throws RejectedValue `wrong_type` */
export function textOf(value: unknown): string {
  if (typeof value !== 'string') {
    throw new RejectedValue('wrong_type', `expected text, found ${nameType(value)}`);
  }
  return value;
}

/** A text in double quotes, as it stands inside the text of an array, a range or an hstore. */
export function quoteText(text: string): string {
  return `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}

/** Types that have no value of an empty text; nor has an array or a range. */
const NEVER_EMPTY: ReadonlySet<string> = new Set([
  'smallint',
  'integer',
  'bigint',
  'real',
  'double precision',
  'numeric',
  'money',
  'oid',
  'boolean',
  'json',
  'jsonb',
  'uuid',
  'bytea',
  'inet',
  'cidr',
  'macaddr',
  'macaddr8',
  'date',
  'time without time zone',
  'time with time zone',
  'interval',
  'timestamp without time zone',
  'timestamp with time zone',
  'point',
  'line',
  'lseg',
  'box',
  'path',
  'polygon',
  'circle',
]);

/**
 * Whether an empty text is a value of a type. Programs that quote every cell of a csv file write an empty one as `""`,
 * which for any other type means that there is no value.
 */
export function hasEmptyText(type: ValueType): boolean {
  return type.kind === 'base' && !NEVER_EMPTY.has(type.name);
}
