import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { converterFor } from '../../../../src/loader/values/convert-value.js';
import { RejectedValue } from '../../../../src/loader/values/rejected-value.js';
import { valueTypeOf } from '../../../support/records/value-types.js';
import { propertyRuns } from '../../../support/sizes/sizes.js';

const TZ = 'timestamp with time zone';
const PLAIN = 'timestamp without time zone';

function convert(type: string, value: unknown, epochSeconds = false): string {
  return converterFor(valueTypeOf(type), { epochSeconds })(value, false);
}

function rejectionOf(work: () => unknown): string {
  try {
    return `taken as ${String(work())}`;
  } catch (error) {
    if (!(error instanceof RejectedValue)) throw error;
    return error.rule;
  }
}

describe('a date-time', () => {
  it.each([
    '2024-01-02T03:04:05Z',
    '2024-01-02 03:04:05.123456+00',
    '2024-02-29T23:59:59.5-05:30',
    '2000-02-29T00:00z',
    '0001-01-01T00:00:00Z',
    '9999-12-31T23:59:59.999999+14:00',
    '10000-01-01 00:00:00+00',
    'infinity',
    '2024-01-02T03:04:05.1234560000Z',
  ])('with a zone is taken as it came: %s', (text) => {
    expect(convert(TZ, text)).toBe(text);
  });

  it.each([
    ['invalid_date_time', 'now'],
    ['invalid_date_time', 'today'],
    ['invalid_date_time', 'epoch'],
    ['invalid_date_time', ''],
    ['invalid_date_time', '01/02/2024'],
    ['invalid_date_time', '2024-1-2T00:00:00Z'],
    ['invalid_date_time', '20240102T030405Z'],
    ['invalid_date_time', '2024-01-02T03:04:05 CET'],
    ['invalid_date_time', '2024-01-02T03:04:05.1234567Z'],
    ['invalid_date_time', '2023-02-29T00:00:00Z'],
    ['invalid_date_time', '1900-02-29T00:00:00Z'],
    ['invalid_date_time', '2024-04-31T00:00:00Z'],
    ['invalid_date_time', '2024-13-01T00:00:00Z'],
    ['invalid_date_time', '2024-00-10T00:00:00Z'],
    ['invalid_date_time', '2024-01-01T24:00:00Z'],
    ['invalid_date_time', '2024-01-01T23:59:60Z'],
    ['invalid_date_time', '0000-01-01T00:00:00Z'],
    ['invalid_date_time', '2024-01-01T00:00:00Z\n'],
    ['invalid_date_time', '1700000000'],
    ['invalid_date_time', new Date(Number.NaN)],
    ['zoneless_date_time', '2024-01-02T03:04:05'],
    ['zoneless_date_time', '2024-01-02'],
    ['wrong_type', 1_700_000_000],
    ['wrong_type', true],
    ['wrong_type', {}],
    ['out_of_range', new Date(-8.64e15)],
  ])('is rejected as %s: %p', (rule, value) => {
    expect(rejectionOf(() => convert(TZ, value))).toBe(rule);
  });

  it.each([
    ['timestamp(3) with time zone', '2024-01-02T03:04:05.123456Z'],
    ['timestamp(0) with time zone', '2024-01-02T03:04:05.5Z'],
    ['timestamp(0) without time zone', '2024-01-02T03:04:05.5'],
    ['time(0) without time zone', '03:04:05.5'],
  ])('is not rounded in silence by %s: %s', (type, text) => {
    expect(rejectionOf(() => convert(type, text))).toBe('inexact_date_time');
  });

  it('as a Date is the same moment to the millisecond', () => {
    const dates = fc.date({ min: new Date('0001-01-01Z'), max: new Date('9999-12-31Z'), noInvalidDate: true });
    fc.assert(
      fc.property(dates, (date) => expect(new Date(convert(TZ, date))).toEqual(date)),
      propertyRuns(),
    );
  });

  it('without a zone goes into a column without one; a Date is written in local time', () => {
    expect(convert(PLAIN, '2024-01-02T03:04:05.5')).toBe('2024-01-02T03:04:05.5');
    expect(convert(PLAIN, new Date(2024, 0, 2, 3, 4, 5))).toBe('2024-01-02T03:04:05.000');
    expect(rejectionOf(() => convert(PLAIN, '2024-01-02T03:04:05Z'))).toBe('zoned_date_time');
    expect(rejectionOf(() => convert(PLAIN, '2024-01-02'))).toBe('zoneless_date_time');
  });

  it.each([
    ['date', '2024-02-29', '2024-02-29'],
    ['time without time zone', '23:59:59.123456', '23:59:59.123456'],
    ['time without time zone', '23:59', '23:59'],
  ])('of %s is taken as %s', (type, value, text) => {
    expect(convert(type, value)).toBe(text);
  });

  it.each([
    ['date', '2023-02-29'],
    ['date', 'tomorrow'],
    ['date', '2024-01-02T00:00:00Z'],
    ['time without time zone', '23:59:60'],
    ['time without time zone', 'noon'],
    ['time without time zone', 5],
  ])('of %s is rejected: %p', (type, value) => {
    expect(rejectionOf(() => convert(type, value))).toBe('invalid_date_time');
  });
});

describe('seconds since 1970, where the record class says so', () => {
  it.each([
    [0, '1970-01-01T00:00:00.000000Z'],
    [1_700_000_000, '2023-11-14T22:13:20.000000Z'],
    [1_700_000_000.25, '2023-11-14T22:13:20.250000Z'],
    ['1700000000', '2023-11-14T22:13:20.000000Z'],
    ['1700000000.5', '2023-11-14T22:13:20.500000Z'],
    [-1.5, '1969-12-31T23:59:58.500000Z'],
    [253_402_300_799, '9999-12-31T23:59:59.000000Z'],
    ['2024-01-02T03:04:05Z', '2024-01-02T03:04:05Z'],
  ])('%p is %s', (value, text) => {
    expect(convert(TZ, value, true)).toBe(text);
  });

  it.each([
    ['not_finite', Number.NaN],
    ['inexact_date_time', '1700000000.1234567'],
    ['out_of_range', 1_700_000_000_000],
    ['out_of_range', '1700000000000'],
    ['out_of_range', -1e12],
    ['invalid_date_time', 'now'],
    ['invalid_date_time', '1e9'],
    ['zoneless_date_time', '2024-01-02'],
    ['wrong_type', true],
  ])('are rejected as %s: %p', (rule, value) => {
    expect(rejectionOf(() => convert(TZ, value, true))).toBe(rule);
  });

  it.each([253_402_300_800 - 1e-5, -62_135_596_801])('never become a text Postgres cannot read: %p', (value) => {
    const outcome = rejectionOf(() => convert(TZ, value, true));
    expect(outcome).toMatch(/^(out_of_range|taken as \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z)$/);
  });
});
