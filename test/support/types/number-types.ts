import { LosslessNumber } from 'lossless-json';

import { REJECTED, type TypeCases } from './type-case.js';

export const NUMBER_TYPES: readonly TypeCases[] = [
  {
    type: 'smallint',
    cases: [
      [-32_768, '-32768'],
      ['32767', '32767'],
      ['1.0', '1'],
      [32_768, REJECTED],
      ['1e3', REJECTED],
      [' 1', REJECTED],
      [1.5, REJECTED],
      [null, null],
    ],
    onlyObjects: [[true, REJECTED]],
  },
  {
    type: 'integer',
    cases: [
      [2_147_483_647, '2147483647'],
      ['-2147483649', REJECTED],
      ['', REJECTED],
      ['0x10', REJECTED],
    ],
    onlyObjects: [[-0, '0']],
  },
  {
    type: 'bigint',
    cases: [
      [9_007_199_254_740_993n, '9007199254740993'],
      ['-9223372036854775808', '-9223372036854775808'],
      ['9223372036854775808', REJECTED],
      [new LosslessNumber('9007199254740993.0'), '9007199254740993'],
    ],
    onlyObjects: [[2 ** 53, REJECTED]],
  },
  {
    type: 'bigint[]',
    cases: [
      [[9_007_199_254_740_993n, null, '-1'], '{9007199254740993,NULL,-1}'],
      ['{9007199254740993,NULL}', '{9007199254740993,NULL}'],
      [
        [
          [1, 2],
          [3, 4],
        ],
        '{{1,2},{3,4}}',
      ],
      [[], '{}'],
      [[[]], REJECTED],
      [[[1], [2, 3]], REJECTED],
      [[1.5], REJECTED],
      ['{1', REJECTED],
    ],
  },
  {
    type: 'numeric',
    cases: [
      ['123456789012345678901234567890.12300', '123456789012345678901234567890.12300'],
      [0.1, '0.1'],
      ['1e3', '1000'],
      ['1e-10', '0.0000000001'],
      ['NaN', REJECTED],
      ['Infinity', REJECTED],
      ['1,5', REJECTED],
      ['1e200000', REJECTED],
    ],
    onlyObjects: [
      [Number.NaN, REJECTED],
      [Infinity, REJECTED],
      [1e21, REJECTED],
    ],
  },
  {
    type: 'numeric(5,2)',
    cases: [
      [1.5, '1.50'],
      ['1.500', '1.50'],
      ['-999.99', '-999.99'],
      ['1.005', REJECTED],
      ['999.995', REJECTED],
      [1000, REJECTED],
      [1e-3, REJECTED],
    ],
  },
  {
    type: 'numeric(3,-2)',
    cases: [
      [1200, '1200'],
      ['99900', '99900'],
      [0, '0'],
      [1234, REJECTED],
      [1250, REJECTED],
      [100_000, REJECTED],
    ],
  },
  {
    type: 'numeric(2,4)',
    cases: [
      [0.0012, '0.0012'],
      ['0.0099', '0.0099'],
      [0.01, REJECTED],
      ['0.00125', REJECTED],
    ],
  },
  {
    type: 'numeric(5,2)[]',
    cases: [
      [['1.5', null], '{1.50,NULL}'],
      [['1.5', '1.555'], REJECTED],
      ['{{1.5},{2}}', '{{1.50},{2.00}}'],
      ['{1.555}', REJECTED],
    ],
  },
  {
    type: 'real',
    cases: [
      [0.1, '0.1'],
      [16_777_216, '1.6777216e+07'],
      ['1.00000005960464477540', '1.0000001'],
      [3.402_823_5e38, '3.4028235e+38'],
      [1_234_567_900, '1.2345679e+09'],
      [1_234_567_936, '1.2345679e+09'],
      [16_777_217, REJECTED],
      [1_234_567_901, REJECTED],
      [1e39, REJECTED],
      [1e-50, REJECTED],
      ['NaN', REJECTED],
    ],
  },
  {
    type: 'double precision',
    cases: [
      [0.1, '0.1'],
      ['72.5', '72.5'],
      [5e-324, '5e-324'],
      [1e308, '1e+308'],
      ['0.1234567890123456789', '0.12345678901234568'],
      ['9007199254740993', REJECTED],
      [new LosslessNumber('9007199254740993.0'), REJECTED],
      [9_007_199_254_740_993n, REJECTED],
      ['1e400', REJECTED],
      ['1e-400', REJECTED],
      ['Infinity', REJECTED],
    ],
    onlyObjects: [[-0, '-0']],
  },
  {
    type: 'double precision[]',
    cases: [
      [[0.1, [2]], REJECTED],
      [[[0.1], [2]], '{{0.1},{2}}'],
      [['9007199254740993'], REJECTED],
    ],
  },
  {
    type: 'money',
    cases: [
      [0.61, '$0.61'],
      ['1234.5', '$1,234.50'],
      ['-$1,234.50', '-$1,234.50'],
      ['92233720368547758.07', '$92,233,720,368,547,758.07'],
      [0.6116, REJECTED],
      ['1.005', REJECTED],
      ['1,5', REJECTED],
      ['92233720368547758.08', REJECTED],
      ['one', REJECTED],
    ],
  },
  {
    type: 'money[]',
    cases: [
      [['$1.00', 2], '{$1.00,$2.00}'],
      [[0.001], REJECTED],
    ],
  },
  {
    type: 'oid',
    cases: [
      [4_294_967_295, '4294967295'],
      [-1, REJECTED],
      ['4294967296', REJECTED],
    ],
  },
  {
    type: 'xid',
    cases: [
      [5, '5'],
      [-1, REJECTED],
    ],
  },
  {
    type: 'cid',
    cases: [
      [5, '5'],
      [-1, REJECTED],
    ],
  },
  {
    type: 'xid8',
    cases: [
      ['18446744073709551615', '18446744073709551615'],
      [-1, REJECTED],
    ],
  },
  {
    type: 'int2vector',
    cases: [
      ['1 2 3', '1 2 3'],
      ['1 x', REJECTED],
    ],
  },
  {
    type: 'oidvector',
    cases: [
      ['1 2 3', '1 2 3'],
      ['1 x', REJECTED],
    ],
  },
  {
    type: 'boolean',
    cases: [
      [true, 'true'],
      ['FALSE', 'false'],
      ['maybe', REJECTED],
    ],
    onlyObjects: [
      [1, REJECTED],
      ['t', REJECTED],
    ],
  },
  {
    type: 'cents',
    cases: [
      [1, '1.00'],
      [1.005, REJECTED],
      [-1, REJECTED],
      [10_000, REJECTED],
    ],
  },
  {
    type: 'cents[]',
    cases: [
      [[1, 2], '{1.00,2.00}'],
      [[1.005], REJECTED],
    ],
  },
  {
    type: 'few_cents',
    cases: [
      ['1.50', '1.50'],
      [100, REJECTED],
      [0.001, REJECTED],
    ],
  },
];
