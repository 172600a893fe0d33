import { isId } from '../../entities/is-id.js';
import { PageError } from './page-error.js';

const LONGEST_NAME = 40;
/** Postgres has no year 0. */
const TIME = /^(?!0000)\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?)?Z?$/;
const DATE = '2026-01-31'.length;

/**
 * The parameters of a page by name; an empty one, as forms send them, is absent.
 * @throws PageError 400 for an unknown or a repeated parameter, and for NUL
 */
export function readQuery<Name extends string>(
  query: URLSearchParams,
  names: readonly Name[],
): Partial<Record<Name, string>> {
  const found: Partial<Record<Name, string>> = {};
  for (const [name, value] of query) {
    const known = names.find((candidate) => candidate === name);
    if (known === undefined) {
      throw new PageError(400, `This page has no parameter ${JSON.stringify(name.slice(0, LONGEST_NAME))}.`);
    }
    if (found[known] !== undefined) {
      throw new PageError(400, `${name} is given twice.`);
    }
    if (value.includes('\0')) {
      throw new PageError(400, `${name} holds a NUL character.`);
    }
    if (value !== '') {
      found[known] = value;
    }
  }
  return found;
}

/** @throws PageError 400 */
export function choice<Value extends string>(
  name: string,
  value: string | undefined,
  choices: readonly Value[],
): Value | undefined {
  const chosen = choices.find((candidate) => candidate === value);
  if (value !== undefined && chosen === undefined) {
    throw new PageError(400, `${name} must be one of ${choices.join(', ')}.`);
  }
  return chosen;
}

/**
 * A time in UTC.
 * @throws PageError 400
 */
export function moment(name: string, value: string | undefined): Date | undefined {
  if (value === undefined) {
    return undefined;
  }
  const text = value.replace(' ', 'T').replace(/Z$/, '');
  // It takes February 30 for March 2.
  const parsed = new Date(text.includes('T') ? `${text}Z` : text);
  if (
    !TIME.test(value) ||
    Number.isNaN(parsed.getTime()) ||
    parsed.toISOString().slice(0, DATE) !== text.slice(0, DATE)
  ) {
    throw new PageError(400, `${name} must be a time in UTC, for example 2026-01-31T18:00.`);
  }
  return parsed;
}

/**
 * @param name - what it is the id of
 * @throws PageError 400
 */
export function id<Text extends string | undefined>(name: string, value: Text): Text {
  if (value !== undefined && !isId(value)) {
    throw new PageError(400, `The id of the ${name} must be a UUID.`);
  }
  return value;
}

/** @throws PageError 400 */
export function wholeNumber(name: string, value: string | undefined): number | undefined {
  if (value !== undefined && !/^\d{1,9}$/.test(value)) {
    throw new PageError(400, `${name} must be a whole number.`);
  }
  return value === undefined ? undefined : Number(value);
}
