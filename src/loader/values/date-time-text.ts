import { isLosslessNumber } from 'lossless-json';

import { nameType, RejectedValue } from './rejected-value.js';

const DATE = String.raw`(\d{4})-(\d{2})-(\d{2})`;
const TIME = String.raw`(\d{2}):(\d{2})(?::(\d{2})(?:\.\d{1,6}0*)?)?`;
const ZONE = String.raw`(?:[Zz]|[+-]\d{2}(?::?\d{2})?)`;
const DATE_ONLY = new RegExp(`^${DATE}$`);
const DATE_TIME = new RegExp(`^${DATE}[Tt ]${TIME}\\s?(${ZONE})?$`);
const TIME_ONLY = new RegExp(`^${TIME}(${ZONE})?$`);
const DECIMAL = /^-?\d+(?:\.\d+)?$/;

/** 9999-12-31T23:59:59Z. A larger number of seconds is a number of milliseconds. */
const LAST_EPOCH_SECOND = 253_402_300_799;
/** 0001-01-01T00:00:00Z, the first year Postgres takes in this form. */
const FIRST_EPOCH_SECOND = -62_135_596_800;

/**
 * The text of a timestamptz.
 * @param epochSeconds - take a number (or a decimal text) as seconds since 1970
 * @throws RejectedValue `invalid_date_time`, `zoneless_date_time`, `out_of_range`, `not_finite`, `wrong_type`
 */
export function toTimestamptzText(value: unknown, epochSeconds: boolean): string {
  if (value instanceof Date) {
    return toIso(value);
  }
  if (typeof value === 'number' && !epochSeconds) {
    throw new RejectedValue('wrong_type', 'expected an ISO date-time with a zone or a Date, found number');
  }
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new RejectedValue('not_finite', 'seconds since 1970 must be finite');
  }
  if (epochSeconds && isNumeric(value)) {
    // By way of the text: as a number, a LosslessNumber throws where a double cannot hold it.
    return fromEpochSeconds(Number(String(value)));
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
    const shifted = new Date(value.getTime() - value.getTimezoneOffset() * 60_000);
    return toIso(shifted).slice(0, -1);
  }
  if (matchDateTime(value)[7] !== undefined) {
    throw new RejectedValue('zoned_date_time', 'the column would drop the time zone');
  }
  return value as string;
}

/** The text of a date. @throws RejectedValue `invalid_date_time` */
export function toDateText(value: unknown): string {
  const parts = typeof value === 'string' ? DATE_ONLY.exec(value) : null;
  if (parts === null) {
    throw new RejectedValue('invalid_date_time', `expected a date as YYYY-MM-DD, found ${nameType(value)}`);
  }
  checkCalendar(parts);
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
  checkClock(parts[1], parts[2], parts[3]);
  if (zoned !== (parts[4] !== undefined)) {
    throw zoned
      ? new RejectedValue('zoneless_date_time', 'the column needs a time zone')
      : new RejectedValue('zoned_date_time', 'the column would drop the time zone');
  }
  return value as string;
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
  checkCalendar(parts);
  return parts;
}

/** JavaScript would turn 30 February into 1 March. */
function checkCalendar([, year, month, day, hour, minute, second]: RegExpExecArray): void {
  const lastDay = new Date(Date.UTC(2000 + (Number(year) % 400), Number(month), 0)).getUTCDate();
  const valid =
    Number(year) >= 1 && Number(month) >= 1 && Number(month) <= 12 && Number(day) >= 1 && Number(day) <= lastDay;
  if (!valid) {
    throw new RejectedValue('invalid_date_time', 'no such date');
  }
  checkClock(hour, minute, second);
}

/** Postgres would move a leap second to the next minute. */
function checkClock(hour = '0', minute = '0', second = '0'): void {
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) {
    throw new RejectedValue('invalid_date_time', 'no such time of day');
  }
}

function isNumeric(value: unknown): boolean {
  return (
    typeof value === 'number' ||
    typeof value === 'bigint' ||
    isLosslessNumber(value) ||
    (typeof value === 'string' && DECIMAL.test(value))
  );
}

function fromEpochSeconds(seconds: number): string {
  if (seconds < FIRST_EPOCH_SECOND || seconds > LAST_EPOCH_SECOND) {
    throw new RejectedValue('out_of_range', 'too large or too small for seconds since 1970: are these milliseconds?');
  }
  // Postgres keeps microseconds; rounding to milliseconds first would change the value.
  const whole = Math.floor(seconds);
  const micros = Math.round((seconds - whole) * 1_000_000);
  const base = new Date((whole + (micros === 1_000_000 ? 1 : 0)) * 1000).toISOString().slice(0, 19);
  return `${base}.${String(micros % 1_000_000).padStart(6, '0')}Z`;
}

function toIso(date: Date): string {
  if (Number.isNaN(date.getTime())) {
    throw new RejectedValue('invalid_date_time', 'an invalid Date');
  }
  const text = date.toISOString();
  if (text.length > 24) {
    throw new RejectedValue('out_of_range', 'a Date beyond the year 9999 or before the year 0');
  }
  return text;
}
