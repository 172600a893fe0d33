import type { ColumnOptions } from 'typeorm';

/** What TypeORM's save and find do to a value: both keep it, or `lost` where a record with it must be rejected. */
export interface KindCases {
  readonly options: ColumnOptions;
  readonly same: readonly unknown[];
  readonly lost?: readonly unknown[];
  /** Values that save itself throws at, and a load stores. */
  readonly onlyLoaded?: readonly unknown[];
}

const UUID = '0b0e4f5c-7d0c-4f43-9a6b-2b1f6f0c9d11';
const DAY = new Date(2024, 1, 29);
const MOMENT = new Date(2024, 1, 29, 12, 30, 15, 123);
const BIG = '9007199254740993';

const integers = ['int', 'int2', 'int4', 'smallint', 'integer'].map((type) =>
  kind(type, [1, -2, '3'], [1.5, '1e3', true]),
);
const bigints = ['int8', 'bigint'].map((type) => kind(type, [1, BIG], [2 ** 53]));
const floats = ['float', 'float8', 'double precision'].map((type) =>
  kind(type, [0.1, '0.5', 1e300], [BIG, Number.NaN]),
);
const singles = ['float4', 'real'].map((type) => kind(type, [0.1, 16_777_216], [16_777_217]));
const texts = ['character varying', 'varchar', 'text', 'citext'].map((type) =>
  kind(type, ['', 'a\t\\N', '😀'], [5, {}]),
);

