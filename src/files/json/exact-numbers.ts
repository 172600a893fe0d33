import { LosslessNumber, compareNumber, parse } from 'lossless-json';
import { numbersIn } from './json-scanner.js';

/** A double holds any number of so many digits, and nearly any of this length has no more. */
const SURE_LENGTH = 15;

/** Whether `JSON.parse` would alter a number in this valid JSON text. */
export function hasInexactNumber(text: string): boolean {
  for (const token of numbersIn(text)) {
    if (!isSure(token) && !isCanonical(token) && typeof exactNumber(token) !== 'number') return true;
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

/** {@link parseExactly}, and of every number the digits as they are written: `1.10` becomes a `LosslessNumber`, too. */
export function parseAsWritten(text: string): unknown {
  const value: unknown = JSON.parse(text);
  for (const token of numbersIn(text)) {
    if (!isCanonical(token)) {
      return parse(text, null, {
        parseNumber: (digits) => new LosslessNumber(digits),
        onDuplicateKey: ({ newValue }) => newValue,
      });
    }
  }
  return value;
}

/** A number of a JSON text, see {@link parseExactly}. */
export function exactNumber(token: string): number | bigint | LosslessNumber {
  const number = Number(token);
  if (isSure(token)) return number;
  // Beyond 2^53, a double that looks exact may have been rounded, so digits are kept.
  const canBeNumber = Number.isSafeInteger(number) || (Number.isFinite(number) && !Number.isInteger(number));
  if (canBeNumber && compareNumber(token, String(number)) === 0) return number;
  return /^-?\d+$/.test(token) ? BigInt(token) : new LosslessNumber(token);
}

function isSure(token: string): boolean {
  return token.length <= SURE_LENGTH && !token.includes('e') && !token.includes('E');
}

/** Whether a double prints the same digits, as in most input, for example 0.8166666666666667. */
function isCanonical(token: string): boolean {
  const number = Number(token);
  return String(number) === token && (Number.isSafeInteger(number) || !Number.isInteger(number));
}
