import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { LosslessNumber, stringify } from 'lossless-json';
import { parseExactJson, parseJsonRecord } from '../../../src/files/json/parse-json-line.js';
import { propertyRuns } from '../../support/sizes/sizes.js';

const parse = (text: string) => parseJsonRecord(Buffer.from(text));
const field = (text: string): unknown => (parse(`{"n":${text}}`).value as { n: unknown }).n;

describe('parseExactJson', () => {
  it('reads a number that is the whole text', () => {
    expect(parseExactJson('12345678901234567890')).toBe(12345678901234567890n);
    expect(parseExactJson('1e400')).toEqual(new LosslessNumber('1e400'));
    expect(parseExactJson(' 1.5 ')).toBe(1.5);
  });
});

describe('parseJsonRecord', () => {
  it.each(['1373490332.0', '0.30000000000000004', '0.8166666666666667', '1e3', '1e15', '1e-7', '-0', '-0.0', '0e999'])(
    'reads %s as the number JSON.parse has for it',
    (text) => {
      expect(field(text)).toBe(JSON.parse(text));
    },
  );

  it.each([
    '9007199254740991',
    '1.00000000000000000',
    '1234567890.00000000',
    '1.5e-100',
    '2.5E-0007',
    '5e-324',
    '0.0000000000000000',
  ])('reads %s as a number, for all its length', (text) => {
    expect(field(text)).toBe(Number(text));
  });

  it.each(['9007199254740992', '9007199254740993', '-12345678901234567890', '9223372036854775807'])(
    'reads the integer %s as BigInt',
    (text) => {
      expect(field(text)).toBe(BigInt(text));
    },
  );

  it.each([
    '0.1234567890123456789',
    '9007199254740992.0',
    '1e16',
    '1.5e+100',
    '123456789.123456789',
    '9007199254740993.0',
    '1e400',
    '-1e400',
    '1e-400',
  ])('keeps the digits of %s, which a double cannot give back', (text) => {
    expect(field(text)).toEqual(new LosslessNumber(text));
  });

  it('finds such a number at any depth and between spaces', () => {
    expect(parse('{"a":[1, 9007199254740993],"b":{"c" : 9007199254740993}}').value).toEqual({
      a: [1, 9007199254740993n],
      b: { c: 9007199254740993n },
    });
  });

  it('leaves digits inside text alone', () => {
    const value = { id: '9007199254740993', note: 'call 9007199254740993 or 1e400, "quoted" \\ 12345678901234567' };
    expect(parse(JSON.stringify(value)).value).toEqual(value);
  });

  it.each(['1', '12345678901234567890'])('keeps __proto__ and constructor as plain fields beside %s', (number) => {
    const { value } = parse(`{"__proto__":{"admin":true},"constructor":"x","n":${number}}`);
    expect(Object.keys(value ?? {})).toEqual(['__proto__', 'constructor', 'n']);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect((value as { admin?: unknown }).admin).toBeUndefined();
  });

  it.each(['2', '12345678901234567890'])('lets the last of a repeated key win (%s)', (number) => {
    expect(parse(`{"a":1,"b":0,"a":${number}}`).value).toEqual({ a: field(number), b: 0 });
  });

  it.each([
    ['invalid_json', '{"secret":'],
    ['invalid_json', '{"secret":1,}'],
    ['invalid_json', '{"secret":12345678901234567890,}'],
    ['invalid_json', '{"a":01}'],
    ['invalid_json', 'secret'],
    ['invalid_json', '{"secret":"\u0001"}'],
    ['not_an_object', '[{"secret":1}]'],
    ['not_an_object', '"secret"'],
    ['not_an_object', '12345678901234567890'],
    ['not_an_object', '1e400'],
    ['not_an_object', '   12345678901234567.5'],
    ['not_an_object', 'null'],
  ])('rejects by %s: %s', (rule, text) => {
    const record = parse(text);
    expect(record.value).toBeUndefined();
    expect(record.rejection?.rule).toBe(rule);
    expect(record.rejection?.message).not.toContain('secret');
    expect(record.raw.toString()).toBe(text);
  });

  it('rejects broken UTF-8 and keeps its bytes', () => {
    const bytes = Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xc3, 0x28, 0x22, 0x7d]);
    const record = parseJsonRecord(bytes);
    expect(record.rejection?.rule).toBe('invalid_utf8');
    expect(record.raw.equals(bytes)).toBe(true);
  });

  it('keeps a NUL and a lone surrogate for the rules that reject them', () => {
    expect(parse(String.raw`{"a":"\u0000","b":"\ud800"}`).value).toEqual({ a: '\u0000', b: '\ud800' });
  });

  it('rejects what is nested too deeply for the parser that keeps digits', () => {
    const depth = 200_000;
    const text = `{"n":12345678901234567890,"d":${'['.repeat(depth)}${']'.repeat(depth)}}`;
    expect(parse(text).rejection?.rule).toBe('nesting_too_deep');
  });

  it('gives back any JSON object, big integers included', () => {
    const { node } = fc.letrec((tie) => ({
      leaf: fc.oneof(
        fc.string({ unit: 'binary' }),
        // Adding zero makes 0 of -0, which JSON.stringify does not write.
        fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => (isPlain(n) ? n + 0 : 0.5)),
        fc.bigInt({ min: 2n ** 53n, max: 2n ** 200n }),
        fc.boolean(),
        fc.constant(null),
      ),
      node: fc.oneof(
        { depthSize: 'small' },
        tie('leaf'),
        fc.array(tie('node'), { maxLength: 4 }),
        fc.dictionary(fc.string(), tie('node'), { maxKeys: 4, noNullPrototype: true }),
      ),
    }));
    fc.assert(
      fc.property(fc.dictionary(fc.string(), node, { noNullPrototype: true }), (value) => {
        expect(parse(stringify(value) ?? '').value).toEqual(value);
      }),
      propertyRuns(),
    );
  });

  const finite = fc.double({ noNaN: true, noDefaultInfinity: true });

  it('reads a double as JSON.parse does, however it is written, or keeps its digits', () => {
    fc.assert(
      fc.property(finite, (number) => {
        for (const text of [String(number), number.toExponential(), number.toPrecision(17), number.toExponential(16)]) {
          const read = field(text);
          expect(read).toEqual(typeof read === 'number' ? JSON.parse(text) : exact(text));
        }
      }),
      propertyRuns(),
    );
  });

  it('never makes a plain double anything else', () => {
    fc.assert(
      fc.property(finite.filter(isPlain), (number) => {
        for (const text of [String(number), number.toExponential()]) expect(field(text)).toBe(Number(text));
      }),
      propertyRuns(),
    );
  });
});

function exact(text: string): unknown {
  return /^-?\d+$/.test(text) ? BigInt(text) : new LosslessNumber(text);
}

/** Doubles that are written without turning into a big integer. */
function isPlain(number: number): boolean {
  return !Number.isInteger(number) || Number.isSafeInteger(number);
}
