import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import type { LoadJob } from '../../../../src/loader/model/load-job.js';
import { resolveLoadOptions } from '../../../../src/loader/model/load-options.js';
import type { LoadUnit } from '../../../../src/loader/model/load-unit.js';
import { PackedRow, valueAt } from '../../../../src/loader/model/packed-row.js';
import { entityJob } from '../../../../src/loader/plan/entity-job.js';
import { BatchBuilder } from '../../../../src/loader/read/batch-builder.js';
import { UnitPacker } from '../../../../src/loader/read/unit-packer.js';
import { rawBytesOf } from '../../../../src/quarantine/raw-record.js';
import { planOf } from '../../../support/entities/plans.js';
import { Article } from '../../../support/entities/unit-entities.js';
import { propertyRuns } from '../../../support/sizes/sizes.js';

const hostile = fc.constantFrom(
  null,
  '',
  'a',
  '\\N',
  '\\',
  '\\t',
  'a\tb',
  'a\r\nb',
  '\u{1f600}é',
  '\\\\n',
  'x'.repeat(90),
);
const values: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  label: hostile,
  short_name: hostile,
  stock: fc.constantFrom<unknown>(0, 7, null, '8', 9n),
  rating: fc.constantFrom<unknown>(1.5, -0, null, '72.5', 0.005),
  details: fc.oneof(fc.jsonValue(), fc.constantFrom<unknown>({ a: '\\\t' }, [new Date(0)])),
  seen_at: fc.constantFrom<unknown>(new Date(5), '2024-01-01T00:00:00.123456Z', 0, null),
  more: hostile,
  __proto__x: hostile,
};
/** Records that mostly carry the same fields, as a file's do. */
const records = fc
  .tuple(fc.subarray(Object.keys(values)), fc.boolean())
  .chain(([names, areAlike]) =>
    fc.array(
      fc.record(Object.fromEntries(names.map((name) => [name, values[name] as fc.Arbitrary<unknown>])), {
        requiredKeys: areAlike ? names : [],
      }),
      { minLength: 1, maxLength: 8 },
    ),
  )
  .map((some) => some.map((fields, index) => ({ article_id: `${index}\t`, shop: 's', ...fields })));

describe('a packed record', () => {
  let job: LoadJob;
  beforeAll(async () => {
    job = entityJob(await planOf(Article), resolveLoadOptions({}, 1000), 'capture');
  });

  function unitsOf(some: readonly object[], packer?: UnitPacker): readonly LoadUnit[] {
    const batch = new BatchBuilder(job);
    some.forEach((record, position) => batch.add(record, position));
    const { units } = batch.end({ batchNo: 0, firstPosition: 0, endPosition: some.length, received: some.length });
    return packer === undefined ? units : units.map((unit) => packer.pack(unit));
  }
  const contentOf = ({ rows, source, ...unit }: LoadUnit): unknown => ({
    ...unit,
    rows: rows.map((row) => row && [row.values, row.fills, row.extra]),
    raw: rawBytesOf(source).toString(),
  });

  it('is what it was', () => {
    let packed = 0;
    fc.assert(
      fc.property(records, (some) => {
        const [plain, units] = [unitsOf(some), unitsOf(some, new UnitPacker(job.targets))];
        for (const [place, { rows }] of units.entries()) {
          const [row, was] = [rows[0] as PackedRow, plain[place]?.rows[0]];
          packed += row instanceof PackedRow ? 1 : 0;
          const columns = was?.values ?? [];
          expect(columns.map((_, index) => valueAt(row, index))).toEqual(columns);
        }
        expect(units.map(contentOf)).toEqual(plain.map(contentOf));
      }),
      propertyRuns(),
    );
    expect(packed).toBeGreaterThan(0);
  });

  it('keeps no object of a record whose rows tell all of it', () => {
    const record = { article_id: 'a', shop: 's', label: null, stock: 7, rating: 0.5, details: { a: [1] } };
    const [unit] = unitsOf([record], new UnitPacker(job.targets));
    expect(Object.values(unit?.source as object)).not.toContainEqual(expect.objectContaining({ shop: 's' }));
    expect(rawBytesOf(unit?.source).toString()).toBe(JSON.stringify(record));
  });

  it('has the -0 that it came with, of which an integer column holds 0', () => {
    const [unit] = unitsOf([{ article_id: 'a', shop: 's', stock: -0 }], new UnitPacker(job.targets));
    expect(rawBytesOf(unit?.source).toString()).toBe('{"article_id":"a","shop":"s","stock":-0}');
  });

  it('stays as it is in a batch of different columns, and where it is large', () => {
    const packer = new UnitPacker(job.targets);
    const base = { article_id: 'a', shop: 's' };
    const some = [
      { ...base, remark: 'l' },
      { ...base, remark: 'x'.repeat(100_000) },
      { ...base, remark: 'm' },
      base,
      { ...base, remark: 'n' },
    ];
    const units = unitsOf(some, packer);
    expect(units.map(({ rows: [row] }) => row instanceof PackedRow)).toEqual([true, false, true, false, false]);
  });
});
