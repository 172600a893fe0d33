import { REJECTED, type TypeCases } from './type-case.js';

const BIG = '9007199254740993';

/** Ranges, geometry, and the types of extensions. */
export const COMPOUND_TYPES: readonly TypeCases[] = [
  {
    type: 'int4range',
    cases: [
      ['[1,5]', '[1,6)'],
      ['empty', 'empty'],
      ['(,5)', '(,5)'],
      [' [ 1 , 5 ) ', '[1,5)'],
      ['[5,1)', REJECTED],
      ['[1.5,2)', REJECTED],
      ['[1,2', REJECTED],
      ['[1,2) x', REJECTED],
    ],
  },
  { type: 'int8range', cases: [[`[${BIG},)`, `[${BIG},)`]] },
  {
    type: 'numrange',
    cases: [
      ['[1.10,2.5)', '[1.10,2.5)'],
      ['["1",2)', '[1,2)'],
      ['[NaN,)', REJECTED],
    ],
  },
  {
    type: 'cent_range',
    cases: [
      ['[1.5,2)', '[1.50,2.00)'],
      ['[1.005,2)', REJECTED],
    ],
  },
  {
    type: 'tsrange',
    cases: [
      ['["2024-01-02 00:00:00","2024-01-03 00:00:00.123456")', '["2024-01-02 00:00:00","2024-01-03 00:00:00.123456")'],
      ['[2024-01-02T00:00:00,infinity]', '["2024-01-02 00:00:00",infinity]'],
      ['[now,)', REJECTED],
      ['[2024-01-02,)', REJECTED],
      ['[2024-01-02T00:00:00.1234567,)', REJECTED],
      ['[2024-01-02T00:00:00Z,)', REJECTED],
    ],
  },
  {
    type: 'tstzrange',
    cases: [
      ['["2024-01-02 00:00:00+01",)', '["2024-01-01 23:00:00+00",)'],
      ['[2024-01-02 00:00:00,)', REJECTED],
    ],
  },
  {
    type: 'daterange',
    cases: [
      ['[2024-01-02,2024-01-03]', '[2024-01-02,2024-01-04)'],
      ['["0044-03-15 BC",)', '["0044-03-15 BC",)'],
      ['[today,)', REJECTED],
    ],
  },
  {
    type: 'daterange[]',
    cases: [
      [['[2024-01-02,2024-01-03)'], '{"[2024-01-02,2024-01-03)"}'],
      ['{"[2024-01-02,2024-01-03)"}', '{"[2024-01-02,2024-01-03)"}'],
      [['[today,)'], REJECTED],
    ],
  },
  {
    type: 'int4multirange',
    cases: [
      ['{[1,2),[3,4)}', '{[1,2),[3,4)}'],
      ['{}', '{}'],
      ['{[1,2),[1.5,2)}', REJECTED],
      ['{[1,2) [3,4)}', REJECTED],
      ['[1,2)', REJECTED],
    ],
  },
  { type: 'int8multirange', cases: [[`{[${BIG},)}`, `{[${BIG},)}`]] },
  {
    type: 'nummultirange',
    cases: [
      ['{[1.10,2]}', '{[1.10,2]}'],
      ['{[NaN,)}', REJECTED],
    ],
  },
  {
    type: 'tsmultirange',
    cases: [
      ['{["2024-01-02 00:00:00",)}', '{["2024-01-02 00:00:00",)}'],
      ['{[now,)}', REJECTED],
    ],
  },
  {
    type: 'tstzmultirange',
    cases: [
      ['{[2024-01-02T00:00:00Z,)}', '{["2024-01-02 00:00:00+00",)}'],
      ['{[2024-01-02T00:00:00,)}', REJECTED],
    ],
  },
  {
    type: 'datemultirange',
    cases: [
      ['{[2024-01-02,2024-01-03)}', '{[2024-01-02,2024-01-03)}'],
      ['{[today,)}', REJECTED],
    ],
  },
  {
    type: 'word_range',
    cases: [
      ['[" a",b]', '[" a",b]'],
      [String.raw`[a\,b,"c""d"]`, '["a,b","c""d"]'],
    ],
  },
  {
    type: 'point',
    cases: [
      ['(1,2.5)', '(1,2.5)'],
      [{ x: 1, y: -0.1 }, '(1,-0.1)'],
      [`(${BIG},0)`, REJECTED],
      ['(NaN,0)', REJECTED],
      ['(Infinity,0)', REJECTED],
      ['(1)', REJECTED],
      [{ x: 1 }, REJECTED],
      [{ x: 1, y: 2, z: 3 }, REJECTED],
    ],
  },
  {
    type: 'point[]',
    cases: [
      [[{ x: 1, y: 2 }], '{"(1,2)"}'],
      [[`(${BIG},0)`], REJECTED],
    ],
  },
  {
    type: 'circle',
    cases: [
      ['<(1,2),3>', '<(1,2),3>'],
      [{ x: 1, y: 2, radius: 3 }, '<(1,2),3>'],
      ['<(1,2),-3>', REJECTED],
      [`<(1,2),${BIG}>`, REJECTED],
    ],
  },
  {
    type: 'line',
    cases: [
      ['{1,2,3}', '{1,2,3}'],
      ['[(0,0),(1,3)]', REJECTED],
      ['{0,0,3}', REJECTED],
    ],
  },
  {
    type: 'lseg',
    cases: [
      ['[(0,0),(1,1)]', '[(0,0),(1,1)]'],
      [`[(0,0),(1,${BIG})]`, REJECTED],
    ],
  },
  {
    type: 'box',
    cases: [
      ['(1,1),(0,0)', '(1,1),(0,0)'],
      ['(0,0),(1,1)', '(1,1),(0,0)'],
      [`(${BIG},1),(0,0)`, REJECTED],
    ],
  },
  {
    type: 'box[]',
    cases: [
      [['(1,1),(0,0)', '(2,2),(1,1)'], '{(1,1),(0,0);(2,2),(1,1)}'],
      ['{(1,1),(0,0);(2,2),(1,1)}', '{(1,1),(0,0);(2,2),(1,1)}'],
    ],
  },
  {
    type: 'path',
    cases: [
      ['[(0,0),(1,1)]', '[(0,0),(1,1)]'],
      ['((0,0),(1,1))', '((0,0),(1,1))'],
      ['[(0,nan)]', REJECTED],
    ],
  },
  {
    type: 'polygon',
    cases: [
      ['((0,0),(1,1),(1,0))', '((0,0),(1,1),(1,0))'],
      [`((0,0),(${BIG},1))`, REJECTED],
    ],
  },
  {
    type: 'citext',
    extension: 'citext',
    cases: [['AbC', 'AbC']],
    onlyObjects: [
      [5, REJECTED],
      ['a\0', REJECTED],
    ],
  },
  { type: 'citext[]', extension: 'citext', cases: [[['AbC'], '{AbC}']] },
  {
    type: 'hstore',
    extension: 'hstore',
    cases: [
      [{ a: '1', 'b"\\': null }, String.raw`"a"=>"1", "b\"\\"=>NULL`],
      ['a=>1, "b"=>NULL', '"a"=>"1", "b"=>NULL'],
      ['a=>"NULL"', '"a"=>"NULL"'],
      [{}, ''],
      ['', ''],
      [{ a: 1 }, REJECTED],
      ['a=>1, a=>2', REJECTED],
      ['a=1', REJECTED],
    ],
    onlyObjects: [
      [[], REJECTED],
      [{ a: '\0' }, REJECTED],
      [{ a: undefined }, '"a"=>NULL'],
    ],
  },
  {
    type: 'ltree',
    extension: 'ltree',
    cases: [
      ['a.b_1', 'a.b_1'],
      ['bad..path', REJECTED],
      ['a b', REJECTED],
    ],
  },
  {
    type: 'lquery',
    extension: 'ltree',
    cases: [
      ['a.*{1,2}', 'a.*{1,2}'],
      ['a..', REJECTED],
    ],
  },
  {
    type: 'ltxtquery',
    extension: 'ltree',
    cases: [
      ['a & b', 'a & b'],
      ['a &', REJECTED],
    ],
  },
  {
    type: 'query_int',
    extension: 'intarray',
    cases: [
      ['1&2', '1 & 2'],
      ['1&', REJECTED],
    ],
  },
  {
    type: 'cube',
    extension: 'cube',
    cases: [
      [[1, 2.5], '(1, 2.5)'],
      ['(0,0),(1,1)', REJECTED],
      [`(${BIG})`, REJECTED],
      ['(nan)', REJECTED],
      [['x'], REJECTED],
    ],
  },
  {
    type: 'cube[]',
    extension: 'cube',
    cases: [
      [
        [
          [1, 2],
          [3, 4],
        ],
        '{"(1, 2)","(3, 4)"}',
      ],
      [[[3]], REJECTED],
    ],
  },
  {
    type: 'isbn13',
    extension: 'isn',
    cases: [
      ['9780393040029', '978-0-393-04002-9'],
      ['978-0-393-04002-?', REJECTED],
      ['978-0-393-04002-8', REJECTED],
    ],
  },
  {
    type: 'ean13',
    extension: 'isn',
    cases: [
      ['0220356483481', '022-035648348-1'],
      ['022035648348?', REJECTED],
    ],
  },
  {
    type: 'issn',
    extension: 'isn',
    cases: [
      ['1436-4522', '1436-4522'],
      ['1436452?', REJECTED],
    ],
  },
];
