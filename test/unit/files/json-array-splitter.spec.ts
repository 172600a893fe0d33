import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { parseJsonRecord } from '../../../src/files/json/parse-json-line.js';
import { collect, contentOf, outcome } from '../../support/records/collect.js';
import { propertyRuns } from '../../support/sizes/sizes.js';

const read = async (text: string, maxLineBytes?: number) =>
  (await collect(text, { format: 'json', maxLineBytes })).map(outcome);

describe('readRecords from a JSON document', () => {
  it('reads the elements of an array, and their bytes', async () => {
    const records = await collect(' [ {"a": 1} ,\n{"b":[{"c":"]},\\"{"}]}] \n', { format: 'json' });
    expect(records.map(outcome)).toEqual([{ a: 1 }, { b: [{ c: ']},"{' }] }]);
    expect(records.map((record) => record.raw.toString())).toEqual(['{"a": 1}', '{"b":[{"c":"]},\\"{"}]}']);
  });

  it('keeps its place within strings and escapes when every byte comes alone', async () => {
    const text = String.raw`[{"a":"\"},{\\"},"]",{"b":["\\",{}]}]`;
    const records = await collect(text, { format: 'json' }, [...Buffer.from(text).keys()]);
    expect(records.map(outcome)).toEqual([{ a: '"},{\\' }, 'not_an_object', { b: ['\\', {}] }]);
  });

  it('reads a single object', async () => {
    expect(await read('\ufeff {"a":[1,2]}\n')).toEqual([{ a: [1, 2] }]);
  });

  it('finds no record in an empty array or an empty file', async () => {
    expect(await read('[ ]')).toEqual([]);
    expect(await read(' \n')).toEqual([]);
  });

  it('rejects elements that are no objects, and continues', async () => {
    expect(await read('[1,"a,]",null,[{}],{"a":1},{"a":},{"b":2}]')).toEqual([
      'not_an_object',
      'not_an_object',
      'not_an_object',
      'not_an_object',
      { a: 1 },
      'invalid_json',
      { b: 2 },
    ]);
  });

  it.each([
    ['no closing bracket', '[{"a":1},{"b":2}', [{ a: 1 }, { b: 2 }, 'invalid_json'], ''],
    ['an end after a comma', '[{"a":1},', [{ a: 1 }, 'invalid_json'], ''],
    ['an end inside an element', '[{"a":1},{"b":"x', [{ a: 1 }, 'invalid_json'], '{"b":"x'],
    ['only a bracket', '[', ['invalid_json'], ''],
    ['no comma', '[{"a":1} {"b":2}, {"c":3}]', [{ a: 1 }, 'invalid_json'], '{"b":2}, {"c":3}]'],
    ['two commas', '[{"a":1},,{"b":2}]', [{ a: 1 }, 'invalid_json'], ',{"b":2}]'],
    ['a comma too many', '[{"a":1},]', [{ a: 1 }, 'invalid_json'], ']'],
    ['text after the array', '[{"a":1}] {"b":2}', [{ a: 1 }, 'invalid_json'], '{"b":2}'],
    ['one record a line', '{"a":1}\n{"b":2}\n', [{ a: 1 }, 'invalid_json'], '{"b":2}\n'],
    ['no document', 'id,title\n1,x', ['invalid_json'], 'id,title\n1,x'],
  ])('loses nothing where the document has %s', async (_, text, expected, rest) => {
    const records = await collect(text, { format: 'json' });
    expect(records.map(outcome)).toEqual(expected);
    expect(records.at(-1)?.raw.toString()).toBe(rest);
  });

  it('rejects an element over the limit and reads the next', async () => {
    expect(await read(`[{"a":"${'x'.repeat(50)}"},{"b":1}]`, 20)).toEqual(['line_too_long', { b: 1 }]);
  });

  it('gives back any array of objects, however it is cut and laid out', async () => {
    const records = fc.array(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue(), { noNullPrototype: true }));
    await fc.assert(
      fc.asyncProperty(records, fc.array(fc.nat()), fc.nat(3), async (values, cuts, indent) => {
        const found = await collect(JSON.stringify(values, null, indent), { format: 'json' }, cuts);
        expect(found.map(outcome)).toEqual(
          values.map((value) => parseJsonRecord(Buffer.from(JSON.stringify(value))).value),
        );
      }),
      propertyRuns(),
    );
  });

  it('gives the same records of a malformed document, however it is cut', async () => {
    const token = fc.constantFrom('[', ']', '{', '}', ',', ':', '"', '\\', ' ', '1', 'a', '{"a":1}', '"x"');
    await fc.assert(
      fc.asyncProperty(fc.array(token), fc.array(fc.nat()), async (tokens, cuts) => {
        const text = `[{"a":1},${tokens.join('')}`;
        const whole = await collect(text, { format: 'json' });
        expect((await collect(text, { format: 'json' }, cuts)).map(contentOf)).toEqual(whole.map(contentOf));
        expect(outcome(whole[0]!)).toEqual({ a: 1 });
        // What JSON itself does not accept must show up as a rejection somewhere.
        expect(isJson(text) || whole.some((record) => record.rejection?.rule === 'invalid_json')).toBe(true);
      }),
      propertyRuns(),
    );
  });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
