import { scaledInteger } from './numbers/decimal.js';
import { textOfNumber } from './numbers/number-text.js';
import { nameType, RejectedValue } from './rejected-value.js';

/** What Postgres stores of an interval: three numbers that it never turns into each other. */
interface Interval {
  months: bigint;
  days: bigint;
  micros: bigint;
}

const SECOND = 1_000_000n;
const MINUTE = 60n * SECOND;
const HOUR = 60n * MINUTE;

/** What one of a unit adds. Weeks and years are exact: a week has 7 days, a year 12 months. */
const UNITS: Readonly<Record<string, readonly [field: keyof Interval, size: bigint]>> = {
  millennium: ['months', 12_000n],
  century: ['months', 1200n],
  decade: ['months', 120n],
  year: ['months', 12n],
  month: ['months', 1n],
  week: ['days', 7n],
  day: ['days', 1n],
  hour: ['micros', HOUR],
  minute: ['micros', MINUTE],
  second: ['micros', SECOND],
  millisecond: ['micros', 1000n],
  microsecond: ['micros', 1n],
};

/** Other names that Postgres writes or pg uses. `m` alone is left out: Postgres reads it as months or as minutes. */
const SYNONYMS: Readonly<Record<string, string>> = {
  mil: 'millennium',
  millennia: 'millennium',
  centuries: 'century',
  mon: 'month',
  y: 'year',
  w: 'week',
  d: 'day',
  h: 'hour',
  s: 'second',
  ms: 'millisecond',
  us: 'microsecond',
  hr: 'hour',
  min: 'minute',
  sec: 'second',
};

const QUANTITY = String.raw`[+-]?\d+(?:\.\d+)?`;
const CLOCK = String.raw`([+-])?(\d+):(\d{2})(?::(\d{2}(?:\.\d+)?))?`;
const POSTGRES = new RegExp(`^(?:@ )?((?:${QUANTITY} [a-z]+(?: |$|(?= ago$)))*)(?:${CLOCK})?( ago)?$`, 'i');
const PART = new RegExp(`(${QUANTITY}) ([a-z]+)`, 'gi');
const ISO = new RegExp(
  `^P(?!$)${['Y', 'M', 'W', 'D'].map(isoPart).join('')}(?:T(?!$)${['H', 'M', 'S'].map(isoPart).join('')})?$`,
);
const ISO_UNITS = ['year', 'month', 'week', 'day', 'hour', 'minute', 'second'] as const;
const HOURS_OR_MINUTES = /(?:^|[ +-])\d+:\d{2}(?! ?[:\d])/;
const FRACTIONS = ['millisecond', 'microsecond'] as const;
const CLOCK_UNITS = ['hour', 'minute', 'second', ...FRACTIONS] as const;
const INFINITY = /^-?infinity$/i;

/**
 * Makes the converter of an interval column. It takes the text that Postgres or ISO 8601 has for an interval, and the
 * object that pg reads one into, where each part has a whole number of months, days or microseconds: Postgres would
 * spread half a month over days.
 * @param fullType - such as `interval day to second(3)`, which cuts what is smaller
 */
export function intervalConverter(fullType: string): (value: unknown) => string {
  const smallest = smallestPart(fullType);
  const clockIsMinutes = fullType.includes(' minute to second');
  return (value) => {
    if (typeof value === 'string' && INFINITY.test(value)) {
      return value.toLowerCase();
    }
    if (clockIsMinutes && typeof value === 'string' && HOURS_OR_MINUTES.test(value)) {
      throw wrongForm('hh:mm, which this column reads as mm:ss');
    }
    const interval = typeof value === 'string' ? parseInterval(value) : fromObject(value);
    if (
      interval.months % smallest.months !== 0n ||
      (smallest.days === 0n && interval.days !== 0n) ||
      (smallest.micros === 0n ? interval.micros !== 0n : interval.micros % smallest.micros !== 0n)
    ) {
      throw new RejectedValue('inexact_value', `a column of ${fullType} would cut or round the interval`);
    }
    return print(interval);
  };
}

/** The unit of the smallest field a type keeps; 0 where it keeps none. */
function smallestPart(fullType: string): Interval {
  const field = / (year|month|day|hour|minute|second)(?:\(\d\))?$/.exec(fullType)?.[1] ?? 'second';
  const precision = Number(/\((\d)\)/.exec(fullType)?.[1] ?? 6);
  const micros: Readonly<Record<string, bigint>> = {
    hour: HOUR,
    minute: MINUTE,
    second: 10n ** BigInt(6 - precision),
  };
  return {
    months: field === 'year' ? 12n : 1n,
    days: field === 'year' || field === 'month' ? 0n : 1n,
    micros: micros[field] ?? 0n,
  };
}

