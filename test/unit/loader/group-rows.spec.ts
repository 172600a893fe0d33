import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { groupRows } from '../../../src/loader/group-rows.js';
import type { LoadPlan } from '../../../src/loader/load-plan.js';
import type { ColumnMode, MergeSpec } from '../../../src/loader/merge-statement.js';
import { normalizeRecord } from '../../../src/loader/normalize-record.js';
import type { Row } from '../../../src/loader/row.js';
import { planOf } from '../../support/plans.js';
import { Article } from '../../support/unit-entities.js';

type Mode = ColumnMode | undefined;

/** A null in a statement means null under `set`, and absent under the other modes. */
function meansInStatement(value: string | null | undefined, mode: Mode): string {
  if (mode === undefined) return 'nothing';
  if (mode === 'fill') return 'a stand-in';
  return (value ?? null) === null && mode === 'keepIfNull' ? 'nothing' : 'the value';
}

function meansInRow(value: string | null | undefined, fills: boolean | undefined): string {
  if (value === undefined) return 'nothing';
  return fills === true ? 'a stand-in' : 'the value';
}

describe('the statements of a batch', () => {
  let plan: LoadPlan;
  beforeAll(async () => {
    plan = await planOf(Article);
  });

  const rowOf = (fields: object, index: number): Row => {
    const normalized = normalizeRecord(plan, plan.primaryKey, { article_id: String(index), shop: 's', ...fields });
    if (normalized.kind !== 'row') throw new Error(JSON.stringify(normalized));
    return normalized.row;
  };
  const group = (records: readonly object[], onConflict: MergeSpec['onConflict'] = 'merge') =>
    groupRows(plan, onConflict, plan.primaryKey, records.map(rowOf)).map(({ spec, rows }) => ({
      rows: rows.map((row) => Number(row.values[0])),
      columns: Object.fromEntries(spec.columns.map(({ column, mode }) => [column.name, mode])),
      required: spec.required.map(({ name }) => name),
    }));

  it('are one for rows that carry the same columns', () => {
    expect(group([{ remark: 'a' }, { remark: 'b' }])).toEqual([
      { rows: [0, 1], columns: { article_id: 'set', shop: 'set', remark: 'set' }, required: [] },
    ]);
  });

  it('are one for rows without an explicit null, whatever mix of columns they carry', () => {
    const mixed = group([{ remark: 'a' }, { details: 1 }, { rating: 0 }, {}]);
    expect(mixed.map(({ rows }) => rows)).toEqual([[0, 1, 2, 3]]);
    expect(mixed[0]?.columns).toMatchObject({ remark: 'keepIfNull', details: 'keepIfNull', rating: 'keepIfNull' });
  });

  it('keep a row with an explicit null apart from rows in which that column is absent', () => {
    const groups = group([{ remark: null }, { details: 1 }, { remark: null }]);
    expect(groups.map(({ rows }) => rows)).toEqual([[0, 2], [1]]);
    expect(groups[0]?.columns).toEqual({ article_id: 'set', shop: 'set', remark: 'set' });
  });

  it('never mix rows with and without a column that has a default', () => {
    expect(group([{ stock: 1 }, {}, { stock: 2 }, { remark: 'r' }]).map(({ rows }) => rows)).toEqual([
      [0, 2],
      [1, 3],
    ]);
    expect(group([{ stock: 1 }, {}], 'insert').map(({ rows }) => rows)).toEqual([[0], [1]]);
    expect(group([{ stock: 1 }, {}], 'overwrite').map(({ rows }) => rows)).toEqual([[0], [1]]);
  });

  it('take a NOT NULL column the rows lack from the stored row', () => {
    const rows = [rowOf({ remark: 'a' }, 0)].map((row) => ({ ...row, values: row.values.with(1, undefined) }));
    const [only] = groupRows(plan, 'merge', plan.primaryKey, rows);
    expect(only?.spec.required.map(({ name }) => name)).toEqual(['shop']);
    expect(groupRows(plan, 'insert', plan.primaryKey, rows)[0]?.spec.required).toEqual([]);
  });

  it('let stand-ins only fill', () => {
    expect(group([{ caption: 'c' }])[0]?.columns).toMatchObject({ short_name: 'fill' });
    expect(group([{ caption: 'c' }, { short_name: 'n' }]).map(({ columns }) => columns['short_name'])).toEqual([
      'fill',
      'set',
    ]);
  });

  it('write every row once, and bring of each exactly what it carries', () => {
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
        const groups = groupRows(plan, 'merge', plan.primaryKey, rows);
        expect(new Set(groups.flatMap((one) => one.rows))).toEqual(new Set(rows));
        expect(groups.flatMap((one) => one.rows)).toHaveLength(rows.length);
        for (const one of groups) {
          for (const row of one.rows) {
            for (const column of plan.columns) {
              const mode = one.spec.columns.find((carried) => carried.column === column)?.mode;
              const value = row.values[column.index];
              expect(meansInStatement(value, mode)).toBe(meansInRow(value, row.fills?.has(column.index)));
            }
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});
