import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { hashOf } from '../../../../src/loader/read/shard-owner.js';
import { keyFormsOf } from '../../../../src/loader/values/canonical-key.js';
import { canonicalDecimal } from '../../../../src/loader/values/numbers/decimal.js';
import { propertyRuns } from '../../../support/sizes/sizes.js';

describe('the hash of a key', () => {
  it('is that of texts that never change either', () => {
    const textOf = (type: string, text: string) => keyFormsOf(type).canonical?.(text);
    expect(
      ['2024-01-01T00:00:00.12Z', '1969-12-31T23:59:59.999999Z', '2024-01-01 02:00+02'].map((text) =>
        textOf('timestamp with time zone', text),
      ),
    ).toEqual(['1704067200.120000', '-1.999999', '1704067200.000000']);
    expect(['-0.50', '1.0', '1e18', '1e19'].map((text) => textOf('numeric', text))).toEqual([
      '-5e-1',
      '1',
      '1000000000000000000',
      '1e19',
    ]);
    expect(['-0', '1.0', '1e300'].map((text) => textOf('double precision', text))).toEqual(['0', '1', '1e+300']);
    expect(textOf('bigint', '-42')).toBe('-42');
  });

  it('never changes: the shards of a load may run on different versions', () => {
    expect(['', 't3_1', '1', 'grün', 'a\0b', '🙂'].map(hashOf)).toEqual([
      2872998923, 4183922870, 1428125071, 724847461, 1564531501, 1074728266,
    ]);
  });

  it.each([2, 3, 16])('spreads keys that differ in a few characters over %i shards', (count) => {
    const shards = Array.from({ length: count }, () => 0);
    for (let n = 0; n < count * 1_000; n += 1) {
      // Even numbers only.
      const shard = hashOf(`t3_${(n * 2).toString(16)}`) % count;
      shards[shard] = (shards[shard] ?? 0) + 1;
    }
    expect(Math.min(...shards)).toBeGreaterThan(850);
    expect(Math.max(...shards)).toBeLessThan(1_150);
  });
});

it('writes equal decimals as one text, and others as others', () => {
  fc.assert(
    fc.property(fc.integer({ min: -9_999, max: 9_999 }), fc.nat(4), fc.nat(6), (digits, scale, zeros) => {
      const text = canonicalDecimal(`${digits}e-${scale}`);
      expect(canonicalDecimal(`${digits}.${'0'.repeat(zeros)}e-${scale}`)).toBe(text);
      expect(canonicalDecimal(`${digits * 10}e${-scale - 1}`)).toBe(text);
      expect(canonicalDecimal(`${digits + 1}e-${scale}`)).not.toBe(text);
    }),
    propertyRuns(),
  );
});

it('writes a bigint as the integer types do, which may be widened to numeric while a load runs', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.nat(3), (number, zeros) => {
      expect(canonicalDecimal(`${number}.${'0'.repeat(zeros)}`)).toBe(String(number));
    }),
    propertyRuns(),
  );
});