function isoPart(designator: string): string {
  return `(?:(${QUANTITY})${designator})?`;
}

function parseInterval(text: string): Interval {
  const interval: Interval = { months: 0n, days: 0n, micros: 0n };
  const iso = ISO.exec(text);
  if (iso !== null) {
    ISO_UNITS.forEach((unit, index) => add(interval, iso[index + 1] ?? '0', unit));
    return interval;
  }
  const [, parts, sign, hours, minutes, seconds, ago] = POSTGRES.exec(text) ?? [];
  if ((parts === undefined || parts === '') && hours === undefined) {
    throw wrongForm('another text');
  }
  const seen = new Set<string>(hours === undefined ? [] : CLOCK_UNITS);
  for (const [, quantity = '', name = ''] of (parts ?? '').matchAll(PART)) {
    const unit = once(seen, unitOf(name));
    if (unit === 'second' && quantity.includes('.')) {
      FRACTIONS.forEach((fraction) => once(seen, fraction));
    }
    add(interval, quantity, unit);
  }
  if (hours !== undefined) {
    if (Number(minutes) > 59 || Number(seconds ?? 0) >= 60) {
      throw wrongForm('minutes or seconds beyond 59');
    }
    const [minus, clock] = [sign === '-' ? '-' : '', { hour: hours, minute: minutes, second: seconds }];
    Object.entries(clock).forEach(([unit, quantity]) => add(interval, minus + (quantity ?? '0'), unit));
  }
  return ago === undefined ? interval : { months: -interval.months, days: -interval.days, micros: -interval.micros };
}

/** pg's own object: `{ years: 1, hours: 2, milliseconds: 3.5 }`. */
function fromObject(value: unknown): Interval {
  if (Object.prototype.toString.call(value) !== '[object Object]') {
    throw wrongForm(nameType(value));
  }
  const interval: Interval = { months: 0n, days: 0n, micros: 0n };
  const seen = new Set<string>();
  for (const [name, quantity] of Object.entries(value as object)) {
    // undefined is absent, as everywhere in a record.
    if (quantity !== undefined) {
      add(interval, textOfNumber(quantity), once(seen, unitOf(name)));
    }
  }
  return interval;
}

function unitOf(name: string): string {
  const lower = name.toLowerCase();
  const singular = lower.replace(/s$/, '');
  const unit = SYNONYMS[lower] ?? SYNONYMS[singular] ?? singular;
  if (!Object.hasOwn(UNITS, unit)) {
    throw wrongForm('an unknown unit');
  }
  return unit;
}

/** Postgres takes no unit twice either. */
function once(seen: Set<string>, unit: string): string {
  if (seen.has(unit)) {
    throw wrongForm('a unit twice');
  }
  seen.add(unit);
  return unit;
}

function add(interval: Interval, quantity: string, unit: string): void {
  const [field, size] = UNITS[unit] as readonly [keyof Interval, bigint];
  // Micros of a quantity with six digits after the point are whole, also those of 0.5 hours.
  const scale = field === 'micros' ? 6 : 0;
  const scaled = scaledInteger(quantity.replace('+', ''), scale);
  const units = scaled === undefined ? undefined : scaled * size;
  const divisor = 10n ** BigInt(scale);
  if (units === undefined || units % divisor !== 0n) {
    throw new RejectedValue('inexact_value', `Postgres would spread or round a fraction of a ${unit}`);
  }
  interval[field] += units / divisor;
}

/** A text that Postgres reads the same under every IntervalStyle: each part has its own sign and unit. */
function print({ months, days, micros }: Interval): string {
  const size = micros < 0n ? -micros : micros;
  const fraction = String(size % SECOND).padStart(6, '0');
  const [minutes, seconds] = [(size / MINUTE) % 60n, (size / SECOND) % 60n];
  const sign = micros < 0n ? '-' : '+';
  return `${months} mons ${days} days ${sign}${size / HOUR}:${pad(minutes)}:${pad(seconds)}.${fraction}`;
}

function pad(value: bigint): string {
  return String(value).padStart(2, '0');
}

function wrongForm(found: string): RejectedValue {
  return new RejectedValue(
    'wrong_type',
    `expected an interval such as '1 year 2 mons 3 days 04:05:06', 'P1Y2M3DT4H5M6S' or an object of its parts, found ${found}`,
  );
}
