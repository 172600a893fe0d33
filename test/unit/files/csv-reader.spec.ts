import { describe, expect, it } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import * as fc from 'fast-check';
import { collect, contentOf, outcome } from '../../support/records/collect.js';
import { propertyRuns } from '../../support/sizes/sizes.js';

const read = async (bytes: Buffer | string, maxLineBytes?: number) =>
  (await collect(bytes, { format: 'csv', maxLineBytes })).map(outcome);

describe('readRecords from csv', () => {
  it('reads text byte for byte and says that it is text', async () => {
    const records = await collect('\ufeffid,note\r\n1,"a ""b"",\r\nc"\r\n\\N, x\ty \n', { format: 'csv' });
    expect(records.map(outcome)).toEqual([
      { id: '1', note: 'a "b",\r\nc' },
      { id: '\\N', note: ' x\ty ' },
    ]);
    expect(records.map((record) => record.raw.toString())).toEqual(['1,"a ""b"",\r\nc"', '\\N, x\ty ']);
    expect(records.every((record) => record.textual)).toBe(true);
  });

  it('takes an empty cell for an absent field, and a quoted one for an empty text', async () => {
    expect(await read('a,b,c\n,"",\n,,""')).toEqual([{ b: '' }, { c: '' }]);
  });

  it('skips empty lines, but not a quoted empty cell', async () => {
    expect(await read('\n\r\na\n\n""\n\r\nx\n')).toEqual([{ a: '' }, { a: 'x' }]);
    expect(await read('a,b\n')).toEqual([]);
    expect(await read('')).toEqual([]);
  });

  it.each([
    ['wrong_field_count', '1'],
    ['wrong_field_count', '1,2,3'],
    ['wrong_field_count', '1,2,'],
    ['invalid_csv', '1,5" pipe'],
    ['invalid_csv', '1,"a"b'],
    ['invalid_csv', '"a" ,1'],
  ])('rejects by %s, and only, the record %s', async (rule, line) => {
    const records = await collect(`a,b\n${line}\n3,4\n`, { format: 'csv' });
    expect(records.map(outcome)).toEqual([rule, { a: '3', b: '4' }]);
    expect(records[0]?.raw.toString()).toBe(line);
  });

  it('ends a quote that was never closed at the next quoted cell, or with the file', async () => {
    const records = await collect('a,b\n1,"open\n2,x\n3,"y"\n4,z\n5,"\n6,\n', { format: 'csv' });
    expect(records.map(outcome)).toEqual(['invalid_csv', { a: '4', b: 'z' }, 'invalid_csv']);
    expect(records[0]?.raw.toString()).toBe('1,"open\n2,x\n3,"y"');
    expect(records[2]?.raw.toString()).toBe('5,"\n6,\n');
    const [record] = await collect('a\n"open\r', { format: 'csv' });
    expect(record?.raw.toString()).toBe('"open\r');
  });

  it('rejects broken UTF-8 and keeps its bytes', async () => {
    const line = Buffer.from([0x31, 0x2c, 0xe9]);
    const records = await collect(Buffer.concat([Buffer.from('a,b\n'), line]), { format: 'csv' });
    expect(records.map(outcome)).toEqual(['invalid_utf8']);
    expect(records[0]?.raw.equals(line)).toBe(true);
  });

  it('rejects a record over the limit and reads the next', async () => {
    expect(await read(`a\n"${'x\n'.repeat(50)}"\ny\n`, 20)).toEqual(['line_too_long', { a: 'y' }]);
  });

  it('keeps __proto__ and constructor as plain fields', async () => {
    const [value] = (await read('__proto__,constructor\nx,y')) as object[];
    expect(Object.entries(value ?? {})).toEqual([
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ]);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  });

  it.each([
    ['a,b,a,c,b', 'repeats an earlier name in column 3, 5'],
    ['a,,c', 'column 2'],
    ['a,b,', 'column 3'],
    ['a," ",c', 'column 2'],
    ['a,b"c', 'quote'],
    ['"a,b', 'quote'],
    [Buffer.from([0x61, 0xff]), 'UTF-8'],
    ['x'.repeat(200), 'too long'],
  ])('rejects the header %s before any record', async (header, problem) => {
    const bytes = Buffer.concat([Buffer.from(header), Buffer.from('\n1,2,3\n')]);
    await expect(read(bytes, 100)).rejects.toMatchObject({
      code: 'SOURCE_UNREADABLE',
      message: expect.stringContaining(problem),
    });
  });

  const text = fc.string({ unit: fc.constantFrom('a', 'ü', '😀', '"', ',', '\n', '\r', ' ', '\\') });

  it('reads what any writer of csv writes, as the csv-parse library does', async () => {
    const row = fc.tuple(
      text,
      text.filter((cell) => cell !== ''),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(row), fc.constantFrom('\n', '\r\n'), fc.array(fc.nat()), async (rows, eol, cuts) => {
        const file = [['a', 'b'], ...rows].map((cells) => cells.map(written).join(',') + eol).join('');
        const records = await collect(file, { format: 'csv' }, cuts);
        const filled = records.map((record) => ({ a: '', ...record.value }));
        expect(filled).toEqual(rows.map(([a, b]) => ({ a, b })));
        expect(filled).toEqual(parse(file, { columns: true, record_delimiter: eol }));
      }),
      propertyRuns(),
    );
  });

  it('gives the same records of broken csv, however it is cut', async () => {
    await fc.assert(
      fc.asyncProperty(text, fc.array(fc.nat()), fc.constantFrom(4, 1000), async (body, cuts, maxLineBytes) => {
        const options = { format: 'csv', maxLineBytes } as const;
        const whole = await collect(`a\n${body}`, options);
        expect((await collect(`a\n${body}`, options, cuts)).map(contentOf)).toEqual(whole.map(contentOf));
      }),
      propertyRuns(),
    );
  });

  it('loses no byte of broken csv, line ends aside', async () => {
    await fc.assert(
      fc.asyncProperty(text, async (body) => {
        const records = await collect(`a\n${body}`, { format: 'csv' });
        const raw = Buffer.concat(records.map((record) => record.raw)).toString();
        expect(withoutLineEnds(raw)).toBe(withoutLineEnds(body));
      }),
      propertyRuns(),
    );
  });
});

/** A cell the way spreadsheets write it: in quotes only when it must be. */
function written(cell: string): string {
  return /[",\n\r]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

function withoutLineEnds(text: string): string {
  return text.replaceAll(/[\r\n]/g, '');
}
