import { decimalText, scaledInteger } from './decimal.js';
import { textOfNumber } from './number-text.js';
import { RejectedValue } from '../rejected-value.js';

/** 1234567.89 as the database prints it for its locale: `$1,234,567.89`, `1.234.567,89 €`, `￥1,234,568`. */
const SAMPLE = /^([^\d]*)1([^\d]*)234\2(567|568)(?:([^\d]+)(\d+))?([^\d]*)$/;

/**
 * Makes the converter of a money column. Postgres would round digits that the currency does not have, and reads a text
 * by the locale of the database; plain digits with that locale's point mean the same everywhere.
 * @param sample - {@link SAMPLE}
 */
export function moneyConverter(sample: string): (value: unknown) => string {
  const [, prefix = '', group = '', , point = '', decimals = '', suffix = ''] = SAMPLE.exec(sample) ?? [];
  const places = decimals.length;
  const fraction = places === 0 ? '' : `${literal(point)}(\\d{${places}})`;
  const printed = new RegExp(
    `^(-?)(?:${literal(prefix)})?(\\d{1,3}(?:${literal(group)}\\d{3})*|\\d+)${fraction}(?:${literal(suffix)})?$`,
  );
  return (value) => {
    const text =
      typeof value === 'string' && decimalText(value) === undefined ? fromPrinted(value, printed, group) : value;
    const units = scaledInteger(textOfNumber(text), places);
    if (units === undefined) {
      throw new RejectedValue('inexact_value', `the currency has ${places} digits after the point`);
    }
    const digits = String(units < 0n ? -units : units).padStart(places + 1, '0');
    const cut = digits.length - places;
    return `${units < 0n ? '-' : ''}${digits.slice(0, cut)}${places === 0 ? '' : point + digits.slice(cut)}`;
  };
}

/** A text as this database prints money; every other text, as '1,5' with a point as comma, is rejected. */
function fromPrinted(text: string, printed: RegExp, group: string): string {
  const [, sign, integer, fraction = ''] = printed.exec(text) ?? [];
  if (integer === undefined) {
    throw new RejectedValue('wrong_type', 'expected a number, or money as this database prints it, found another text');
  }
  const digits = group === '' ? integer : integer.replaceAll(group, '');
  return `${sign}${digits}${fraction === '' ? '' : `.${fraction}`}`;
}

/** A text as a regular expression that matches it alone. */
function literal(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`);
}
