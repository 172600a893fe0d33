import { nameType, RejectedValue } from './rejected-value.js';
import { checkSize, checkText, quoteText } from './text-value.js';

/** How the arrays of a type are written. */
export interface ArrayRules {
  /** Separates elements: a comma, but for box. */
  readonly delimiter: string;
  /** An array inside an array is a dimension. Of JSON and cubes it is an element, but in a literal. */
  readonly nests: boolean;
}

/** Postgres prints the bounds of an array that does not begin at 1. */
const BOUNDS = /^\s*(?:\[[+-]?\d+:[+-]?\d+\])+\s*=\s*/;

/**
 * Writes an array literal, every element quoted: https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO
 * Nested arrays are dimensions. Of a type whose arrays pg does not read, TypeORM gives the literal itself, so a literal
 * is taken, too; a text that is no literal may be JSON.
 * @param element - converts what is neither null nor a dimension
 */
export function arrayConverter(
  element: (value: unknown) => string,
  { delimiter, nests }: ArrayRules,
): (value: unknown) => string {
  const write = (items: readonly unknown[], nestsHere: boolean, depth = 1): string => {
    // Array.from turns the holes of a sparse array into undefined, which no element converter takes.
    const texts = Array.from(items, (item) => {
      if (item === null) {
        return 'NULL';
      }
      if (nestsHere && Array.isArray(item)) {
        return nested(item as unknown[], depth + 1);
      }
      return quoteText(element(item));
    });
    return `{${texts.join(delimiter)}}`;
  };
  const nested = (items: readonly unknown[], depth: number): string => {
    if (items.length === 0) {
      throw new RejectedValue('inexact_value', 'Postgres has no empty array inside another');
    }
    if (depth > MAX_DIMENSIONS) {
      throw new RejectedValue('nesting_too_deep', `an array has at most ${MAX_DIMENSIONS} dimensions`);
    }
    return write(items, true, depth);
  };
  return (value) => {
    if (typeof value === 'string' && ARRAY_LITERAL.test(value)) {
      const bounds = BOUNDS.exec(value)?.[0] ?? '';
      return checkSize(bounds.trim() + write(parseLiteral(checkText(value).slice(bounds.length), delimiter), true));
    }
    if (!Array.isArray(value)) {
      throw new RejectedValue('wrong_type', `expected an array, found ${nameType(value)}`);
    }
    return checkSize(write(value as unknown[], nests));
  };
}

const MAX_DIMENSIONS = 6;

/** What an array's text begins with, unless it is JSON. */
export const ARRAY_LITERAL = new RegExp(`${BOUNDS.source}\\{|^\\s*\\{`);

/** Reads an array literal into nested arrays of text and null. */
function parseLiteral(text: string, delimiter: string): unknown[] {
  // An element in quotes holds any text; one without begins and ends with no blank.
  const plain = String.raw`(?:\\[\s\S]|[^\s"\\{}${delimiter}])`;
  const token = new RegExp(
    String.raw`\s*(?:([{}${delimiter}])|"((?:\\[\s\S]|[^"\\])*)"|(${plain}(?:(?:\s|${plain})*${plain})?))\s*`,
    'y',
  );
  const next = (): RegExpExecArray => {
    const match = token.exec(text);
    if (match === null) {
      throw brokenLiteral();
    }
    return match;
  };
  const items = (): unknown[] => {
    const found: unknown[] = [];
    for (;;) {
      const [, sign, quoted, word] = next();
      if (sign === '}' && found.length === 0) {
        return found;
      }
      if (sign !== undefined && sign !== '{') {
        throw brokenLiteral();
      }
      found.push(sign === '{' ? items() : wordOf(quoted, word));
      const [, after] = next();
      if (after === '}') {
        return found;
      }
      if (after !== delimiter) {
        throw brokenLiteral();
      }
    }
  };
  if (next()[1] !== '{') {
    throw brokenLiteral();
  }
  const array = items();
  if (token.lastIndex !== text.length) {
    throw brokenLiteral();
  }
  return array;
}

function wordOf(quoted: string | undefined, word: string | undefined): string | null {
  if (quoted === undefined && word?.toUpperCase() === 'NULL') {
    return null;
  }
  return (quoted ?? (word as string)).replaceAll(/\\([\s\S])/g, '$1');
}

function brokenLiteral(): RejectedValue {
  return new RejectedValue('wrong_type', 'expected an array, found a text that is no array literal');
}
