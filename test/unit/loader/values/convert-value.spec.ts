import { describe, expect, it } from '@jest/globals';
import { LosslessNumber } from 'lossless-json';

import { converterFor } from '../../../../src/loader/values/convert-value.js';
import { valueTypeOf } from '../../../support/records/value-types.js';
import { RejectedValue } from '../../../../src/loader/values/rejected-value.js';

/** Converts a value for a column of a type, written as Postgres writes it: `numeric(10,2)`, `text[]`. */
function convert(fullType: string, value: unknown, { textual = false, epochSeconds = false } = {}): string {
  return converterFor(valueTypeOf(fullType), { epochSeconds })(value, textual);
}

function rejectionOf(work: () => unknown): string {
  try {
    return `taken as ${JSON.stringify(work())}`;
  } catch (error) {
    if (!(error instanceof RejectedValue)) throw error;
    return error.rule;
  }
}

const TAKEN: readonly (readonly [type: string, value: unknown, text: string])[] = [
  ['text', String.raw`\N \. {"` + '\t\r\n', String.raw`\N \. {"` + '\t\r\n'],
  ['text', '', ''],
  ['character varying(3)', '😀é€', '😀é€'],
  ['character(3)', 'abc', 'abc'],
  ['smallint', -32_768, '-32768'],
  ['integer', '2147483647', '2147483647'],
  ['integer', '007', '7'],
  ['integer', -0, '0'],
  ['integer', '5.000', '5'],
  ['bigint', Number.MAX_SAFE_INTEGER, '9007199254740991'],
  ['bigint', 9_223_372_036_854_775_807n, '9223372036854775807'],
  ['bigint', new LosslessNumber('9007199254740993.0'), '9007199254740993'],
  ['double precision', '72.5', '72.5'],
  ['double precision', 0.1 + 0.2, '0.30000000000000004'],
  ['double precision', -0, '-0'],
  ['double precision', 5e-324, '5e-324'],
  ['double precision', new LosslessNumber('0.1234567890123456789'), '0.12345678901234568'],
  ['double precision', 9_007_199_254_740_992n, '9007199254740992'],
  ['double precision', '.5', '0.5'],
  ['real', 16_777_216, '16777216'],
  ['numeric', '123456789012345678901234567890.123', '123456789012345678901234567890.123'],
  ['numeric(10,2)', '1.50', '1.50'],
  ['numeric(10,2)', '1.500', '1.500'],
  ['numeric(10,2)', 1e2, '100'],
  ['numeric(10)', 12, '12'],
  ['boolean', true, 'true'],
  ['boolean', 'False', 'false'],
  ['json', { a: [1, null, 'x'] }, '{"a":[1,null,"x"]}'],
  ['jsonb', 'text', '"text"'],
  ['jsonb', { a: undefined, b: 1 }, '{"b":1}'],
  ['jsonb', { n: 9_007_199_254_740_993n }, '{"n":9007199254740993}'],
  ['jsonb', [new LosslessNumber('1.10')], '[1.10]'],
  ['jsonb', { at: new Date(0) }, '{"at":"1970-01-01T00:00:00.000Z"}'],
  ['jsonb', 1e300, '1e+300'],
  ['uuid', '0B0E4F5C7D0C4F439A6B2B1F6F0C9D11', '0b0e4f5c-7d0c-4f43-9a6b-2b1f6f0c9d11'],
  ['bytea', Buffer.from([0, 255]), String.raw`\x00ff`],
  ['bytea', new Uint8Array([1, 2, 3]).subarray(1), String.raw`\x0203`],
  ['bytea', String.raw`\x00fF`, String.raw`\x00fF`],
  ['inet', '10.0.0.1', '10.0.0.1'],
  ['text[]', ['a', 'x"y\\', '', 'NULL', null], String.raw`{"a","x\"y\\","","NULL",NULL}`],
  ['integer[]', [], '{}'],
  ['character varying(2)[]', ['ab'], '{"ab"}'],
  ['integer[]', [[1], [2]], '{{"1"},{"2"}}'],
  ['integer[]', '[0:1]={1, NULL}', '[0:1]={"1",NULL}'],
  ['text[]', '{a b,"c,\\"d",null,"NULL"}', String.raw`{"a b","c,\"d",NULL,"NULL"}`],
  ['jsonb[]', [[1], { a: [2] }], String.raw`{"[1]","{\"a\":[2]}"}`],
  ['jsonb[]', '{{1,2},{3,"[4]"}}', '{{"1","2"},{"3","[4]"}}'],
];

