import { LosslessNumber, compareNumber, parse } from 'lossless-json';

/** Numbers that a double may not hold: 16 digits, or an exponent of two digits. */
const SUSPICIOUS = /\d[\d.]{15}|\d[eE][+-]?\d\d/;

/** Numbers where JSON allows one: at the start, after `[`, `:`, `,` or white space; not an id in quotes. */
const NUMBERS = /(?<=^|[[:,\s])-?\d[\d.eE+-]*/g;

/**
 * Whether `JSON.parse` would alter a number in this text. Digits inside a string may cause a false alarm, which costs
 * only time.
 */
export function needsExactNumbers(text: string): boolean {
  if (!SUSPICIOUS.test(text)) return false;
  for (const [token] of text.matchAll(NUMBERS)) {
    if (SUSPICIOUS.test(token) && !isCanonical(token)) return true;
  }
  return false;
}

/**
 * `JSON.parse` that keeps every digit: integers beyond 2^53 become BigInt, other numbers that a double cannot reproduce
 * become `LosslessNumber`. As in `JSON.parse`, the last of repeated keys wins.
 */
export function parseExactly(text: string): unknown {
  return parse(text, null, { parseNumber: exactNumber, onDuplicateKey: ({ newValue }) => newValue });
}

function exactNumber(token: string): number | bigint | LosslessNumber {
  const number = Number(token);
  // Beyond 2^53, a double that looks exact may have been rounded, so digits are kept.
  const canBeNumber = Number.isSafeInteger(number) || (Number.isFinite(number) && !Number.isInteger(number));
  if (canBeNumber && compareNumber(token, String(number)) === 0) return number;
  return /^-?\d+$/.test(token) ? BigInt(token) : new LosslessNumber(token);
}

/** Whether a double prints the same digits, as in most input, for example 0.8166666666666667. */
function isCanonical(token: string): boolean {
  const number = Number(token);
  return String(number) === token && (Number.isSafeInteger(number) || !Number.isInteger(number));
}
