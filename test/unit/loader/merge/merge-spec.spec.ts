import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import type { LoadPlan } from '../../../../src/loader/model/load-plan.js';
import type { Target } from '../../../../src/loader/model/load-job.js';
import { maskedColumns, maskOf, type MergeSpec, partsOfSpec, specOf } from '../../../../src/loader/merge/merge-spec.js';
import { normalizeRecord } from '../../../../src/loader/normalize/normalize-record.js';
import type { Row } from '../../../../src/loader/model/row.js';
import { planOf } from '../../../support/entities/plans.js';
import { Article } from '../../../support/entities/unit-entities.js';
import { propertyRuns } from '../../../support/sizes/sizes.js';

type Meaning = 'nothing' | 'the value' | 'a fallback field';

describe('how the rows of a batch meet the table', () => {
  let plan: LoadPlan;
  beforeAll(async () => {
    plan = await planOf(Article);
  });

  const rowOf = (fields: object, index: number): Row => {
    const normalized = normalizeRecord(plan, plan.primaryKey, { article_id: String(index), shop: 's', ...fields });
    if (normalized.kind !== 'row') throw new Error(JSON.stringify(normalized));
    return normalized.row;
  };
  const spec = (records: readonly object[], onConflict: Target['onConflict'] = 'merge'): MergeSpec =>
    specOf({ plan, key: plan.primaryKey, onConflict }, records.map(rowOf));
  const modes = (records: readonly object[], onConflict?: Target['onConflict']): object =>
    Object.fromEntries(spec(records, onConflict).columns.map(({ column, mode }) => [column.name, mode]));

  it('sets what all rows carry, nulls too', () => {
    expect(modes([{ remark: 'a' }, { remark: null }])).toEqual({ article_id: 'set', shop: 'set', remark: 'set' });
  });

  it('reads null as absent where no row says null', () => {
    expect(modes([{ remark: 'a' }, { details: 1 }, { rating: 0 }, {}])).toMatchObject({
      remark: 'keepIfNull',
      details: 'keepIfNull',
      rating: 'keepIfNull',
    });
  });

  it('goes row by row where null is said by one row and absent in another', () => {
    expect(modes([{ remark: null }, { remark: 'r' }, {}])).toEqual({
      article_id: 'set',
      shop: 'set',
      remark: 'byRow',
    });
  });

  it('goes row by row where absence means a default', () => {
    expect(modes([{ stock: 1 }, {}])).toMatchObject({ stock: 'byRow' });
    expect(modes([{ stock: 1 }, {}], 'insert')).toMatchObject({ stock: 'byRow' });
    expect(modes([{ remark: null }, {}], 'insert')).toMatchObject({ remark: 'set' });
  });

  it('lets fallback fields only fill', () => {
    expect(modes([{ caption: 'c' }, {}])).toMatchObject({ short_name: 'fill' });
    expect(modes([{ caption: 'c' }, { short_name: 'n' }])).toMatchObject({ short_name: 'byRow' });
  });

  it('splits rows by a column the database alone can fill, and by no other', () => {
    // In the plan of a unit test no default is known as SQL, as of an identity.
    const rows = [{ stock: 1 }, {}, { stock: 2, remark: 'r' }].map(rowOf);
    const parts = partsOfSpec(specOf({ plan, key: plan.primaryKey, onConflict: 'merge' }, rows), rows);
    expect(parts.map(({ spec: part }) => part.columns.map(({ column }) => column.name))).toEqual([
      ['article_id', 'shop', 'stock', 'remark'],
      ['article_id', 'shop', 'remark'],
    ]);
    expect(parts.map(({ conditions }) => conditions.length)).toEqual([1, 1]);
    const other = [{}, { stock: 1 }].map(rowOf);
    const [first] = partsOfSpec(specOf({ plan, key: plan.primaryKey, onConflict: 'merge' }, other), other);
    // In the order of their first rows, so that generated values are those of the input's order.
    expect(first?.conditions[0]).toMatch(/^NOT /);
    expect(partsOfSpec(spec([{ remark: null }, {}]), [{ remark: null }, {}].map(rowOf))).toMatchObject([
      { conditions: [] },
    ]);
  });

  it('brings of each row exactly what it carries, whatever the mix', () => {
    const fields = fc.record(
      {
        remark: fc.constantFrom('r', null),
        stock: fc.constantFrom(1, null),
        rating: fc.constantFrom(1, null),
        details: fc.constantFrom([1], null),
        caption: fc.constant('c'),
        short_name: fc.constantFrom('n', null),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.array(fields, { minLength: 1, maxLength: 20 }), (records) => {
        const rows = records.map(rowOf);
        const made = specOf({ plan, key: plan.primaryKey, onConflict: 'merge' }, rows);
        for (const row of rows) {
          for (const column of plan.columns) {
            expect(meaningInSpec(made, column.name, row)).toBe(
              meaningInRow(row.values[column.index], row.fills?.has(column.index)),
            );
          }
        }
      }),
      propertyRuns(300),
    );
  });
});

/** What the statement makes of a row's value: null means null under `set`, and absent under `keepIfNull` and `fill`. */
function meaningInSpec(spec: MergeSpec, name: string, row: Row): Meaning {
  const carried = spec.columns.find(({ column }) => column.name === name);
  if (carried === undefined) return 'nothing';
  const isNull = (row.values[carried.column.index] ?? null) === null;
  switch (carried.mode) {
    case 'set':
      return 'the value';
    case 'keepIfNull':
      return isNull ? 'nothing' : 'the value';
    case 'fill':
      return isNull ? 'nothing' : 'a fallback field';
    case 'byRow': {
      const mask = maskOf(maskedColumns(spec), row);
      if (mask[carried.bit] === '0') return 'nothing';
      return mask[carried.bit + 1] === '1' ? 'a fallback field' : 'the value';
    }
  }
}

function meaningInRow(value: string | null | undefined, fills: boolean | undefined): Meaning {
  if (value === undefined) return 'nothing';
  return fills === true ? 'a fallback field' : 'the value';
}
