import { LosslessNumber, compareNumber, parse } from 'lossless-json';

/** What a double might not hold: 16 characters of digits, or an exponent of two digits. */
const SUSPICIOUS = /\d[\d.]{15}|\d[eE][+-]?\d\d/;

/** Numbers where JSON can have one: at the start, after `[`, `:`, `,` or white space, so not an id in quotes. */
const NUMBERS = /(?<=^|[[:,\s])-?\d[\d.eE+-]*/g;

/**
 * True when `JSON.parse` would alter a number of this text. It may also say so for digits inside a string, which
 * costs time but nothing else.
 */
export function needsExactNumbers(text: string): boolean {
  if (!SUSPICIOUS.test(text)) return false;
  for (const [token] of text.matchAll(NUMBERS)) {
    if (SUSPICIOUS.test(token) && !isCanonical(token)) return true;
  }
  return false;
}

/**
 * `JSON.parse` that keeps every digit: integers beyond 2^53 become BigInt, and other numbers that a double cannot give
 * back become a `LosslessNumber`. Everything else is as `JSON.parse` has it: of a repeated key the last one wins.
 */
export function parseExactly(text: string): unknown {
  return parse(text, null, { parseNumber: exactNumber, onDuplicateKey: ({ newValue }) => newValue });
}

function exactNumber(token: string): number | bigint | LosslessNumber {
  const number = Number(token);
  // Beyond 2^53 a double that looks exact cannot be told from one that was rounded, so there the digits are kept.
  const canBeNumber = Number.isSafeInteger(number) || (Number.isFinite(number) && !Number.isInteger(number));
  if (canBeNumber && compareNumber(token, String(number)) === 0) return number;
  return /^-?\d+$/.test(token) ? BigInt(token) : new LosslessNumber(token);
}

/** True for what most programs write, such as 0.8166666666666667: a double prints the very same digits. */
function isCanonical(token: string): boolean {
  const number = Number(token);
  return String(number) === token && (Number.isSafeInteger(number) || !Number.isInteger(number));
}
