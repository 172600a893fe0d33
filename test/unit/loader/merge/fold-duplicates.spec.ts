import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { foldDuplicates, splitIntoWaves } from '../../../../src/loader/merge/fold-duplicates.js';
import { type LoadUnit, partsOf } from '../../../../src/loader/model/load-unit.js';
import type { Row } from '../../../../src/loader/model/row.js';
import { propertyRuns } from '../../../support/sizes/sizes.js';

const COLUMNS = 3;

const cell = fc.oneof(fc.constant(undefined), fc.constant(null), fc.constantFrom('', '0', 'x', 'y'));
const row: fc.Arbitrary<Row> = fc
  .tuple(
    fc.array(cell, { minLength: COLUMNS, maxLength: COLUMNS }),
    fc.uniqueArray(fc.nat(COLUMNS - 1)),
    fc.option(fc.dictionary(fc.constantFrom('a', '__proto__', 'b'), fc.constantFrom('1', 'null')), { nil: undefined }),
  )
  .map(([values, wanted, extra]) => {
    const fills = new Set(wanted.filter((index) => values[index] !== undefined && values[index] !== null));
    return {
      values,
      fills: fills.size === 0 ? undefined : fills,
      special: undefined,
      extra: extra === undefined ? undefined : new Map(Object.entries(extra)),
    };
  });
const units = fc
  .array(fc.tuple(fc.constantFrom('k', 'l', '__proto__'), fc.option(row, { nil: undefined }), row), { maxLength: 12 })
  .map((entries) =>
    entries.map(([key, upper, lower], position): LoadUnit => ({
      position,
      source: position,
      key,
      rows: [upper, lower],
      parts: [],
    })),
  );

interface Stored {
  readonly values: (string | null)[];
  readonly extra: Record<string, string> | undefined;
}

/** One record after the other, as the database would take them: the meaning that folding must keep. */
function apply(stored: Stored | undefined, incoming: Row | undefined): Stored | undefined {
  if (incoming === undefined) return stored;
  const values = Array.from({ length: COLUMNS }, (_, index) => {
    const before = stored?.values[index] ?? null;
    const value = incoming.values[index];
    if (value === undefined) return before;
    return incoming.fills?.has(index) ? (before ?? value) : value;
  });
  const extra = incoming.extra && Object.fromEntries([...Object.entries(stored?.extra ?? {}), ...incoming.extra]);
  return { values, extra: extra ?? stored?.extra };
}

describe('folding records with one key', () => {
  it('leaves in each table what they leave one by one, whatever was stored', () => {
    const anyStored = fc.option(
      fc.record({
        values: fc.array(fc.constantFrom(null, '0', 'z'), { minLength: COLUMNS, maxLength: COLUMNS }),
        extra: fc.constantFrom(undefined, { a: '9' }),
      }),
      { nil: undefined },
    );
    fc.assert(
      fc.property(units, anyStored, (records, stored) => {
        for (const folded of foldDuplicates(records, [])) {
          for (const table of [0, 1]) {
            const oneByOne = records.filter(({ key }) => key === folded.key).map(({ rows }) => rows[table]);
            expect(apply(stored, folded.rows[table])).toEqual(oneByOne.reduce(apply, stored));
          }
        }
      }),
      propertyRuns(500),
    );
  });

  it('keeps every record, each key once, in input order', () => {
    fc.assert(
      fc.property(units, (records) => {
        const folded = foldDuplicates(records, []);
        expect(folded.map(({ key }) => key)).toEqual([...new Set(records.map(({ key }) => key))]);
        for (const unit of folded) {
          const own = records.filter(({ key }) => key === unit.key).map(({ position }) => position);
          expect(partsOf(unit).map(({ position }) => position)).toEqual(own);
          expect(unit.position).toBe(own.at(-1));
        }
      }),
      propertyRuns(),
    );
  });

  it('changes none of the records it folds', () => {
    fc.assert(
      fc.property(units, (records) => {
        const before = structuredClone(records);
        foldDuplicates(records, []);
        expect(records).toEqual(before);
      }),
      propertyRuns(),
    );
  });
});

describe('splitting records into waves', () => {
  it('has each key at most once in a wave, keeps the order of each key, and loses none', () => {
    fc.assert(
      fc.property(units, (records) => {
        const waves = splitIntoWaves(records);
        for (const wave of waves) {
          expect(new Set(wave.map(({ key }) => key)).size).toBe(wave.length);
        }
        for (const wanted of ['k', 'l', '__proto__']) {
          const of = (list: readonly LoadUnit[]) =>
            list.filter(({ key }) => key === wanted).map(({ position }) => position);
          expect(of(waves.flat())).toEqual(of(records));
        }
      }),
      propertyRuns(),
    );
  });
});
