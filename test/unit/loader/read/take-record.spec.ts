import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { stringify } from 'lossless-json';

import type { LoadPlan } from '../../../../src/loader/model/load-plan.js';
import { normalizeRecord } from '../../../../src/loader/normalize/normalize-record.js';
import { sourceOf, takeRecord } from '../../../../src/loader/read/take-record.js';
import { rawBytesOf } from '../../../../src/quarantine/raw-record.js';
import { planOf } from '../../../support/entities/plans.js';
import { Article } from '../../../support/entities/unit-entities.js';
import { propertyRuns } from '../../../support/sizes/sizes.js';

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string(),
  fc.constantFrom('', '\0', '\ud83d', '\u{1f642}', '"\\\n'),
);
const number = fc.oneof(fc.double(), fc.integer(), fc.constantFrom(-0, 2 ** 53, 1e21, 1e-7, NaN));
const oddity = fc.oneof(
  fc.bigInt(),
  fc.date(),
  fc.constantFrom(undefined, Symbol.iterator, () => 1, new Map([[1, 2]])),
);
const name = fc.oneof(text, fc.constantFrom('__proto__', 'toJSON', '$date', '7', 'a'));
const { data } = fc.letrec<{ data: unknown }>((tie) => ({
  data: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    { weight: 6, arbitrary: fc.oneof(text, number, fc.boolean(), fc.constant(null)) },
    { weight: 1, arbitrary: oddity },
    { weight: 3, arbitrary: fc.array(tie('data')) },
    { weight: 3, arbitrary: fc.dictionary(name, tie('data'), { noNullPrototype: false }) },
  ),
}));

describe('a record that is taken from its owner', () => {
  let plan: LoadPlan;
  let place: number;
  beforeAll(async () => {
    plan = await planOf(Article);
    place = plan.columns.findIndex(({ name: column }) => column === 'details');
  });

  it('means the same to the load, and quarantine keeps the same bytes', () => {
    fc.assert(
      fc.property(data, data, (details, unknown) => {
        const record = { article_id: 'a', shop: 's', details, unknown };
        const bytes = rawBytesOf(record);
        const taken = takeRecord(record, [plan.fields]);
        const normalized = normalizeRecord(plan, plan.primaryKey, taken.content);
        expect(normalized).toEqual(normalizeRecord(plan, plan.primaryKey, record));
        const isStored = normalized.kind === 'row' && details !== null && details !== undefined;
        expect(isStored ? normalized.row.values[place] : '').toBe(isStored ? stringify(details) : '');
        expect(rawBytesOf(sourceOf(taken))).toEqual(bytes);
      }),
      propertyRuns(1_000),
    );
  });
});
