import { type Converter, parseJson } from './convert-value.js';
import { toJsonText } from './json-text.js';
import { textOfNumber } from './numbers/number-text.js';
import { nameType, RejectedValue } from './rejected-value.js';

/** Forms that TypeORM itself gives to values, and reads back by rules of its own. */

/** `simple-json`: every value is JSON, a text too. In a text-only file the cell is the JSON text. */
export function simpleJson(convert: Converter): Converter {
  return (value, textual) =>
    convert(toJsonText(textual && typeof value === 'string' ? parseJson(value) : value), textual);
}

/** `simple-array`: texts separated by commas. A text is the stored form itself. */
export function simpleArray(convert: Converter): Converter {
  return (value, textual) => convert(Array.isArray(value) ? joined(value as unknown[]) : value, textual);
}

/** An array of an enum: TypeORM splits its text at commas, and knows neither null nor a second dimension. */
export function enumArray(convert: Converter): Converter {
  return (value, textual) => {
    if (Array.isArray(value) && value.some((item) => typeof item === 'object' || String(item).includes(','))) {
      throw new RejectedValue(
        'inexact_value',
        'TypeORM reads no null, comma or second dimension in an array of an enum',
      );
    }
    return convert(value, textual);
  };
}

function joined(items: readonly unknown[]): string {
  const texts = Array.from(items, elementText);
  if (texts.some((text) => text.includes(',')) || (texts.length === 1 && texts[0] === '')) {
    throw new RejectedValue(
      'inexact_value',
      'TypeORM splits a simple-array at its commas: it would read another array',
    );
  }
  return texts.join(',');
}

function elementText(item: unknown): string {
  switch (typeof item) {
    case 'string':
      return item;
    case 'number':
    case 'bigint':
      return textOfNumber(item);
    case 'boolean':
      return String(item);
    default:
      throw new RejectedValue('wrong_type', `a simple-array holds texts, found ${nameType(item)}`);
  }
}