const MORE_TAKEN: typeof TAKEN = [
  ['double precision', '1e300', '1e+300'],
  ['double precision', 100_000_000_000_000_000_000_000n, '1e+23'],
  ['real', 0.1, '0.1'],
  ['real', '1.00000005960464477540', '1.00000005960464477540'],
  ['real', 1_234_567_900, '1234567900'],
  ['real', 3.402_823_5e38, '3.4028235e+38'],
  ['numeric(3,-2)', 12_300, '12300'],
  ['numeric(2,3)', '0.012', '0.012'],
  ['money', 0.61, '0.61'],
  ['money', '-$1,234.50', '-1234.50'],
  ['money', '92233720368547758.07', '92233720368547758.07'],
  ['interval', '1 year 2 mons -3 days +04:05:06.789', '14 mons -3 days +4:05:06.789000'],
  ['interval', 'P1Y2M3W4DT5H6M7.5S', '14 mons 25 days +5:06:07.500000'],
  ['interval', '@ 1 hour 30.5 secs ago', '0 mons 0 days -1:00:30.500000'],
  ['interval', { hours: -1, milliseconds: -789.123 }, '0 mons 0 days -1:00:00.789123'],
  ['interval hour', '2 hours', '0 mons 0 days +2:00:00.000000'],
  ['interval year', '24 months', '24 mons 0 days +0:00:00.000000'],
  ['"bit"(3)', '101', '101'],
  ['date', '0044-03-15 BC', '0044-03-15 BC'],
  ['date', '0001-02-29 BC', '0001-02-29 BC'],
  ['date', -Infinity, '-infinity'],
  ['date', new Date(2024, 1, 29), '2024-02-29'],
  ['timestamp with time zone', new Date('-000043-03-15T12:00:00Z'), '0044-03-15T12:00:00.000Z BC'],
  ['timestamp with time zone', '1900-01-01 00:09:21+00:09:21', '1900-01-01 00:09:21+00:09:21'],
  ['time without time zone', '24:00:00.000', '24:00:00.000'],
];

const MORE_REJECTED: readonly (readonly [rule: string, type: string, value: unknown])[] = [
  ['inexact_integer', 'double precision', '9007199254740993.0'],
  ['inexact_integer', 'double precision', '9007199254740993e0'],
  ['inexact_integer', 'real', '16777217'],
  ['out_of_range', 'real', 1e-50],
  ['out_of_range', 'numeric(3,1)', 100],
  ['out_of_range', 'numeric(2,3)', '0.123'],
  ['inexact_value', 'money', 0.6116],
  ['wrong_type', 'money', '1,5'],
  ['wrong_type', 'money', '$1.5.0'],
  ['inexact_value', 'interval', '1.5 months'],
  ['inexact_value', 'interval', '1.5 days'],
  ['inexact_value', 'interval', '0.0000001 s'],
  ['inexact_value', 'interval hour', '90 minutes'],
  ['inexact_value', 'interval(3)', '0.0001 seconds'],
  ['inexact_value', 'interval year', '1 month'],
  ['wrong_type', 'interval', '5'],
  ['wrong_type', 'interval', 5],
  ['wrong_type', 'interval', '3 4:05:06'],
  ['wrong_type', 'interval', '04:75'],
  ['wrong_type', 'interval minute to second', '04:05'],
  ['inexact_value', '"bit"(3)', '10'],
  ['too_long', '"bit"(3)', '1010'],
  ['too_long', 'name', 'é'.repeat(32)],
  ['too_long', '"char"', 'é'],
  ['wrong_type', 'macaddr8', '08:00:2b:01:02:03'],
  ['inexact_value', 'tsvector', 'a:16384'],
  ['inexact_date_time', 'date', new Date(2024, 1, 29, 1)],
  ['invalid_date_time', 'time without time zone', '24:00:01'],
  ['invalid_date_time', 'timestamp with time zone', '2024-01-02 03:04:05+000921'],
  ['invalid_date_time', 'timestamp with time zone', '2024-01-02T03:04:05\t'],
  ['invalid_date_time', 'date', '0002-02-29 BC'],
  ['out_of_range', 'oid', -1],
  ['wrong_type', 'integer[]', '{1'],
  ['wrong_type', 'integer[]', '{1 2}'],
  ['wrong_type', 'text[]', '{"a""b"}'],
];