/** Every column type of TypeORM's Postgres driver that the server of the tests has. */
export const TYPEORM_KINDS: readonly KindCases[] = [
  ...integers,
  ...bigints,
  ...floats,
  ...singles,
  ...texts,
  ...['decimal', 'numeric'].map((type) => kind(type, ['1.10', 0.1], ['NaN', 1e22])),
  { options: column('numeric', { precision: 6, scale: 2 }), same: ['1.5', 2], lost: ['1.005', 100_000] },
  ...['character', 'char'].map((type) => ({
    options: column(type, { length: 3 }),
    same: ['ab', 'abc'],
    lost: ['abc '],
  })),
  { options: column('varchar', { length: 2 }), same: ['ab'], lost: ['abc', 'ab '] },
  kind('money', ['1.5', '$1,234.50', 0.61], [0.6116, '1.005']),
  kind('bytea', [Buffer.from([0, 255])]),
  { options: column('bit', { length: 3 }), same: ['101'], lost: ['10', '1010'] },
  ...['varbit', 'bit varying'].map((type) => ({ options: column(type, { length: 3 }), same: ['10'], lost: ['1010'] })),
  ...['bool', 'boolean'].map((type) => kind(type, [true, false, 'true'], [1, 't'])),
  kind('date', ['2024-02-29', DAY, new Date(1900, 0, 1)], [MOMENT, 'today']),
  {
    options: column('date', { utc: true }),
    same: [new Date('2024-02-29T00:00:00Z')],
    lost: [new Date('2024-02-29T01:00:00Z')],
  },
  ...['timestamp', 'timestamp without time zone'].map((type) =>
    kind(type, [MOMENT, Infinity, new Date(-43, 2, 15)], ['now']),
  ),
  ...['timestamptz', 'timestamp with time zone'].map((type) =>
    kind(type, [MOMENT, -Infinity, new Date('0050-01-01T00:00:00Z')], ['now']),
  ),
  { options: column('timestamptz', { precision: 0 }), same: [DAY], lost: [MOMENT] },
  ...['time', 'time without time zone'].map((type) => kind(type, ['12:30:15.123456', '24:00:00'], [MOMENT, 'noon'])),
  ...['timetz', 'time with time zone'].map((type) => kind(type, ['12:30:15+02'], ['12:30:15'])),
  { options: column('time', { precision: 1 }), same: ['12:30:15.1'], lost: ['12:30:15.12'] },
  kind('interval', ['1 year 2 days', '-00:00:01.5', 'P1DT2H'], ['1.5 days', '5', 5]),
  { options: column('interval', { precision: 0 }), same: ['1 second'], lost: ['1.5 seconds'] },
  ...['enum', 'simple-enum'].map((type, index) => ({
    options: column(type, { enum: ['happy', 'so, so', 1], enumName: `mood_${index}` }),
    same: ['happy', 'so, so', 1, '1'],
    lost: ['nope', 2],
  })),
  {
    options: column('enum', { enum: ['happy', 'sad', 'so, so', 1], enumName: 'mood_list', array: true }),
    same: [['happy', 'sad'], [], [1]],
    lost: [['nope'], ['so, so'], [null], [['sad']]],
  },
  kind('point', [{ x: 1, y: -0.5 }, '(1,2)'], [{ x: 1, y: 2, z: 3 }, `(${BIG},0)`]),
  kind('circle', [{ x: 1, y: 2, radius: 3 }, '<(1,2),3>'], [{ x: 1, y: 2, radius: 3, color: 'red' }]),
  kind('line', ['{1,2,3}'], ['[(0,0),(1,3)]']),
  kind('lseg', ['[(0,0),(1,1)]'], [`[(0,0),(1,${BIG})]`]),
  kind('box', ['(1,1),(0,0)'], [`(${BIG},1),(0,0)`]),
  kind('path', ['[(0,0),(1,1)]'], [`[(0,${BIG})]`]),
  kind('polygon', ['((0,0),(1,1),(1,0))'], ['((0,0),(NaN,1))']),
  kind('inet', ['10.0.0.1', '::1/64'], ['1.0.0.256']),
  kind('cidr', ['10.0.0.0/8'], ['1.0.0.1/8']),
  kind('macaddr', ['08:00:2b:01:02:03'], ['08:00']),
  kind('macaddr8', ['08:00:2b:01:02:03:04:05'], ['08:00:2b:01:02:03']),
  kind('tsvector', [`'a':1 'b':2A`], ['a:16384']),
  kind('tsquery', ['a & b']),
  kind('uuid', [UUID], [`{${UUID}}`]),
  kind('xml', ['<a/>'], ['<a>']),
  kind('json', [{ a: [1] }, 'text', '123', 5, true, [1]], [{ a: Number.NaN }, new Map()]),
  kind('jsonb', [{ a: [1] }, 'text', '123', 5, true, [1], { at: new Date(0) }], [{ a: Infinity }]),
  kind('jsonpath', ['$.a']),
  kind('int4range', ['[1,5)', 'empty'], ['[1.5,2)']),
  kind('int8range', ['[1,5)']),
  kind('numrange', ['[1.10,2)'], ['[NaN,)']),
  kind('tsrange', ['["2024-01-02 00:00:00",)'], ['[now,)']),
  kind('tstzrange', ['["2024-01-02 00:00:00+00",)'], ['[2024-01-02T00:00:00,)']),
  kind('daterange', ['[2024-01-02,2024-01-03)'], ['[today,)']),
  kind('int4multirange', ['{[1,2),[3,4)}'], ['{[1.5,2)}']),
  kind('int8multirange', ['{[1,2)}']),
  kind('nummultirange', ['{[1.10,2)}'], ['{[NaN,)}']),
  kind('tsmultirange', ['{["2024-01-02 00:00:00",)}'], ['{[now,)}']),
  kind('tstzmultirange', ['{["2024-01-02 00:00:00+00",)}']),
  kind('datemultirange', ['{[2024-01-02,2024-01-03)}']),
  {
    options: column('hstore', { hstoreType: 'object' }),
    same: [{ a: '1', 'b"\\': null }, {}, { a: undefined }],
    lost: [{ a: 1 }],
  },
  { options: column('hstore', { hstoreType: 'string' }), same: ['"a"=>"1"'], lost: ['a=>1, a=>2'] },
  kind('cube', [[1, -2.5], [0]], [[BIG], '(0,0),(1,1)']),
  {
    options: column('cube', { array: true }),
    same: [
      [
        [1, 2],
        [3, 0.5],
      ],
    ],
    lost: [[[3]], [[-1, 2]], [['(1,2),(3,4)']]],
  },
  kind('ltree', ['a.b_1']),
  kind('simple-array', [['a', 'b'], [], ['a', ''], 'a,b', [1, true]], [['a, b', 'c'], [''], [null], [{}]]),
  kind('simple-json', ['hello', '123', { a: 1 }, [1], true, 5], [Number.NaN, new Map()]),
  ...['text', 'integer', 'boolean'].map((type) => ({
    options: column(type, { array: true }),
    same:
      type === 'text'
        ? [['a"\\', '', null], [['a'], ['b']], []]
        : [
            [1, null],
            [[1], [0]],
          ].map((value) => (type === 'boolean' ? deepBoolean(value) : value)),
    lost: [[[]]],
  })),
  { options: column('timestamp', { array: true }), same: [[MOMENT], [[MOMENT], [DAY]]] },
  { options: column('timestamptz', { array: true }), same: [[MOMENT], [[MOMENT], [DAY]]] },
  { options: column('bytea', { array: true }), same: [[Buffer.from([0, 255])]] },
  { options: column('bigint', { array: true }), same: [[BIG, '-1']] },
  { options: column('interval', { array: true }), same: [['1 day', '02:00:00']], lost: [['1.5 days']] },
  { options: column('numrange', { array: true }), same: [['[1,2)']], lost: [['[NaN,)']] },
  { options: column('bit', { length: 2, array: true }), same: [['10']], lost: [['1']] },
  { options: column('jsonb', { array: true }), same: [], onlyLoaded: [[{ a: 1 }, [1]]] },
];

function kind(type: string, same: readonly unknown[], lost: readonly unknown[] = []): KindCases {
  return { options: column(type), same, lost };
}

function column(type: string, more: Partial<ColumnOptions> = {}): ColumnOptions {
  return { type: type as 'text', nullable: true, ...more };
}

function deepBoolean(value: unknown): unknown {
  if (value === null) return null;
  return Array.isArray(value) ? value.map(deepBoolean) : value === 1;
}
