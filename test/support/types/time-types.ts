import { REJECTED, type TypeCases } from './type-case.js';

export const TIME_TYPES: readonly TypeCases[] = [
  {
    type: 'date',
    cases: [
      ['2024-02-29', '2024-02-29'],
      ['0001-01-01', '0001-01-01'],
      ['0044-03-15 BC', '0044-03-15 BC'],
      ['0001-02-29 BC', '0001-02-29 BC'],
      ['10000-01-01', '10000-01-01'],
      ['-infinity', '-infinity'],
      ['0001-02-29', REJECTED],
      ['0002-02-29 BC', REJECTED],
      ['4715-01-01 BC', REJECTED],
      ['today', REJECTED],
      ['01/02/2024', REJECTED],
      ['2024-1-2', REJECTED],
      ['2024-01-02T00:00:00Z', REJECTED],
    ],
    onlyObjects: [
      [new Date(2024, 1, 29), '2024-02-29'],
      [new Date(2024, 1, 29, 0, 0, 0, 1), REJECTED],
      [new Date(Number.NaN), REJECTED],
      [Infinity, 'infinity'],
      [Number.NaN, REJECTED],
      [5, REJECTED],
    ],
  },
  {
    type: 'date[]',
    cases: [
      [['2024-02-29', null], '{2024-02-29,NULL}'],
      [['2023-02-29'], REJECTED],
    ],
    onlyObjects: [[[new Date(2024, 1, 29)], '{2024-02-29}']],
  },
  {
    type: 'timestamp without time zone',
    cases: [
      ['2024-01-02T03:04:05.123456', '2024-01-02 03:04:05.123456'],
      ['0044-03-15 00:00:00 BC', '0044-03-15 00:00:00 BC'],
      ['infinity', 'infinity'],
      ['2024-01-02T03:04:05.1234567', REJECTED],
      ['2024-01-02T03:04:05Z', REJECTED],
      ['2024-01-02T03:04:05\t', REJECTED],
      ['2024-01-02T24:00:00', REJECTED],
      ['2024-01-02', REJECTED],
      ['now', REJECTED],
      ['epoch', REJECTED],
    ],
    onlyObjects: [
      [new Date(2024, 0, 2, 3, 4, 5, 6), '2024-01-02 03:04:05.006'],
      [new Date(-43, 2, 15), '0044-03-15 00:00:00 BC'],
      [-Infinity, '-infinity'],
    ],
  },
  {
    type: 'timestamp(0) without time zone',
    cases: [
      ['2024-01-02 03:04:05.000', '2024-01-02 03:04:05'],
      ['2024-01-02 03:04:05.5', REJECTED],
    ],
    onlyObjects: [[new Date(2024, 0, 2, 3, 4, 5, 6), REJECTED]],
  },
  {
    type: 'timestamp with time zone',
    cases: [
      ['2024-01-02T03:04:05.123456+02', '2024-01-02 01:04:05.123456+00'],
      ['0044-03-15 00:00:00+00 BC', '0044-03-15 00:00:00+00 BC'],
      ['1900-01-01 00:09:21+00:09:21', '1900-01-01 00:00:00+00'],
      ['294276-12-31 23:59:59Z', '294276-12-31 23:59:59+00'],
      ['INFINITY', 'infinity'],
      ['294277-01-01 00:00:00Z', REJECTED],
      ['1900-01-01 00:09:21+000921', REJECTED],
      ['2024-01-02T03:04:05', REJECTED],
      ['2024-01-02T03:04:05Z\t', REJECTED],
      ['2024-01-02T03:04:05\tZ', REJECTED],
      ['2024-01-02T03:04:05 CET', REJECTED],
    ],
    onlyObjects: [
      [new Date('-000043-03-15T12:00:00Z'), '0044-03-15 12:00:00+00 BC'],
      [new Date(8.64e15), '275760-09-13 00:00:00+00'],
      [new Date(-8.64e15), REJECTED],
      [Infinity, 'infinity'],
      [1_700_000_000, REJECTED],
    ],
  },
  {
    type: 'timestamp(3) with time zone',
    cases: [
      ['2024-01-02T03:04:05.123Z', '2024-01-02 03:04:05.123+00'],
      ['2024-01-02T03:04:05.1234Z', REJECTED],
    ],
  },
  {
    type: 'timestamp(3) with time zone[]',
    cases: [
      [['2024-01-02T03:04:05.123Z'], '{"2024-01-02 03:04:05.123+00"}'],
      ['{"2024-01-02 03:04:05.123+00"}', '{"2024-01-02 03:04:05.123+00"}'],
      [['2024-01-02T03:04:05.1234Z'], REJECTED],
    ],
    onlyObjects: [[[[new Date(0)], [new Date(1)]], '{{"1970-01-01 00:00:00+00"},{"1970-01-01 00:00:00.001+00"}}']],
  },
  {
    type: 'time without time zone',
    cases: [
      ['23:59:59.999999', '23:59:59.999999'],
      ['24:00:00', '24:00:00'],
      ['03:04', '03:04:00'],
      ['24:00:01', REJECTED],
      ['23:59:59.9999999', REJECTED],
      ['23:59:60', REJECTED],
      ['noon', REJECTED],
      ['03:04:05Z', REJECTED],
      ['3 PM', REJECTED],
    ],
    onlyObjects: [[new Date(0), REJECTED]],
  },
  {
    type: 'time(3) without time zone',
    cases: [
      ['03:04:05.123', '03:04:05.123'],
      ['03:04:05.1234', REJECTED],
    ],
  },
  {
    type: 'time(3) without time zone[]',
    cases: [
      [['03:04:05.123'], '{03:04:05.123}'],
      [['03:04:05.1234'], REJECTED],
    ],
  },
  {
    type: 'time with time zone',
    cases: [
      ['03:04:05+02', '03:04:05+02'],
      ['24:00:00Z', '24:00:00+00'],
      ['03:04:05', REJECTED],
    ],
  },
  {
    type: 'time(0) with time zone',
    cases: [
      ['03:04:05Z', '03:04:05+00'],
      ['03:04:05.5Z', REJECTED],
    ],
  },
  {
    type: 'interval',
    cases: [
      ['1 year 2 mons 3 days 04:05:06.789', '1 year 2 mons 3 days 04:05:06.789'],
      ['-1 years -2 mons +3 days -04:05:06', '-1 years -2 mons +3 days -04:05:06'],
      ['P1Y2M3W4DT5H6M7.000001S', '1 year 2 mons 25 days 05:06:07.000001'],
      ['@ 1 day 2 hours 3 mins 4.5 secs ago', '-1 days -02:03:04.5'],
      ['1.5 hours', '01:30:00'],
      ['1 day', '1 day'],
      ['24 hours', '24:00:00'],
      ['1 mon -1 day', '1 mon -1 days'],
      ['00:00:00', '00:00:00'],
      [{ years: 1, days: -2, hours: 3, milliseconds: 4.005 }, '1 year -2 days +03:00:00.004005'],
      [{}, '00:00:00'],
      [{ days: 1.5 }, REJECTED],
      [{ fortnights: 1 }, REJECTED],
      ['1.5 months', REJECTED],
      ['1.5 days', REJECTED],
      ['0.1234567 seconds', REJECTED],
      ['00:00:00.1234567', REJECTED],
      ['5', REJECTED],
      ['3 4:05:06', REJECTED],
      ['1-2', REJECTED],
      ['soon', REJECTED],
      ['999999999999 days', REJECTED],
    ],
    onlyObjects: [[5, REJECTED]],
  },
  {
    type: 'interval(3)',
    cases: [
      ['0.123 seconds', '00:00:00.123'],
      ['0.1234 seconds', REJECTED],
    ],
  },
  {
    type: 'interval year',
    cases: [
      ['24 mons', '2 years'],
      ['1 year 1 mon', REJECTED],
      ['1 day', REJECTED],
    ],
  },
  {
    type: 'interval year to month',
    cases: [
      ['1 year 1 mon', '1 year 1 mon'],
      ['1 day', REJECTED],
      ['00:00:01', REJECTED],
    ],
  },
  {
    type: 'interval day',
    cases: [
      ['1 mon 2 days', '1 mon 2 days'],
      ['1 day 01:00:00', REJECTED],
    ],
  },
  {
    type: 'interval day to hour',
    cases: [
      ['1 day 02:00:00', '1 day 02:00:00'],
      ['1 day 02:01:00', REJECTED],
    ],
  },
  {
    type: 'interval hour to minute',
    cases: [
      ['02:01', '02:01:00'],
      ['02:01:01', REJECTED],
    ],
  },
  {
    type: 'interval minute to second',
    cases: [
      ['00:02:01', '00:02:01'],
      ['02:01', REJECTED],
    ],
  },
  {
    type: 'interval day to second(3)',
    cases: [
      ['1 day 00:00:01.123', '1 day 00:00:01.123'],
      ['00:00:01.1234', REJECTED],
    ],
  },
  {
    type: 'interval second(0)',
    cases: [
      ['1 mon 00:00:01', '1 mon 00:00:01'],
      ['00:00:01.5', REJECTED],
    ],
  },
  {
    type: 'interval(0)[]',
    cases: [
      [['1 day', { seconds: 2 }], '{"1 day",00:00:02}'],
      [['0.5 seconds'], REJECTED],
    ],
  },
];
