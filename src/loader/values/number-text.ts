import { isLosslessNumber } from 'lossless-json';

import { nameType, RejectedValue } from './rejected-value.js';

const INTEGER = /^-?\d+$/;
const DECIMAL = /^-?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;
const FLOAT4_MAX = 3.402_823_466_385_288_6e38;

/** Smallest and largest value of each integer type. */
export const INTEGER_RANGES: Readonly<Record<string, readonly [bigint, bigint]>> = {
  smallint: [-(2n ** 15n), 2n ** 15n - 1n],
  integer: [-(2n ** 31n), 2n ** 31n - 1n],
  bigint: [-(2n ** 63n), 2n ** 63n - 1n],
};

/**
 * The text of an integer column's value.
 * @throws RejectedValue `wrong_type`, `not_finite`, `not_an_integer`, `inexact_integer`, `out_of_range`
 */
export function toIntegerText(value: unknown, [min, max]: readonly [bigint, bigint]): string {
  const integer = toBigInt(value);
  if (integer < min || integer > max) {
    throw new RejectedValue('out_of_range', `expected an integer from ${min} to ${max}`);
  }
  return String(integer);
}

function toBigInt(value: unknown): bigint {
  if (typeof value === 'bigint') {
    return value;
  }
  if (typeof value === 'number') {
    checkFinite(value);
    if (!Number.isInteger(value)) {
      throw new RejectedValue('not_an_integer', 'expected an integer, found a fraction');
    }
    if (!Number.isSafeInteger(value)) {
      throw new RejectedValue('inexact_integer', 'an integer beyond 2^53 has lost digits already: pass a bigint');
    }
    return BigInt(value);
  }
  if (typeof value === 'string' && INTEGER.test(value)) {
    return parseDigits(value);
  }
  const decimal = decimalText(value);
  if (decimal === undefined) {
    throw new RejectedValue('wrong_type', `expected an integer, found ${nameType(value)}`);
  }
  if (/^-?\d+\.0*$/.test(decimal)) {
    return parseDigits(decimal.slice(0, decimal.indexOf('.')));
  }
  throw new RejectedValue('not_an_integer', 'expected an integer, found a fraction or an exponent');
}

/** BigInt() takes seconds for millions of digits, and no column holds so many. */
const MAX_DIGITS = 400;

function parseDigits(text: string): bigint {
  const digits = text.replace(/^(-?)0+(?=\d)/, '$1');
  if (digits.length > MAX_DIGITS) {
    throw new RejectedValue('out_of_range', 'the integer has too many digits');
  }
  return BigInt(digits);
}

/**
 * The text of a double precision or real column's value. A decimal fraction becomes the nearest double, as in SQL;
 * an integer that no double equals is rejected.
 * @throws RejectedValue `wrong_type`, `not_finite`, `inexact_integer`, `out_of_range`
 */
export function toFloatText(value: unknown, single: boolean): string {
  const number = typeof value === 'number' ? checkFinite(value) : parseFloatExactly(value);
  if (!Number.isFinite(number) || (single && Math.abs(number) > FLOAT4_MAX)) {
    throw new RejectedValue('out_of_range', 'too large for the column');
  }
  if (single && Number.isInteger(number) && Math.fround(number) !== number) {
    throw new RejectedValue('inexact_integer', 'no single-precision number equals this integer');
  }
  return Object.is(number, -0) ? '-0' : String(number);
}

function parseFloatExactly(value: unknown): number {
  const text = typeof value === 'bigint' ? String(value) : decimalText(value);
  if (text === undefined) {
    throw new RejectedValue('wrong_type', `expected a number, found ${nameType(value)}`);
  }
  const number = Number(text);
  if (number === 0 && /^[^eE]*[1-9]/.test(text)) {
    throw new RejectedValue('out_of_range', 'so small that a double would be 0');
  }
  if (INTEGER.test(text) && Number.isFinite(number) && BigInt(number) !== parseDigits(text)) {
    throw new RejectedValue('inexact_integer', 'no double equals this integer');
  }
  return number;
}

/**
 * The text of a numeric column's value.
 * @param scale - digits after the point the column keeps; undefined when it keeps all
 * @throws RejectedValue `wrong_type`, `not_finite`, `inexact_integer`, `inexact_decimal`
 */
export function toNumericText(value: unknown, scale: number | undefined): string {
  if (typeof value === 'number') {
    checkFinite(value);
    if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
      throw new RejectedValue('inexact_integer', 'an integer beyond 2^53 has lost digits already: pass a bigint');
    }
  }
  const text = typeof value === 'number' || typeof value === 'bigint' ? String(value) : decimalText(value);
  if (text === undefined) {
    throw new RejectedValue('wrong_type', `expected a number, found ${nameType(value)}`);
  }
  if (scale !== undefined && fractionDigits(text) > scale) {
    throw new RejectedValue('inexact_decimal', `the column keeps ${scale} digits after the point and would round`);
  }
  return text;
}

/** Digits after the point a number needs; negative when it ends in zeros before the point. */
function fractionDigits(text: string): number {
  const [mantissa = '', exponent = '0'] = text.toLowerCase().split('e');
  const [integer = '', fraction = ''] = mantissa.split('.');
  const digits = (integer + fraction).replace(/^[+-]/, '');
  const trailingZeros = digits.length - digits.replace(/0+$/, '').length;
  return /[1-9]/.test(digits) ? fraction.length - trailingZeros - Number(exponent) : -Infinity;
}

/** The digits of a decimal number given as text, or kept by its digits when a file was read. */
function decimalText(value: unknown): string | undefined {
  const text = isLosslessNumber(value) ? value.value : value;
  return typeof text === 'string' && DECIMAL.test(text) ? text : undefined;
}

function checkFinite(value: number): number {
  if (!Number.isFinite(value)) {
    throw new RejectedValue('not_finite', 'the column takes neither NaN nor Infinity');
  }
  return value;
}
