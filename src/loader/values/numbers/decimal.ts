import { isLosslessNumber } from 'lossless-json';

import { RejectedValue } from '../rejected-value.js';

const DECIMAL = /^-?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;

/** A decimal number by its digits: `digits` × 10^`exponent`. Zero has no digits; other digits neither begin nor end with 0. */
interface Decimal {
  readonly negative: boolean;
  readonly digits: string;
  readonly exponent: number;
}

/** The digits of a decimal number given as text, or kept by its digits when a file was read. */
export function decimalText(value: unknown): string | undefined {
  const text = isLosslessNumber(value) ? value.value : value;
  return typeof text === 'string' && DECIMAL.test(text) ? text : undefined;
}

function parseDecimal(text: string): Decimal {
  const [mantissa = '', exponent = '0'] = text.toLowerCase().split('e');
  const [integer = '', fraction = ''] = mantissa.replace(/^-/, '').split('.');
  const all = (integer + fraction).replace(/^0+/, '');
  let end = all.length;
  // In a loop, because a regular expression tries each run of zeros to its end.
  while (all[end - 1] === '0') {
    end -= 1;
  }
  const digits = all.slice(0, end);
  const power = digits === '' ? 0 : Number(exponent) - fraction.length + all.length - digits.length;
  return { negative: text.startsWith('-'), digits, exponent: power };
}

/** Digits of the largest bigint. */
const BIGINT_DIGITS = 19;

/** One text for all decimal texts that are the same number; of an integer up to a bigint the text that its own types have. */
export function canonicalDecimal(text: string): string {
  const { negative, digits, exponent } = parseDecimal(text);
  if (digits === '') {
    return '0';
  }
  const isInteger = exponent >= 0 && digits.length + exponent <= BIGINT_DIGITS;
  return `${negative ? '-' : ''}${digits}${isInteger ? '0'.repeat(exponent) : `e${exponent}`}`;
}

/** Digits before and after the point. Negative where a number ends in zeros before it, or begins with zeros after it. */
export interface DecimalSize {
  readonly before: number;
  readonly after: number;
}

/** The digits a number needs; zero needs none. */
export function sizeOf(text: string): DecimalSize {
  const { digits, exponent } = parseDecimal(text);
  return digits === ''
    ? { before: -Infinity, after: -Infinity }
    : { before: digits.length + exponent, after: -exponent };
}

/** Whether two decimal texts are the same number. */
export function isSameNumber(left: string, right: string): boolean {
  const [a, b] = [parseDecimal(left), parseDecimal(right)];
  return a.digits === b.digits && a.exponent === b.exponent && (a.negative === b.negative || a.digits === '');
}

/** BigInt() takes seconds for millions of digits, and no column holds so many. */
const MAX_DIGITS = 400;

/**
 * A number times 10^`scale`; undefined when that is no integer.
 * @throws RejectedValue `out_of_range` when it has hundreds of digits
 */
export function scaledInteger(text: string, scale: number): bigint | undefined {
  const { negative, digits, exponent } = parseDecimal(text);
  const zeros = exponent + scale;
  if (digits === '') {
    return 0n;
  }
  if (digits.length + zeros > MAX_DIGITS) {
    throw new RejectedValue('out_of_range', 'the number has too many digits');
  }
  if (zeros < 0) {
    return undefined;
  }
  const integer = BigInt(digits + '0'.repeat(zeros));
  return negative ? -integer : integer;
}
