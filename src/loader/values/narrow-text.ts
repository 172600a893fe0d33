import { nameType, RejectedValue } from './rejected-value.js';
import { checkText, textOf } from './text-value.js';

// Types whose input functions cut, pad or complete a text without an error.

/**
 * The text of a text column.
 * @param maxLength - characters the column holds; a shorter value of char(n) is stored, since its padding has no meaning
 * @throws RejectedValue `wrong_type`, `too_long` and those of checkText
 */
export function toTextText(value: unknown, maxLength: number | undefined): string {
  const text = textOf(value);
  // Characters, as Postgres counts them; Postgres would cut trailing spaces without an error.
  if (maxLength !== undefined && text.length > maxLength && [...text].length > maxLength) {
    throw new RejectedValue('too_long', `the column holds ${maxLength} characters`);
  }
  return checkText(text);
}

/** `name` is cut after 63 bytes. */
export function toNameText(value: unknown): string {
  const text = checkText(textOf(value));
  if (Buffer.byteLength(text) > MAX_NAME_BYTES) {
    throw new RejectedValue('too_long', `the column holds ${MAX_NAME_BYTES} bytes`);
  }
  return text;
}

const MAX_NAME_BYTES = 63;

/** `"char"` is one byte; Postgres would cut the rest. */
export function toByteText(value: unknown): string {
  const text = checkText(textOf(value));
  if (text.length > 1 || text > '\u007F') {
    throw new RejectedValue('too_long', 'the column holds one ASCII character');
  }
  return text;
}

/**
 * The text of a bit string. A cast would cut it or fill it with zeros.
 * @param length - of the column; undefined when it has none
 * @param varying - whether it may be shorter
 * @throws RejectedValue `wrong_type`, `too_long`, `inexact_value`
 */
export function toBitText(value: unknown, length: number | undefined, varying: boolean): string {
  if (typeof value !== 'string' || !/^[01]*$/.test(value)) {
    throw new RejectedValue('wrong_type', `expected a text of 0 and 1, found ${nameType(value)}`);
  }
  if (length !== undefined && value.length > length) {
    throw new RejectedValue('too_long', `the column holds ${length} bits`);
  }
  if (length !== undefined && value.length < length && !varying) {
    throw new RejectedValue('inexact_value', `the column holds exactly ${length} bits`);
  }
  return value;
}

/** Postgres would put two bytes into the middle of a 6 byte address. */
export function toMacaddr8Text(value: unknown): string {
  const text = textOf(value);
  if (text.replaceAll(/[:.-]/g, '').length !== 16) {
    throw new RejectedValue('wrong_type', 'expected an address of 8 bytes');
  }
  return checkText(text);
}

/** The types of the extension isn would complete `?` by the check digit. */
export function toIsnText(value: unknown): string {
  const text = textOf(value);
  if (!/^[\dMX -]+$/i.test(text)) {
    throw new RejectedValue('wrong_type', 'expected digits, with or without hyphens');
  }
  return text;
}

const LEXEME = /\s*(?:'((?:''|\\[\s\S]|[^'\\])*)'|((?:\\[\s\S]|[^\s:'\\])+))(?::([\dA-D,*]+))?/iy;
const MAX_POSITION = 16_383;
const MAX_POSITIONS = 255;

/** Postgres would set positions beyond 16,383 to that, and drop those after the 255th of a lexeme. */
export function toTsvectorText(value: unknown): string {
  const text = checkText(textOf(value));
  const positions = new Map<string, Set<number>>();
  const end = text.trimEnd().length;
  const lexeme = new RegExp(LEXEME);
  while (lexeme.lastIndex < end) {
    const [, quoted, plain = '', list] = lexeme.exec(text) ?? [];
    if (quoted === undefined && plain === '') {
      throw new RejectedValue('wrong_type', 'expected lexemes with their positions');
    }
    const word = quoted === undefined ? `p${plain}` : `q${quoted}`;
    const ofWord = positions.get(word) ?? new Set();
    list?.split(',').forEach((position) => ofWord.add(Number.parseInt(position, 10)));
    if (ofWord.size > MAX_POSITIONS || [...ofWord].some((position) => position > MAX_POSITION)) {
      throw new RejectedValue('inexact_value', 'Postgres would drop or change positions of a lexeme');
    }
    positions.set(word, ofWord);
  }
  return text;
}
