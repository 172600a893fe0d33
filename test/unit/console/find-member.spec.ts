import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { findMember } from '../../../src/console/rejects/find-member.js';
import { propertyRuns } from '../../support/sizes/sizes.js';

const name = fc.constantFrom('a', 'b', 'c', '"', '\\', '{', '}:', 'a"', '\\"a', 'é', '\n', '');
const value = fc.jsonValue({ maxDepth: 3 });

describe('the member at fault', () => {
  it('is found in any object, at any spacing, with the value that JSON.parse takes', () => {
    const members = fc.array(fc.tuple(name, value), { maxLength: 6 });
    fc.assert(
      fc.property(members, fc.constantFrom('', ' ', '\n\t '), name, (given, space, wanted) => {
        const written = given.map(
          ([key, item]) =>
            `${space}${JSON.stringify(key)}${space}:${space}${JSON.stringify(item, null, space)}${space}`,
        );
        const json = `${space}{${written.join(',')}}${space}`;
        const parsed = JSON.parse(json) as Record<string, unknown>;
        const span = findMember(json, (key) => key === wanted);
        const found = span && (JSON.parse(`{${json.slice(span.start, span.end)}}`) as Record<string, unknown>);
        expect(found).toEqual(Object.hasOwn(parsed, wanted) ? { [wanted]: parsed[wanted] } : undefined);
      }),
      propertyRuns(300),
    );
  });

  it.each(['[{"a":1}]', '"a"', '1', 'null', '{"b":{"a":1}}', '{"b":["a",{"a":1}]}', '{"b":"\\"a\\":1"}'])(
    'is none of %s',
    (json) => {
      expect(findMember(json, (key) => key === 'a')).toBeUndefined();
    },
  );
});
