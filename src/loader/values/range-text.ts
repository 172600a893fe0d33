import { RejectedValue } from './rejected-value.js';
import { checkText, quoteText, textOf } from './text-value.js';

/** A bound that is absent has no end; a quoted one may be empty. */
const BOUND = String.raw`((?:"(?:""|\\[\s\S]|[^"\\])*"|\\[\s\S]|[^"\\,()[\]])*)`;
const RANGE = new RegExp(String.raw`\s*(?:(empty)|([[(])${BOUND},${BOUND}([\])]))\s*`, 'iy');
const NOT_BLANK = /\S/;

/**
 * Makes the converter of a range column: each bound is converted as a value of a column of its own, so that Postgres
 * rounds or completes none. Ranges that hold the same values are equal: Postgres writes [1,5] as [1,6).
 * @param bound - converts a bound
 * @param trims - white space around a bound does not belong to it
 */
export function rangeConverter(bound: (text: string) => string, trims: boolean): (value: unknown) => string {
  return (value) => {
    const text = checkText(textOf(value));
    const range = new RegExp(RANGE);
    return convertRange(text, range, bound, trims, text.length);
  };
}

/** The same of a multirange, `{[1,2),[3,4)}`. */
export function multirangeConverter(bound: (text: string) => string, trims: boolean): (value: unknown) => string {
  return (value) => {
    const text = checkText(textOf(value)).trim();
    if (!text.startsWith('{') || !text.endsWith('}')) {
      throw wrongForm();
    }
    const range = new RegExp(RANGE);
    const ranges: string[] = [];
    range.lastIndex = 1;
    while (ranges.length > 0 || NOT_BLANK.test(text.slice(1, -1))) {
      ranges.push(convertRange(text, range, bound, trims));
      if (range.lastIndex === text.length - 1) {
        break;
      }
      if (text[range.lastIndex] !== ',') {
        throw wrongForm();
      }
      range.lastIndex += 1;
    }
    return `{${ranges.join(',')}}`;
  };
}

/** Converts the range at the place of `range`. @param end - where it must end */
function convertRange(
  text: string,
  range: RegExp,
  bound: (text: string) => string,
  trims: boolean,
  end?: number,
): string {
  const match = range.exec(text);
  if (match === null || (end !== undefined && range.lastIndex !== end)) {
    throw wrongForm();
  }
  const [, empty, open, lower = '', upper = '', close] = match;
  if (empty !== undefined) {
    return 'empty';
  }
  const [from, to] = [lower, upper].map((raw) => {
    const inner = trims ? raw.trim() : raw;
    if (inner === '' && raw !== '') {
      throw wrongForm();
    }
    return inner === '' ? '' : quoteText(bound(unquote(inner)));
  });
  return `${open}${from},${to}${close}`;
}

function unquote(raw: string): string {
  return raw.replaceAll(/\\([\s\S])|"((?:""|\\[\s\S]|[^"\\])*)"/g, (_, escaped?: string, quoted?: string) =>
    escaped === undefined
      ? (quoted as string).replaceAll(/""|\\([\s\S])/g, (pair, one?: string) => one ?? pair[0] ?? '')
      : escaped,
  );
}

function wrongForm(): RejectedValue {
  return new RejectedValue('wrong_type', 'expected a range as [lower,upper), found another text');
}
