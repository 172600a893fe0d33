import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import {
  fieldsOf,
  filterOf,
  inWords,
  isChosen,
  parametersOf,
  readRejectQuery,
} from '../../../src/console/rejects/reject-query.js';
import { propertyRuns } from '../../support/sizes/sizes.js';

const read = (query: string) => readRejectQuery(new URLSearchParams(query));

describe('a filter of rejected records in a URL', () => {
  it('is the same in a link and in a form', () => {
    const name = fc.option(
      fc.string({ unit: 'binary', minLength: 1 }).filter((text) => text.isWellFormed() && !text.includes('\0')),
      { nil: undefined },
    );
    const moment = fc.option(
      fc.date({ min: new Date(0), max: new Date('9999-12-31T00:00:00Z'), noInvalidDate: true }),
      { nil: undefined },
    );
    const query = fc.record({
      table: name,
      reason: name,
      loadId: fc.option(fc.uuid(), { nil: undefined }),
      from: moment,
      to: moment,
      state: fc.constantFrom('open' as const, 'replayed' as const, 'any' as const),
    });
    fc.assert(
      fc.property(query, (given) => {
        expect(readRejectQuery(new URLSearchParams(parametersOf(given)))).toEqual(given);
        expect(readRejectQuery(new URLSearchParams(fieldsOf(given)))).toEqual(given);
        expect(inWords(given)).not.toMatch(/[\n\r]/);
      }),
      propertyRuns(200),
    );
  });

  it('has times in UTC, as a field of a form sends them', () => {
    const { from, to } = read('from=2026-01-31&to=2026-01-31T12:30');
    expect([from, to]).toEqual([new Date('2026-01-31T00:00:00Z'), new Date('2026-01-31T12:30:00Z')]);
    expect(read('from=2026-01-31T12:30:01.5Z').from).toEqual(new Date('2026-01-31T12:30:01.500Z'));
  });

  it.each([
    ['colour=1', 'no parameter "colour"'],
    ['table=a&table=b', 'table is given twice'],
    ['table=a%00', 'table holds a NUL'],
    ['state=closed', 'state must be'],
    ['loadId=1', 'The id of the load'],
    ['from=yesterday', 'from must be a time'],
    ['from=2026-02-30', 'from must be a time'],
    ['to=0000-12-31T10:00', 'to must be a time'],
    ['to=2026-01-31T25:00', 'to must be a time'],
  ])('%s is refused', (query, message) => {
    expect(() => read(query)).toThrow(message);
  });

  it('without criteria is of open records, and chosen by no one', () => {
    expect(filterOf(read('table=&reason=&from='))).toEqual({ replayed: false });
    expect(['', 'state=open', 'state=any', 'table='].map((query) => isChosen(read(query)))).toEqual([
      false,
      false,
      false,
      false,
    ]);
    expect(['table=a', 'state=replayed', 'to=2026-01-31'].map((query) => isChosen(read(query)))).toEqual([
      true,
      true,
      true,
    ]);
  });
});
