import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { LosslessNumber } from 'lossless-json';

import { parseExactJson, parseJsonRecord } from '../../../../src/files/json/parse-json-line.js';
import type { Field, JsonForm, PlanColumn } from '../../../../src/loader/model/load-plan.js';
import { takeJson } from '../../../../src/loader/read/take-json.js';
import { toJsonText } from '../../../../src/loader/values/json-text.js';
import { propertyRuns } from '../../../support/sizes/sizes.js';

function take(text: string, ...tables: ReadonlyMap<string, Field>[]): Record<string, unknown> {
  const { json } = parseJsonRecord(Buffer.from(text));
  if (json === undefined) throw new Error('the text is no record');
  return takeJson(json, tables);
}

function table(...forms: readonly JsonForm[]): ReadonlyMap<string, Field> {
  return new Map(forms.map((jsonForm) => [jsonForm, { kind: 'column', column: { jsonForm } as PlanColumn }]));
}

const jsonbOf = (text: string): string => toJsonText(take(`{"a":${text}}`)['a']);
const numberFor = (form: JsonForm, text: string): unknown => take(`{"${form}":${text}}`, table(form))[form];

describe('takeJson', () => {
  it.each(['1.10', '1.0', '-0', '1E5', '1e400', '1e-400', '9007199254740993', '[1.10, {"b" : 1e2}]', '{"a":-0.0}'])(
    'keeps %s as it is written for a column that holds its digits',
    (text) => {
      expect(jsonbOf(text)).toBe(text);
    },
  );

  it.each([
    ['nearest', '0.1234567890123456789', 0.12345678901234568],
    ['nearest', '1.10', 1.1],
    ['nearest', '1e-400', new LosslessNumber('1e-400')],
    ['nearest', '1e400', new LosslessNumber('1e400')],
    ['nearest', '9007199254740993', 9007199254740993n],
    ['nearest', '0', 0],
    ['digits', '1.5', 1.5],
    ['digits', '1.50', new LosslessNumber('1.50')],
    ['digits', '9007199254740992', new LosslessNumber('9007199254740992')],
    ['exact', '1.50', 1.5],
    ['exact', '0.1234567890123456789', new LosslessNumber('0.1234567890123456789')],
    ['exact', '9007199254740993', 9007199254740993n],
  ] as const)('reads for %s the number %s', (form, text, value) => {
    expect(numberFor(form, text)).toEqual(value);
  });

  it('keeps all digits where one table has a double and another captures the field', () => {
    const content = take('{"nearest":1.10}', table('nearest'), table());
    expect(content['nearest']).toEqual(new LosslessNumber('1.10'));
  });

  it('reads an array and an object for a column that takes no JSON text', () => {
    const content = take('{"exact":[1.10,9007199254740993]}', table('exact'));
    expect(content['exact']).toEqual([1.1, 9007199254740993n]);
  });

  it('reads the members of an extra object apart', () => {
    const fields = new Map<string, Field>([['extra', { kind: 'extra' }]]);
    const extra = take('{"extra":{"a":1.10,"b":[1.10]}}', fields)['extra'] as Record<string, unknown>;
    expect(Object.values(extra).map(toJsonText)).toEqual(['1.10', '[1.10]']);
  });

  it.each([
    ['nul_character', String.raw`["\u0000"]`],
    ['nul_character', String.raw`{"\u0000":1}`],
    ['lone_surrogate', String.raw`["\ud800"]`],
    ['lone_surrogate', String.raw`["\ude00\ud83d"]`],
    ['nesting_too_deep', '['.repeat(257) + ']'.repeat(257)],
  ])('rejects by %s, as of an object in memory: %s', (rule, text) => {
    expect(() => jsonbOf(text)).toThrow(expect.objectContaining({ rule }));
    expect(() => toJsonText(JSON.parse(text))).toThrow(expect.objectContaining({ rule }));
  });

  it('replaces escapes by characters where JSON allows them', () => {
    expect(jsonbOf(String.raw`["\u00e9\ud83d\ude00 \u0022\u005c\u0009 \\u0000"]`)).toBe(
      String.raw`["é😀 \u0022\u005c\u0009 \\u0000"]`,
    );
  });

  it('finds the text of every field, whatever its name and wherever it stands', () => {
    const text = String.raw`{"b":[1], "\u0061":[2],"2":[3],"1" :[4],"__proto__":[5],"c\"":[6],"b":[7],"d":"x","d":[8]}`;
    const texts = Object.entries(take(text)).map(([name, value]) => [name, toJsonText(value)]);
    expect(Object.fromEntries(texts)).toEqual(
      Object.fromEntries(
        Object.entries(JSON.parse(text) as object).map(([name, value]) => [name, JSON.stringify(value)]),
      ),
    );
  });

  it('reads any record as the parser that keeps digits does', () => {
    const record = fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue({ stringUnit: 'grapheme' }), {
      noNullPrototype: true,
    });
    const space = fc.constantFrom(undefined, 1, '\t');
    fc.assert(
      fc.property(record, space, fc.boolean(), (value, indent, ascii) => {
        const written = JSON.stringify(value, null, indent);
        const text = ascii ? written.replaceAll(/[^ -~\s]/g, escapeUnit) : written;
        const content = take(text);
        const read = Object.entries(content).map(([name, field]) => [name, parseExactJson(toJsonText(field))]);
        expect(Object.fromEntries(read)).toEqual(parseExactJson(text));
      }),
      propertyRuns(),
    );
  });
});

/** As Python's json.dumps writes what is not ASCII. */
function escapeUnit(character: string): string {
  return Array.from({ length: character.length }, (_, at) => {
    return `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`;
  }).join('');
}
