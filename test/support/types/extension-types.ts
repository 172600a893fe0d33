import { REJECTED, type TypeCases } from './type-case.js';

const BIG = '9007199254740993';

export const EXTENSION_TYPES: readonly TypeCases[] = [
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
