import { describe, expect, it } from '@jest/globals';

import { sourceFormOf, readingOfFile } from '../../../../src/cli/load/file-reading.js';

describe('how a file is read', () => {
  it('is part of its load key, the order of renamed fields aside', () => {
    const rename = [
      ['a', 'b'],
      ['c', 'd'],
    ] as const;
    const [one, other] = [rename, rename.toReversed()].map((pairs) =>
      readingOfFile('x.jsonl', { rename: new Map(pairs) }),
    );
    expect(one && sourceFormOf(one)).toEqual({ rename: 'a=b,c=d' });
    expect(other && sourceFormOf(other)).toEqual({ rename: 'a=b,c=d' });
    expect(sourceFormOf(readingOfFile('x.csv', { delimiter: ';', null: '', skipLines: 1 }))).toEqual({
      format: 'csv',
      delimiter: ';',
      null: '',
      skipLines: '1',
    });
    expect(sourceFormOf(readingOfFile('x.csv', {}))).toEqual({ format: 'csv' });
    expect(sourceFormOf(readingOfFile('x.csv', { format: 'jsonl' }))).toBeUndefined();
  });

  it.each([
    ['x.jsonl', { delimiter: ';' }, '--delimiter is for csv files, not for jsonl'],
    ['x.json', { null: '' }, '--null is for csv files, not for json'],
    ['x.csv', { null: 'a;b', delimiter: ';' }, 'must not contain the delimiter'],
    ['x.csv', { encoding: 'shift_jis', delimiter: '|' }, 'convert the file to UTF-8'],
    ['x.json', { encoding: 'big5' }, 'Cannot read json in big5'],
    ['x', {}, 'Unknown format of x'],
    ['-', {}, 'Standard input needs --format'],
  ])('of %s with %j is a usage error', (file, flags, message) => {
    expect(() => readingOfFile(file, flags)).toThrow(message);
  });
});
