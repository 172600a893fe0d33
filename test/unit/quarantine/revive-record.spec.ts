import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LosslessNumber } from 'lossless-json';

import { toJsonText } from '../../../src/loader/values/json-text.js';
import { rawBytesOf } from '../../../src/quarantine/raw-record.js';
import { reviveRecord } from '../../../src/quarantine/revive-record.js';
import { propertyRuns } from '../../support/sizes/sizes.js';

const back = (value: unknown): unknown => {
  const revived = reviveRecord(rawBytesOf(value));
  if (revived === undefined) throw new Error('not revivable');
  return revived.value;
};

/** What a jsonb column would hold, or the rule it is rejected by. */
function textOrRule(value: unknown): string {
  try {
    return toJsonText(value);
  } catch (error) {
    return (error as { rule: string }).rule;
  }
}

describe('a record that was handed over as an object comes back from its bytes', () => {
  it.each<[string, unknown]>([
    ['NaN and Infinity', [Number.NaN, Infinity, -Infinity]],
    ['an integer that has lost digits', 2 ** 60],
    ['a large double', 1e300],
    ['minus zero', -0],
    ['a bigint, large or small', [5n, 9_007_199_254_740_993n]],
    ['a Date', new Date('2024-02-29T12:00:00.123Z')],
    ['a Buffer', Buffer.from([0, 255])],
    ['bytes that are no Buffer', Uint8Array.from([0, 255])],
    ['a Map and a Set', [new Map([['a', 1n]]), new Set([Number.NaN])]],
    ['undefined in an array', [1, undefined]],
    ['text with NUL and half a surrogate pair', 'a\0b\ud83d'],
    ['no object at all', null],
  ])('%s', (_, value) => {
    expect(back(value)).toStrictEqual(value);
    expect(back([value])).toStrictEqual([value]);
  });

  it('keeps the digits of a number that is no double', () => {
    expect(String(back([new LosslessNumber('0.12345678901234567890')]))).toBe('0.12345678901234567890');
  });

  it.each([
    [{ $number: 'NaN' }],
    [{ $$number: 'NaN' }],
    [{ $date: '2024-01-01' }],
    [{ $unknown: 1 }],
    [{ $set: 1, $unset: 2 }],
    [{ a: { $undefined: true } }],
  ])('%j, which only looks like one of the forms JSON has none for', (value) => {
    expect(back(value)).toEqual(value);
  });

  it('takes __proto__ for data', () => {
    const value = JSON.parse('{"__proto__":{"a":1},"big":12345678901234567890}') as object;
    expect(Object.entries(back(value) as object)[0]).toEqual(['__proto__', { a: 1 }]);
  });

  it('writes what toJSON gives, as a jsonb column would', () => {
    const value = { price: { amount: 1, toJSON: () => '1.00' } };
    expect(toJsonText(back(value))).toBe('{"price":"1.00"}');
  });

  it('reads a record by its members, even one that has a toJSON', () => {
    class Row {
      a = 1;
      toJSON(): string {
        return 'no';
      }
    }
    expect(back(new Row())).toEqual({ a: 1 });
  });

  it('has no methods of a class, so that code which calls one fails', () => {
    expect(() => String(back({ a: 1 }))).toThrow(TypeError);
  });

  it('is the same to a jsonb column, whatever JSON it holds', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(textOrRule(back(value))).toBe(textOrRule(value));
      }),
      propertyRuns(),
    );
  });
});

describe('what no bytes can bring back is not made up', () => {
  const circular: Record<string, unknown> = {};
  circular['self'] = circular;
  const unreadable = Object.defineProperty({}, 'a', {
    enumerable: true,
    get() {
      throw new Error('no');
    },
  });
  it.each<[string, unknown]>([
    ['a function', { a: () => 1 }],
    ['a symbol', { a: Symbol('s') }],
    ['a cycle', circular],
    ['a getter that throws', unreadable],
    ['a toJSON that throws', { a: Object.assign({}, { toJSON: () => unreadable['a' as never] }) }],
    ['a regular expression', { a: /x/ }],
    ['an Error', { a: new Error('x') }],
  ])('%s', (_, value) => {
    expect(reviveRecord(rawBytesOf(value))).toBeUndefined();
  });

  it('bytes that are no JSON', () => {
    expect(reviveRecord(Buffer.from('a,b'))).toBeUndefined();
  });
});
