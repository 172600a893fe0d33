import { isLosslessNumber } from 'lossless-json';

import { scaledInteger } from './numbers/decimal.js';
import { textOfNumber } from './numbers/number-text.js';
import { nameType, RejectedValue } from './rejected-value.js';

/** A year before Christ ends the text, as Postgres prints it: `0044-03-15 BC`. */
const ERA = String.raw`( BC)?`;
const DATE = String.raw`(\d{4}|[1-9]\d{4,5})-(\d{2})-(\d{2})`;
const TIME = String.raw`(\d{2}):(\d{2})(?::(\d{2})(?:\.\d{1,6}0*)?)?`;
/** Postgres reads `+hhmmss` as minutes, so an offset with seconds needs its colons. */
const ZONE = String.raw`(?:[Zz]|[+-]\d{2}(?::?\d{2}|:\d{2}:\d{2})?)`;
/** A moment as most programs write it, on a day that every month has: checked in one look. */
export const USUAL_MOMENT =
  /^[12]\d{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,6})?(?:Z|[+-]\d{2}:\d{2})$/;
const DATE_ONLY = new RegExp(`^${DATE}${ERA}$`);
/** Its groups: year, month, day, hour, minute, second, zone, era. */
export const DATE_TIME = new RegExp(`^${DATE}[Tt ]${TIME}(?: ?(${ZONE}))?${ERA}$`);
const TIME_ONLY = new RegExp(`^${TIME}(${ZONE})?$`);
const DECIMAL = /^-?\d+(?:\.\d+)?$/;
const INFINITY = /^-?infinity$/i;
/** A text as long as a date is none of an infinity. */
const DATE_LENGTH = 10;
/** `time` has a value for the end of the day; a date-time would become the next day. */
const END_OF_DAY = /^24:00(?::00(?:\.0+)?)?(?![:.\d])/;

/** 9999-12-31T23:59:59Z. A larger number of seconds is a number of milliseconds. */
const LAST_EPOCH_SECOND = 253_402_300_799;
/** 0001-01-01T00:00:00Z: seconds before it are a mistake. */
const FIRST_EPOCH_SECOND = -62_135_596_800;
const MICROS = 1_000_000n;
const DAY_MS = 86_400_000;

/**
 * The text of a timestamptz.
 * @param epochSeconds - take a number (or a decimal text) as seconds since 1970
 * @throws RejectedValue `invalid_date_time`, `zoneless_date_time`, `out_of_range`, `not_finite`, `wrong_type`,
 * `inexact_date_time`
 */
export function toTimestamptzText(value: unknown, epochSeconds: boolean): string {
  if (typeof value === 'string' && USUAL_MOMENT.test(value)) {
    return value;
  }
  if (value instanceof Date) {
    return toIso(value);
  }
  const infinite = infinityText(value);
  if (infinite !== undefined) {
    return infinite;
  }
  if (epochSeconds && isNumeric(value)) {
    return fromEpochSeconds(value);
  }
  if (typeof value === 'number') {
    throw Number.isNaN(value)
      ? new RejectedValue('not_finite', 'NaN is no date-time')
      : new RejectedValue('wrong_type', 'expected an ISO date-time with a zone or a Date, found number');
  }
  const parts = matchDateTime(value);
  if (parts[7] === undefined) {
    throw new RejectedValue('zoneless_date_time', 'the date-time has no zone: end it with Z or +hh:mm');
  }
  return value as string;
}

/**
 * The text of a timestamp without time zone. A Date is written in local time, as pg reads it back.
 * @throws RejectedValue `invalid_date_time`, `zoned_date_time`
 */
export function toTimestampText(value: unknown): string {
  if (value instanceof Date) {
    return localText(value);
  }
  const infinite = infinityText(value);
  if (infinite !== undefined) {
    return infinite;
  }
  if (matchDateTime(value)[7] !== undefined) {
    throw new RejectedValue('zoned_date_time', 'the column would drop the time zone');
  }
  return value as string;
}

