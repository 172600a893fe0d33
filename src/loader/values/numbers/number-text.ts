import { decimalText, type DecimalSize, isSameNumber, scaledInteger, sizeOf } from './decimal.js';
import { nameType, RejectedValue } from '../rejected-value.js';

/** Smallest and largest value of each integer type. Postgres would turn a negative oid or xid into a large one. */
export const INTEGER_RANGES: Readonly<Record<string, readonly [bigint, bigint]>> = {
  smallint: [-(2n ** 15n), 2n ** 15n - 1n],
  integer: [-(2n ** 31n), 2n ** 31n - 1n],
  bigint: [-(2n ** 63n), 2n ** 63n - 1n],
  oid: [0n, 2n ** 32n - 1n],
  xid: [0n, 2n ** 32n - 1n],
  cid: [0n, 2n ** 32n - 1n],
  xid8: [0n, 2n ** 64n - 1n],
};

/**
 * The text of an integer column's value.
 * @throws RejectedValue `wrong_type`, `not_finite`, `not_an_integer`, `inexact_integer`, `out_of_range`
 */
export function toIntegerText(value: unknown, [min, max]: readonly [bigint, bigint]): string {
  const integer = typeof value === 'string' && SHORT_INTEGER.test(value) ? Number(value) : toInteger(value);
  if (integer < min || integer > max) {
    throw new RejectedValue('out_of_range', `expected an integer from ${min} to ${max}`);
  }
  return String(integer);
}

/** An integer that a number holds. */
const SHORT_INTEGER = /^-?\d{1,15}$/;

function toInteger(value: unknown): number | bigint {
  if (typeof value === 'bigint') {
    return value;
  }
  if (typeof value === 'number') {
    checkFinite(value);
    if (!Number.isInteger(value)) {
      throw new RejectedValue('not_an_integer', 'expected an integer, found a fraction');
    }
    checkSafe(value);
    return value;
  }
  const decimal = decimalText(value);
  if (decimal === undefined) {
    throw new RejectedValue('wrong_type', `expected an integer, found ${nameType(value)}`);
  }
  const integer = /^-?\d+(?:\.0*)?$/.test(decimal) ? scaledInteger(decimal, 0) : undefined;
  if (integer === undefined) {
    throw new RejectedValue('not_an_integer', 'expected an integer, found a fraction or an exponent');
  }
  return integer;
}

/**
 * The text of a double precision or real column's value. A decimal fraction becomes the nearest number of the column, as
 * in SQL. An integer must be that number exactly, or read back with the same digits.
 * @throws RejectedValue `wrong_type`, `not_finite`, `inexact_integer`, `out_of_range`
 */
export function toFloatText(value: unknown, single: boolean): string {
  if (typeof value === 'number' && !single) {
    return numberText(checkFinite(value));
  }
  const text = textOfNumber(value);
  const number = Number(text);
  const stored = single ? Math.fround(number) : number;
  if (!Number.isFinite(stored)) {
    throw new RejectedValue('out_of_range', 'too large for the column');
  }
  if (stored === 0 && /^[^eE]*[1-9]/.test(text)) {
    throw new RejectedValue('out_of_range', 'so small that the column would hold 0');
  }
  if (
    Number.isInteger(number) &&
    (stored !== number || !Number.isSafeInteger(number)) &&
    !isHeld(text, stored, single)
  ) {
    throw new RejectedValue(
      'inexact_integer',
      `no ${single ? 'single-precision' : 'double-precision'} number equals it`,
    );
  }
  // Of a text, Postgres itself takes the nearest single-precision number: by way of a double it might be another.
  return single && typeof value !== 'number' ? text : numberText(number);
}

function numberText(number: number): string {
  return Object.is(number, -0) ? '-0' : shortestText(number);
}

/** Texts of 0 to 100 in hundredths, as most scores and shares are: looking one up takes a fifth of the time to make it. */
const HUNDREDTHS = Array.from<string | undefined>({ length: 10_001 });

/** `String(number)`. */
export function shortestText(number: number): string {
  const place = Math.round(number * 100);
  return place >= 0 && place < HUNDREDTHS.length && place / 100 === number
    ? (HUNDREDTHS[place] ??= String(number))
    : String(number);
}

/** Whether a number of the column is the decimal of this text, or prints as it; a fraction may become the nearest. */
function isHeld(text: string, stored: number, single: boolean): boolean {
  if (sizeOf(text).after > 0) {
    return true;
  }
  const shortest = single ? shortestSingle(stored) : stored;
  return isSameNumber(text, String(shortest)) || scaledInteger(text, 0) === BigInt(stored);
}

/** The number with the fewest digits that reads as this single-precision number, as Postgres prints it. */
function shortestSingle(single: number): number {
  for (let digits = 1; digits < 9; digits += 1) {
    const candidate = Number(single.toPrecision(digits));
    // Postgres prints no number that lies half-way to the next one.
    if ([-1, 0, 1].every((side) => Math.fround(candidate * (1 + side * Number.EPSILON)) === single)) {
      return candidate;
    }
  }
  return Number(single.toPrecision(9));
}

/**
 * The text of a numeric column's value.
 * @param limits - digits the column keeps, of numeric(p, s); undefined when it keeps all
 * @throws RejectedValue `wrong_type`, `not_finite`, `inexact_integer`, `inexact_decimal`, `out_of_range`
 */
export function toNumericText(value: unknown, limits: DecimalSize | undefined): string {
  if (typeof value === 'number' && Number.isInteger(value)) {
    checkSafe(value);
  }
  const text = textOfNumber(value);
  if (limits === undefined) {
    return text;
  }
  const { before, after } = sizeOf(text);
  if (after > limits.after) {
    throw new RejectedValue(
      'inexact_decimal',
      limits.after < 0
        ? `the column keeps no digits below 10^${-limits.after} and would round`
        : `the column keeps ${limits.after} digits after the point and would round`,
    );
  }
  if (before > limits.before) {
    throw new RejectedValue('out_of_range', `the column keeps ${limits.before} digits before the point`);
  }
  return text;
}

/**
 * A number as text, whatever form it came in.
 * @throws RejectedValue `wrong_type`, `not_finite`
 */
export function textOfNumber(value: unknown): string {
  const text =
    typeof value === 'number'
      ? numberText(checkFinite(value))
      : typeof value === 'bigint'
        ? String(value)
        : decimalText(value);
  if (text === undefined) {
    throw new RejectedValue('wrong_type', `expected a number, found ${nameType(value)}`);
  }
  return text;
}

function checkSafe(value: number): void {
  if (!Number.isSafeInteger(value)) {
    throw new RejectedValue('inexact_integer', 'an integer beyond 2^53 has lost digits already: pass a bigint');
  }
}

function checkFinite(value: number): number {
  if (!Number.isFinite(value)) {
    throw new RejectedValue('not_finite', 'the column takes neither NaN nor Infinity');
  }
  return value;
}
