import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { keyFormsOf } from '../../../../src/loader/values/canonical-key.js';
import { converterFor } from '../../../../src/loader/values/convert-value.js';
import { startStorageApp, type StorageApp } from '../../../support/app/storage-app.js';
import { propertyRuns } from '../../../support/sizes/sizes.js';

const pad = (value: number, digits = 2): string => String(value).padStart(digits, '0');

/** Few moments in many spellings, so that some are the same. */
const clock = fc
  .record({
    year: fc.constantFrom('1900', '2000', '2024', '0001', '0099', '9999', '10000', '290000'),
    day: fc.constantFrom('01-01', '02-28', '03-01', '12-31'),
    separator: fc.constantFrom('T', 't', ' '),
    hour: fc.constantFrom(0, 1, 12, 13, 23),
    time: fc.constantFrom(
      ':00',
      ':30',
      ':00:00',
      ':00:30',
      ':00:00.0',
      ':00:00.100',
      ':00:00.1',
      ':00:00.123',
      ':00:00.124',
      ':00:00.001',
      ':00:00.123456',
      ':00:00.1234',
    ),
    zeros: fc.constantFrom('', '0', '000'),
  })
  .map(({ year, day, separator, hour, time, zeros }) => {
    const digits = time.includes('.') ? zeros : '';
    return `${year}-${day}${separator}${pad(hour)}${time}${digits}`;
  });
const zone = fc.oneof(
  fc.constantFrom('Z', 'z', ' Z', '+00', '-00:00', '+00:00:00'),
  fc
    .tuple(fc.constantFrom('+', '-'), fc.constantFrom(0, 1, 12, 15), fc.constantFrom('', ':00', '00', ':30', ':00:30'))
    .map(([sign, hours, rest]) => `${sign}${pad(hours)}${rest}`),
);
const era = fc.constantFrom('', '', ' BC');
/** The first year of Postgres is 4714 BC. */
const isOfPostgres = (text: string): boolean => !text.endsWith('BC') || /^[0-3]\d{3}-/.test(text);
const infinity = fc.constantFrom('infinity', '-Infinity');

const TEXTS: Readonly<Record<string, fc.Arbitrary<string>>> = {
  'timestamp with time zone': fc.oneof(
    { weight: 20, arbitrary: fc.tuple(clock, zone, era).map((parts) => parts.join('')) },
    { weight: 1, arbitrary: infinity },
  ),
  'timestamp without time zone': fc.oneof(
    { weight: 20, arbitrary: fc.tuple(clock, era).map((parts) => parts.join('')) },
    { weight: 1, arbitrary: infinity },
  ),
  numeric: fc
    .tuple(
      fc.constantFrom('', '-'),
      fc.constantFrom('0', '00', '1', '10', '010', '100'),
      fc.constantFrom('', '.', '.0', '.10', '.1'),
      fc.constantFrom('', 'e0', 'E1', 'e-1', 'e+02'),
    )
    .map((parts) => parts.join('')),
  'double precision': fc.oneof(
    fc.constantFrom('0', '-0', '0.0', '1', '1.0', '1e0', '0.1', '1e-1', '0.1000000000000000055', '1e300', '5e-324'),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  ),
};

describe('the canonical text of a key', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startStorageApp();
  });
  afterAll(() => app.close());

  it.each(Object.entries(TEXTS))('of %s is one for the texts that Postgres finds equal', async (type, arbitrary) => {
    const convert = converterFor({ kind: 'base', name: type, fullType: type }, {});
    const { canonical } = keyFormsOf(type);
    await fc.assert(
      fc.asyncProperty(fc.array(arbitrary.filter(isOfPostgres), { minLength: 100, maxLength: 200 }), async (texts) => {
        const converted = texts.map((text) => convert(text, false));
        const rows = await app.rows<{ same: number }>(
          `SELECT min(place) OVER (PARTITION BY value::${type})::integer AS same
           FROM unnest($1::text[]) WITH ORDINALITY AS s(value, place) ORDER BY place`,
          [converted],
        );
        const known = converted.map((text) => canonical?.(text));
        expect(known.map((key) => known.indexOf(key) + 1)).toEqual(rows.map(({ same }) => same));
      }),
      propertyRuns(),
    );
  });

  it('of a Date is that of its moment', () => {
    const { canonical } = keyFormsOf('timestamp with time zone');
    expect(canonical?.('2024-01-01T00:00:00.120Z AD')).toBe(canonical?.('2024-01-01 02:00:00.12+02'));
  });

  it.each(['2024-01-01T00:00:00+16:00', '2024-01-01T00:00:00+15:60'])(
    'of %s, which Postgres refuses, is its own',
    (text) => {
      expect(keyFormsOf('timestamp with time zone').canonical?.(text)).toBe(text);
    },
  );
});
