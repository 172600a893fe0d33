import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { deletionWaves } from '../../../../src/loader/merge/deletion-waves.js';
import type { Target } from '../../../../src/loader/model/load-job.js';
import { isDeletion, type LoadUnit, partsOf } from '../../../../src/loader/model/load-unit.js';
import { propertyRuns } from '../../../support/sizes/sizes.js';

const targetOf = (references: readonly string[], indexes: readonly object[]) => {
  const live = { references, indexes, kind: { hasPartitionKeys: false } };
  return [{ key: [], plan: { columns: [], quotedTable: 't', extraUpdatable: true, live } }] as unknown as Target[];
};

const units = fc.array(fc.tuple(fc.constantFrom('k', 'l', 'm'), fc.boolean()), { maxLength: 14 }).map((entries) =>
  entries.map(([key, deletes], position): LoadUnit => ({
    position,
    source: position,
    key,
    rows: [{ values: [], fills: undefined, special: undefined, extra: undefined, ...(deletes && { deletes }) }],
    parts: [],
  })),
);
const positions = (list: readonly LoadUnit[]) => list.flatMap(partsOf).map(({ position }) => position);

describe('waves of records that delete their row', () => {
  it.each([true, false])('keep the order of each key, and are of one kind; folded: %s', (mayFold) => {
    fc.assert(
      fc.property(units, fc.boolean(), fc.boolean(), (records, refersToItself, hasOtherKey) => {
        const isInOrder = refersToItself || hasOtherKey;
        const indexes = hasOtherKey ? [{ isUnique: true, comparisons: [] }] : [];
        const waves = deletionWaves(targetOf(refersToItself ? ['t'] : ['other'], indexes), records, mayFold);
        for (const wave of waves) {
          expect(wave.length).toBeGreaterThan(0);
          expect(new Set(wave.map(({ key }) => key)).size).toBe(wave.length);
          expect(new Set(wave.map(isDeletion)).size).toBe(1);
        }
        const folded = waves.flat().filter(({ parts }) => parts.length > 0);
        expect(folded.every((unit) => mayFold && !isInOrder && !unit.parts.some(isDeletion))).toBe(true);
        for (const wanted of ['k', 'l', 'm']) {
          const of = (list: readonly LoadUnit[]) => positions(list.filter(({ key }) => key === wanted));
          expect(of(waves.flat())).toEqual(of(records));
        }
        expect(positions(waves.flat())).toHaveLength(records.length);
        expect(!isInOrder || positions(waves.flat()).every((position, place) => position === place)).toBe(true);
      }),
      propertyRuns(),
    );
  });
});