/**
 * The text of a date. A Date must be a midnight, as pg reads one back.
 * @param utc - midnight in UTC, not in local time
 * @throws RejectedValue `invalid_date_time`, `inexact_date_time`
 */
export function toDateText(value: unknown, utc: boolean): string {
  if (value instanceof Date) {
    return dayOf(value, utc);
  }
  const infinite = infinityText(value);
  if (infinite !== undefined) {
    return infinite;
  }
  const parts = typeof value === 'string' ? DATE_ONLY.exec(value) : null;
  if (parts === null) {
    throw new RejectedValue('invalid_date_time', `expected a date as YYYY-MM-DD, found ${nameType(value)}`);
  }
  checkDate(parts[1], parts[2], parts[3], parts[4]);
  return value as string;
}

/**
 * The text of a time of day.
 * @param zoned - whether the column keeps a zone
 * @throws RejectedValue `invalid_date_time`, `zoned_date_time`, `zoneless_date_time`
 */
export function toTimeText(value: unknown, zoned: boolean): string {
  const parts = typeof value === 'string' ? TIME_ONLY.exec(value) : null;
  if (parts === null) {
    throw new RejectedValue('invalid_date_time', `expected a time as hh:mm[:ss], found ${nameType(value)}`);
  }
  if (!END_OF_DAY.test(value as string)) {
    checkClock(parts[1], parts[2], parts[3]);
  }
  if (zoned !== (parts[4] !== undefined)) {
    throw zoned
      ? new RejectedValue('zoneless_date_time', 'the column needs a time zone')
      : new RejectedValue('zoned_date_time', 'the column would drop the time zone');
  }
  return value as string;
}

/** Postgres has infinite dates; pg reads them as the numbers. */
function infinityText(value: unknown): string | undefined {
  if (value === Infinity || value === -Infinity) {
    return value > 0 ? 'infinity' : '-infinity';
  }
  return typeof value === 'string' && value.length < DATE_LENGTH && INFINITY.test(value)
    ? value.toLowerCase()
    : undefined;
}

function matchDateTime(value: unknown): RegExpExecArray {
  const parts = typeof value === 'string' ? DATE_TIME.exec(value) : null;
  if (parts === null) {
    if (typeof value === 'string' && DATE_ONLY.test(value)) {
      throw new RejectedValue('zoneless_date_time', 'a date alone is not a date-time: add time and zone');
    }
    const found = typeof value === 'string' ? 'another text' : nameType(value);
    throw new RejectedValue(
      typeof value === 'string' ? 'invalid_date_time' : 'wrong_type',
      `expected a date-time as YYYY-MM-DDThh:mm:ss with at most microseconds, found ${found}`,
    );
  }
  checkDate(parts[1], parts[2], parts[3], parts[8]);
  checkClock(parts[4], parts[5], parts[6]);
  return parts;
}

/** JavaScript would turn 30 February into 1 March. */
function checkDate(year: string | undefined, month: string | undefined, day: string | undefined, era?: string): void {
  // The calendar repeats every 400 years; 1 BC is the year 0.
  const ofCycle = era === undefined ? Number(year) % 400 : 400 - ((Number(year) - 1) % 400);
  const lastDay = new Date(Date.UTC(2000 + ofCycle, Number(month), 0)).getUTCDate();
  const valid =
    Number(year) >= 1 && Number(month) >= 1 && Number(month) <= 12 && Number(day) >= 1 && Number(day) <= lastDay;
  if (!valid) {
    throw new RejectedValue('invalid_date_time', 'no such date');
  }
}

/** Postgres would move a leap second to the next minute. */
function checkClock(hour = '0', minute = '0', second = '0'): void {
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) {
    throw new RejectedValue('invalid_date_time', 'no such time of day');
  }
}

