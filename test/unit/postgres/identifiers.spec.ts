import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { InvalidLoadError } from '../../../src/index.js';
import { quoteIdentifier, quoteTable } from '../../../src/postgres/identifiers.js';
import { propertyRuns } from '../../support/sizes/sizes.js';

describe('an identifier', () => {
  it.each([
    ['plain', '"plain"'],
    ['Upper Case', '"Upper Case"'],
    ['a"b', '"a""b"'],
    ['"; DROP TABLE x; --', '"""; DROP TABLE x; --"'],
    ['select', '"select"'],
    ['é'.repeat(31), `"${'é'.repeat(31)}"`],
    ['x'.repeat(63), `"${'x'.repeat(63)}"`],
  ])('is quoted: %s', (name, quoted) => {
    expect(quoteIdentifier(name)).toBe(quoted);
  });

  it.each([[''], ['a\0b'], ['x'.repeat(64)], ['é'.repeat(32)]])(
    'is rejected when Postgres would not keep it: %j',
    (name) => {
      expect(() => quoteIdentifier(name)).toThrow(InvalidLoadError);
      expect(() => quoteTable('public', name)).toThrow(InvalidLoadError);
      expect(() => quoteTable(name, 't')).toThrow(InvalidLoadError);
    },
  );

  it('is one token, whatever its name', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', minLength: 1, maxLength: 15 }).filter((name) => !name.includes('\0')),
        (name) => {
          expect(quoteIdentifier(name)).toMatch(/^"(?:[^"]|"")+"$/);
          expect(quoteIdentifier(name).slice(1, -1).replaceAll('""', '"')).toBe(name);
        },
      ),
      propertyRuns(),
    );
  });

  it('of a table carries its schema', () => {
    expect(quoteTable('my schema', 't')).toBe('"my schema"."t"');
  });
});