const REJECTED: readonly (readonly [rule: string, type: string, value: unknown])[] = [
  ['nul_character', 'text', 'a\0'],
  ['nul_character', 'jsonb', ['\0']],
  ['nul_character', 'text[]', ['a\0']],
  ['nul_character', 'inet', '\0'],
  ['lone_surrogate', 'text', '\udc00\ud800'],
  ['lone_surrogate', 'jsonb', { '\ud800': 1 }],
  ['wrong_type', 'text', 5],
  ['wrong_type', 'text', new Date(0)],
  ['wrong_type', 'text', ['a']],
  ['too_long', 'character varying(3)', 'abcd'],
  ['too_long', 'character varying(3)', 'abc '],
  ['too_long', 'character(2)', 'abc'],
  ['not_finite', 'integer', Number.NaN],
  ['not_finite', 'double precision', -Infinity],
  ['not_finite', 'numeric', Infinity],
  ['not_finite', 'jsonb', [[Number.NaN]]],
  ['not_finite', 'money', Number.NaN],
  ['not_an_integer', 'integer', 1.5],
  ['not_an_integer', 'integer', '1.5'],
  ['not_an_integer', 'bigint', '1e3'],
  ['inexact_integer', 'bigint', 2 ** 53],
  ['inexact_integer', 'numeric', 2 ** 60],
  ['inexact_integer', 'jsonb', { n: -(2 ** 53) }],
  ['inexact_integer', 'double precision', 9_007_199_254_740_993n],
  ['inexact_integer', 'double precision', '9007199254740993'],
  ['inexact_integer', 'real', 16_777_217],
  ['out_of_range', 'smallint', 32_768],
  ['out_of_range', 'integer', '-2147483649'],
  ['out_of_range', 'bigint', 9_223_372_036_854_775_808n],
  ['out_of_range', 'double precision', '1e400'],
  ['out_of_range', 'double precision', '1e-400'],
  ['out_of_range', 'real', 3.5e38],
  ['inexact_decimal', 'numeric(10,2)', '1.005'],
  ['inexact_decimal', 'numeric(10,2)', 1e-3],
  ['inexact_decimal', 'numeric(10)', '1.5'],
  ['inexact_decimal', 'numeric(5,-2)', 1234],
  ['wrong_type', 'integer', ''],
  ['wrong_type', 'integer', ' 5'],
  ['wrong_type', 'integer', true],
  ['wrong_type', 'integer', '0x10'],
  ['wrong_type', 'double precision', 'NaN'],
  ['wrong_type', 'double precision', '1,5'],
  ['wrong_type', 'double precision', [1]],
  ['wrong_type', 'numeric', 'one'],
  ['wrong_type', 'boolean', 1],
  ['wrong_type', 'boolean', 't'],
  ['wrong_type', 'boolean', ''],
  ['wrong_type', 'uuid', 'abc'],
  ['wrong_type', 'bytea', 'abc'],
  ['wrong_type', 'bytea', String.raw`\x0`],
  ['wrong_type', 'bytea', [1, 2]],
  ['wrong_type', 'text[]', 'a'],
  ['wrong_type', 'integer[]', ['x']],
  ['inexact_value', 'integer[]', [[]]],
  ['nesting_too_deep', 'integer[]', [[[[[[[1]]]]]]]],
  ['wrong_type', 'text[]', [undefined]],
  ['wrong_type', 'inet', {}],
  ['unsupported_value', 'jsonb', () => 1],
  ['unsupported_value', 'jsonb', Symbol('x')],
  ['unsupported_value', 'jsonb', undefined],
  ['unsupported_value', 'jsonb', new Map()],
  ['unsupported_value', 'jsonb', [new Set()]],
  ['unsupported_value', 'jsonb', { r: /x/ }],
  ['unsupported_value', 'jsonb', new Error('x')],
  ['unsupported_value', 'jsonb', Promise.resolve()],
  ['unsupported_value', 'jsonb', new Uint8Array(1)],
  ['unsupported_value', 'jsonb', [, 1]], // eslint-disable-line no-sparse-arrays
  ['unsupported_value', 'jsonb', { toJSON: () => undefined }],
  ['invalid_date_time', 'jsonb', { at: new Date(Number.NaN) }],
];

