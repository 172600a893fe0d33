import { toFloatText } from './numbers/number-text.js';
import { nameType, RejectedValue } from './rejected-value.js';
import { checkText, textOf } from './text-value.js';

const NUMBER = /-?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?/gi;
const NO_NUMBER = /nan|inf/i;

/**
 * The text of a value that consists of double precision numbers: each must be held as one of a column of its own.
 * @throws RejectedValue those of a double precision column
 */
export function toGeometricText(value: unknown): string {
  const text = checkText(textOf(value));
  if (NO_NUMBER.test(text)) {
    throw new RejectedValue('not_finite', 'the column takes neither NaN nor Infinity');
  }
  for (const [number] of text.matchAll(NUMBER)) {
    toFloatText(number, false);
  }
  return text;
}

/** Of two points, Postgres would compute the three numbers of a line. */
export function toLineText(value: unknown): string {
  const text = toGeometricText(value);
  if (!text.trimStart().startsWith('{')) {
    throw new RejectedValue('wrong_type', 'expected a line as {A,B,C}');
  }
  return text;
}

/** Text, or the object that pg reads a point into. */
export function toPointText(value: unknown): string {
  return typeof value === 'object' ? pointText(membersOf(value, ['x', 'y'])) : toGeometricText(value);
}

/** Text, or the object that pg reads a circle into. */
export function toCircleText(value: unknown): string {
  if (typeof value !== 'object') {
    return toGeometricText(value);
  }
  const [x, y, radius] = membersOf(value, ['x', 'y', 'radius']);
  return `<${pointText([x, y])},${toFloatText(radius, false)}>`;
}

/** Text, or the array that TypeORM reads a cube into. It reads the corners of a box as one point. */
export function toCubeText(value: unknown): string {
  const text = Array.isArray(value) ? pointText(Array.from(value as unknown[])) : toGeometricText(value);
  if (/\)\s*,/.test(text)) {
    throw new RejectedValue('inexact_value', 'TypeORM would read the cube of two corners as a point');
  }
  return text;
}

/** In an array, TypeORM reads no cube of a single number, and no sign or exponent. */
export function toCubeOfArrayText(value: unknown): string {
  const text = toCubeText(value);
  if (!/^[\s(]*[\d.]+(?:\s*,\s*[\d.]+)+[\s)]*$/.test(text)) {
    throw new RejectedValue('inexact_value', 'TypeORM would read another array of cubes');
  }
  return text;
}

/** Text, or an array of the numbers of a pgvector. */
export function toVectorText(value: unknown): string {
  return Array.isArray(value)
    ? `[${Array.from(value as unknown[], (item) => toFloatText(item, true)).join(',')}]`
    : checkText(textOf(value));
}

function pointText(numbers: readonly unknown[]): string {
  return `(${numbers.map((number) => toFloatText(number, false)).join(',')})`;
}

function membersOf(value: unknown, names: readonly string[]): unknown[] {
  const found = Object.prototype.toString.call(value) === '[object Object]' ? Object.keys(value as object) : [];
  if (found.length !== names.length || !names.every((name) => found.includes(name))) {
    throw new RejectedValue(
      'wrong_type',
      `expected text or an object of ${names.join(', ')}, found ${nameType(value)}`,
    );
  }
  return names.map((name) => (value as Record<string, unknown>)[name]);
}
