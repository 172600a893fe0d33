import { LosslessNumber } from 'lossless-json';

import { REJECTED, type TypeCases } from './type-case.js';

const UUID = '0b0e4f5c-7d0c-4f43-9a6b-2b1f6f0c9d11';

export const TEXT_TYPES: readonly TypeCases[] = [
  {
    type: 'text',
    cases: [
      [String.raw`\N \. {"` + '\t\r\n', String.raw`\N \. {"` + '\t\r\n'],
      ['😀é€ ', '😀é€ '],
      ['{a,b}', '{a,b}'],
      ['infinity', 'infinity'],
    ],
    onlyObjects: [
      [5, REJECTED],
      ['a\0', REJECTED],
      ['\udc00', REJECTED],
      [{}, REJECTED],
      [['a'], REJECTED],
    ],
  },
  {
    type: 'character varying(3)',
    cases: [
      ['äöü', 'äöü'],
      ['abcd', REJECTED],
      ['abc ', REJECTED],
      ['ab ', 'ab '],
    ],
  },
  // The blanks that fill char(n) have no meaning: Postgres compares, and casts to text, without them.
  {
    type: 'character(3)',
    cases: [
      ['ab', 'ab'],
      ['abc', 'abc'],
      ['abcd', REJECTED],
      ['abc ', REJECTED],
    ],
  },
  { type: 'bpchar', cases: [['ab ', 'ab']] },
  {
    type: '"char"',
    cases: [
      ['a', 'a'],
      ['ab', REJECTED],
      ['é', REJECTED],
    ],
  },
  {
    type: 'name',
    cases: [
      ['n'.repeat(63), 'n'.repeat(63)],
      ['n'.repeat(64), REJECTED],
      ['é'.repeat(32), REJECTED],
    ],
  },
  { type: 'refcursor', cases: [['c', 'c']] },
  {
    type: 'text[]',
    cases: [
      [['a', 'x"y\\', '', 'NULL', null], String.raw`{a,"x\"y\\","","NULL",NULL}`],
      ['{a b,"c,d",NULL,"NULL"}', '{"a b","c,d",NULL,"NULL"}'],
      ['[0:1]={a,b}', '[0:1]={a,b}'],
      [[['a'], ['b']], '{{a},{b}}'],
      ['{"a""b"}', REJECTED],
      ['{a},{b}', REJECTED],
      [[['a'], 'b'], REJECTED],
      [[[[[[[['a']]]]]]], REJECTED],
    ],
    onlyObjects: [[[undefined], REJECTED]],
  },
  {
    type: 'character varying(2)[]',
    cases: [
      [['ab'], '{ab}'],
      [['abc'], REJECTED],
      ['{abc}', REJECTED],
    ],
  },
  {
    type: 'short_words',
    cases: [
      [['abc'], '{abc}'],
      [['abcd'], REJECTED],
    ],
  },
  {
    type: 'bytea',
    cases: [
      [String.raw`\x00fF`, String.raw`\x00ff`],
      ['abc', REJECTED],
      [String.raw`\x0`, REJECTED],
    ],
    onlyObjects: [
      [Buffer.from([0, 255]), String.raw`\x00ff`],
      [[1], REJECTED],
    ],
  },
  {
    type: 'bytea[]',
    cases: [[[String.raw`\x00`], String.raw`{"\\x00"}`]],
    onlyObjects: [[[Buffer.from('a')], String.raw`{"\\x61"}`]],
  },
  {
    type: 'uuid',
    cases: [
      [UUID.toUpperCase(), UUID],
      [UUID.replaceAll('-', ''), UUID],
      [`{${UUID}}`, REJECTED],
    ],
  },
  {
    type: 'json',
    cases: [
      [{ a: [1, null, 'x'] }, '{"a":[1,null,"x"]}'],
      [{ n: 9_007_199_254_740_993n }, '{"n":9007199254740993}'],
    ],
    onlyObjects: [
      ['text', '"text"'],
      [[Number.NaN], REJECTED],
      [new Map(), REJECTED],
    ],
  },
  {
    type: 'jsonb',
    cases: [
      [{ n: new LosslessNumber('0.12345678901234567890') }, '{"n": 0.12345678901234567890}'],
      [{ a: { b: [] } }, '{"a": {"b": []}}'],
      [[1], '[1]'],
    ],
    onlyObjects: [
      [{ x: new LosslessNumber('1.10') }, '{"x": 1.10}'],
      ['null', '"null"'],
      [{ a: '\0' }, REJECTED],
      [{ a: new Date(0) }, '{"a": "1970-01-01T00:00:00.000Z"}'],
    ],
  },
  { type: 'jsonb[]', cases: [[[{ a: 1 }, [2], null], String.raw`{"{\"a\": 1}",[2],NULL}`]] },
  {
    type: 'jsonpath',
    cases: [
      ['$.a', '$."a"'],
      ['$.', REJECTED],
    ],
  },
  {
    type: 'xml',
    cases: [
      ['<a>1</a>', '<a>1</a>'],
      ['<a>', REJECTED],
    ],
  },
  {
    type: 'tsvector',
    cases: [
      ['b:2A a', `'a' 'b':2A`],
      [`'it''s':16383 'a\\\\b'`, String.raw`'a\\b' 'it''s':16383`],
      ['a:16384', REJECTED],
      [`'patient 4711`, REJECTED],
      [`a:${Array.from({ length: 256 }, (_, at) => at + 1).join(',')}`, REJECTED],
    ],
  },
  {
    type: 'tsquery',
    cases: [
      ['a & !b', `'a' & !'b'`],
      ['a <2> b', `'a' <2> 'b'`],
      ['a &', REJECTED],
      ['a <20000> b', REJECTED],
    ],
  },
  {
    type: 'bit(3)',
    cases: [
      ['101', '101'],
      ['10', REJECTED],
      ['1010', REJECTED],
      ['B101', REJECTED],
      ['x5', REJECTED],
    ],
    onlyObjects: [[101, REJECTED]],
  },
  {
    type: 'bit',
    cases: [
      ['1', '1'],
      ['10', REJECTED],
    ],
  },
  {
    type: 'bit varying(3)',
    cases: [
      ['10', '10'],
      ['1010', REJECTED],
    ],
  },
  {
    type: 'bit(2)[]',
    cases: [
      [['10'], '{10}'],
      ['{01}', '{01}'],
      [['100'], REJECTED],
    ],
  },
  { type: 'bit varying', cases: [['0'.repeat(100), '0'.repeat(100)]] },
];