describe('a value', () => {
  it.each([...TAKEN, ...MORE_TAKEN])('of %s is taken when it is unambiguous: %p → %s', (type, value, text) => {
    expect(convert(type, value)).toBe(text);
  });

  it.each([...REJECTED, ...MORE_REJECTED])('is rejected as %s by %s: %p', (rule, type, value) => {
    expect(rejectionOf(() => convert(type, value))).toBe(rule);
  });

  it('is rejected as circular_value when it contains itself, at any distance', () => {
    const near: unknown[] = [];
    near.push(near);
    const far: Record<string, unknown> = {};
    far['a'] = { b: [far] };
    expect([near, far].map((value) => rejectionOf(() => convert('jsonb', value)))).toEqual([
      'circular_value',
      'circular_value',
    ]);
  });

  it('may occur twice in one jsonb, which is no cycle', () => {
    const shared = { x: 1 };
    expect(convert('jsonb', [shared, { shared }])).toBe('[{"x":1},{"shared":{"x":1}}]');
  });

  it('is taken at 256 levels of nesting and rejected as nesting_too_deep at 257', () => {
    const nest = (levels: number): unknown => (levels === 0 ? 1 : [nest(levels - 1)]);
    expect(convert('jsonb', nest(256))).toHaveLength(513);
    expect(rejectionOf(() => convert('jsonb', nest(257)))).toBe('nesting_too_deep');
  });

  it('is taken at 64 MiB and rejected as field_too_large above, counted in bytes', () => {
    const size = 64 * 1024 * 1024;
    expect(convert('text', 'x'.repeat(size))).toHaveLength(size);
    expect(rejectionOf(() => convert('text', 'x'.repeat(size + 1)))).toBe('field_too_large');
    expect(rejectionOf(() => convert('text', '€'.repeat(size / 3 + 1)))).toBe('field_too_large');
    expect(rejectionOf(() => convert('jsonb', ['x'.repeat(size - 3)]))).toBe('field_too_large');
  });

  it('of a text-only file is parsed for json and arrays, and rejected as invalid_json when it is none', () => {
    expect(convert('jsonb', '{"a":9007199254740993}', { textual: true })).toBe('{"a":9007199254740993}');
    expect(convert('text[]', '["a","b"]', { textual: true })).toBe('{"a","b"}');
    expect(convert('text', '{"a":1}', { textual: true })).toBe('{"a":1}');
    expect(rejectionOf(() => convert('jsonb', '{a}', { textual: true }))).toBe('invalid_json');
    expect(convert('jsonb', '{a}')).toBe('"{a}"');
  });

  it('keeps __proto__ and constructor as members of jsonb', () => {
    const value: unknown = JSON.parse('{"__proto__":{"a":1},"constructor":2,"n":0}');
    expect(convert('jsonb', value)).toBe('{"__proto__":{"a":1},"constructor":2,"n":0}');
    Object.assign(value as object, { n: 9_007_199_254_740_993n });
    expect(convert('jsonb', value)).toBe('{"__proto__":{"a":1},"constructor":2,"n":9007199254740993}');
  });
});