function isNumeric(value: unknown): boolean {
  return (
    (typeof value === 'number' && !Number.isNaN(value)) ||
    typeof value === 'bigint' ||
    isLosslessNumber(value) ||
    (typeof value === 'string' && DECIMAL.test(value))
  );
}

function fromEpochSeconds(value: unknown): string {
  const text = textOfNumber(value);
  const seconds = Number(text);
  if (seconds < FIRST_EPOCH_SECOND || seconds > LAST_EPOCH_SECOND) {
    throw new RejectedValue('out_of_range', 'too large or too small for seconds since 1970: are these milliseconds?');
  }
  if (Number.isInteger(seconds)) {
    return `${isoSeconds(seconds)}.000000Z`;
  }
  const micros = scaledInteger(text, 6);
  if (micros === undefined) {
    throw new RejectedValue('inexact_date_time', 'Postgres keeps microseconds and would round');
  }
  const fraction = ((micros % MICROS) + MICROS) % MICROS;
  return `${isoSeconds(Number((micros - fraction) / MICROS))}.${String(fraction).padStart(6, '0')}Z`;
}

function isoSeconds(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 19);
}

function toIso(date: Date): string {
  checkValid(date);
  const text = date.toISOString();
  // A year of more than four digits has a sign.
  return text.length === 24 && !text.startsWith('0000')
    ? text
    : withYear(date.getUTCFullYear(), text.slice(text.indexOf('-', 1)));
}

/** By the local getters, as pg does: the offset that a Date tells has whole minutes, and old zones had seconds. */
function localText(date: Date): string {
  checkValid(date);
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(twoDigits).join(':');
  return withYear(
    date.getFullYear(),
    `${monthAndDay(date.getMonth(), date.getDate())}T${time}.${String(date.getMilliseconds()).padStart(3, '0')}`,
  );
}

function dayOf(date: Date, utc: boolean): string {
  checkValid(date);
  const [year, month, day] = utc
    ? [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()]
    : [date.getFullYear(), date.getMonth(), date.getDate()];
  // Where clocks go forward at midnight, a day begins later.
  const isFirst = utc ? date.getTime() % DAY_MS === 0 : new Date(date.getTime() - 1).getDate() !== day;
  if (!isFirst) {
    throw new RejectedValue('inexact_date_time', 'the column would drop the time of day');
  }
  return withYear(year, monthAndDay(month, day));
}

/** The first year of Postgres' calendar, 4714 BC. */
const FIRST_YEAR = -4713;

/** Postgres has no year 0, and counts the years before Christ. */
function withYear(year: number, rest: string): string {
  if (year < FIRST_YEAR) {
    throw new RejectedValue('out_of_range', 'before the first date of Postgres');
  }
  return year > 0 ? `${fourDigits(year)}${rest}` : `${fourDigits(1 - year)}${rest} BC`;
}

function monthAndDay(month: number, day: number): string {
  return `-${twoDigits(month + 1)}-${twoDigits(day)}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}

function fourDigits(value: number): string {
  return String(value).padStart(4, '0');
}

function checkValid(date: Date): void {
  if (Number.isNaN(date.getTime())) {
    throw new RejectedValue('invalid_date_time', 'an invalid Date');
  }
}

/**
 * The end of a text that came as a Date, which has milliseconds: the column may hold the same moment with microseconds.
 * Postgres reads the text as if the mark were not there, and no other value has it.
 */
const DATE_MARK = ' AD';

/** Marks the text of a Date. */
export function markDate(text: string): string {
  return text.endsWith('BC') ? text : text + DATE_MARK;
}

/** The text as it was before {@link markDate}. */
export function withoutDateMark(text: string): string {
  return isMarkedDate(text) ? text.slice(0, -DATE_MARK.length) : text;
}

/** @returns whether the text of a value came as a Date */
export function isMarkedDate(text: string): boolean {
  return text.endsWith(DATE_MARK);
}
