import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { hashOf } from '../../../../src/loader/read/shard-owner.js';
import { canonicalDecimal } from '../../../../src/loader/values/numbers/decimal.js';
import { propertyRuns } from '../../../support/sizes/sizes.js';

describe('the hash of a key', () => {
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
