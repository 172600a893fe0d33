import { describe, expect, it } from '@jest/globals';
import { parseRename, renameFields } from '../../../src/files/rename-fields.js';
import { SourceRecord } from '../../../src/records/source-record.js';

describe('parseRename', () => {
  it('reads pairs of names', () => {
    expect([...parseRename('a=b, Post ID = submission_id')]).toEqual([
      ['a', 'b'],
      ['Post ID', 'submission_id'],
    ]);
  });

  it.each([
    ['', "''"],
    ['a', "'a'"],
    ['a=b,', "''"],
    ['a=', "'a='"],
    ['=b', "'=b'"],
    ['a=b=c', "'a=b=c'"],
    ['a=b,a=c', 'a is renamed twice'],
    ['a=c,b=c', 'two fields would become c'],
  ])('rejects "%s" and names the part', (text, part) => {
    expect(() => parseRename(text)).toThrow(
      expect.objectContaining({ code: 'INVALID_RENAME', message: expect.stringContaining(part) }),
    );
  });
});

function rename(value: object, names: string): SourceRecord {
  return renameFields(new SourceRecord(value, Buffer.from('raw'), undefined, true), parseRename(names));
}

describe('renameFields', () => {
  it('renames on a copy, in order, and keeps the rest of the record', () => {
    const value = { x: 1, a: 2, y: 3 };
    const renamed = rename(value, 'a=b,q=r');
    expect(Object.entries(renamed.value ?? {})).toEqual([
      ['x', 1],
      ['b', 2],
      ['y', 3],
    ]);
    expect(value).toEqual({ x: 1, a: 2, y: 3 });
    expect(renamed).toMatchObject({ raw: Buffer.from('raw'), textual: true });
  });

  it('swaps two names', () => {
    expect(rename({ a: 1, b: 2 }, 'a=b,b=a').value).toEqual({ b: 1, a: 2 });
  });

  it.each([
    { a: 1, b: 2 },
    { b: null, a: 2 },
    { a: { x: [1] }, b: { x: [2] } },
  ])('rejects %j, which has both names with different values', (value) => {
    const { value: none, rejection, raw } = rename(value, 'a=b');
    expect(none).toBeUndefined();
    expect(rejection).toMatchObject({ rule: 'rename_conflict', column: 'b' });
    expect(raw.toString()).toBe('raw');
  });

  it('takes two equal values for one', () => {
    expect(rename({ a: { x: [1n] }, b: { x: [1n] } }, 'a=b').value).toEqual({ b: { x: [1n] } });
  });

  it('survives comparing values that are nested without end', () => {
    const nested = '['.repeat(100_000) + ']'.repeat(100_000);
    expect(rename({ a: JSON.parse(nested), b: JSON.parse(nested) }, 'a=b').rejection?.rule).toBe('rename_conflict');
  });

  it('renames from and to __proto__ as to any other name', () => {
    const from = rename(JSON.parse('{"__proto__":1}') as object, '__proto__=b').value;
    expect(Object.entries(from ?? {})).toEqual([['b', 1]]);
    const to = rename({ a: 1 }, 'a=__proto__').value;
    expect(Object.entries(to ?? {})).toEqual([['__proto__', 1]]);
  });

  it('does not take an inherited property for a field', () => {
    expect(rename({ a: 1 }, 'toString=b').value).toEqual({ a: 1 });
  });

  it('hands a rejected record on', () => {
    const rejected = SourceRecord.rejected(Buffer.from('x'), 'invalid_json', 'not JSON');
    expect(renameFields(rejected, parseRename('a=b'))).toBe(rejected);
  });
});
