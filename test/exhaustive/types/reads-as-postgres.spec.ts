import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { type Converter, converterFor } from '../../../src/loader/values/convert-value.js';
import { RejectedValue } from '../../../src/loader/values/rejected-value.js';
import { withClient } from '../../../src/postgres/with-client.js';
import { readValueTypes } from '../../../src/schema/table/value-type.js';
import { startStorageApp, type StorageApp } from '../../support/app/storage-app.js';
import { sized } from '../../support/sizes/sizes.js';

const DAYS = ['2024-02-29', '0044-03-15', '1900-02-29', '10000-01-01', '2024-2-3'];
const TIMES = ['T', ' ', '\t', '03:04', '03:04:05', '24:00:00', '.5', '.123456', '.1234567'];
const ZONES = ['Z', '+02', '-0330', '+00:09:21', '+000921', ' UTC', ' BC', ' AD', 'infinity', '-infinity', 'now'];
const NUMBERS = ['0', '1', '5', '12', '.', '-', '+', 'e', '-0', '9007199254740993', 'NaN', ' ', '_', '0x'];
const UNITS = [
  'year',
  'years',
  'mons',
  'month',
  'w',
  'days',
  'd',
  'hours',
  'h',
  'mins',
  'min',
  'm',
  'secs',
  's',
  'ms',
  'us',
];
const CLOCKS = ['04:05', '04:05:06', '04:05:06.789', '-00:00:01', '+100:00:00', '00:60:00'];
const RANGE = ['[', '(', ']', ')', ',', '1', '5', ' ', '"', '""', String.raw`\ `, 'empty', '-'];
const POINTS = ['(', ')', '[', ']', '{', '}', '<', '>', ',', '1', '2.5', '-0', '1e3', ' '];

/** What texts for a type are made of: pieces that its input function knows, and some that it does not. */
const PIECES: Readonly<Record<string, readonly string[]>> = {
  'text[]': ['{', '}', ',', '"', '\\', ' ', 'a', 'NULL', 'null', '[0:1]=', '{a,', ',b}', '""'],
  'integer[]': ['{', '}', ',', ' ', '1', '-2', 'NULL', '"3"', '{1,', ',2}'],
  'cube[]': ['{', '}', ',', '"', '1', '(1,2)', '(3)', '{1}', '"(1,2)"'],
  'box[]': ['{', '}', ',', ';', '(1,1)', '(0,0)', '"', ' '],
  'jsonb[]': ['{', '}', ',', '"', '\\"', '1', 'NULL', 'true', '{1,2}', '{{1},{2}}', '{}'],
  hstore: ['a', 'b', '"', '=>', '=', '>', ',', ' ', '\\', 'NULL', 'null', '"c d"'],
  int4range: RANGE,
  word_range: [...RANGE, 'a', 'b'],
  int4multirange: ['{', '}', '[1,2)', '[3,4)', '(,0]', 'empty', ',', ' '],
  daterange: ['[2024-01-02,', '("2024-01-01",', '[,', '2024-01-03', ',', ')', ']', 'infinity)', 'today)', ' '],
  tsvector: ['a', 'b', "'", "''", ':', '1', '16383', '16384', 'A', '*', ',', ' ', '\\'],
  interval: [' ', ' ', '1', '-2', '+3', '0.5', '7', ...UNITS.map((unit) => ` ${unit} `), ...CLOCKS, '@ ', ' ago', '-'],
  'interval minute to second': [' ', '1', '-2', ' mins ', ' secs ', ...CLOCKS],
  'interval day': [' ', '1', '-2', ' days ', ' hours ', ...CLOCKS],
  'interval[]': ['{', '}', ',', '"', '1 day', '2 hours', '00:00:01', 'P1D'],
  money: ['$', '1', '234', ',', '.', '5', '89', '-', '(', ')', ' '],
  'numeric(6,2)': NUMBERS,
  'double precision': NUMBERS,
  real: NUMBERS,
  boolean: ['t', 'true', 'f', 'yes', '1', ' ', 'TRUE'],
  'bit(3)': ['0', '1', '101', 'B', 'x', '2', ' '],
  date: [...DAYS, ...TIMES, ...ZONES],
  'timestamp without time zone': [...DAYS, ...TIMES, ...ZONES],
  'timestamp with time zone': [...DAYS, ...TIMES, ...ZONES],
  'time without time zone': [...TIMES, ...ZONES],
  'time with time zone': [...TIMES, ...ZONES],
  point: POINTS,
  box: POINTS,
  path: POINTS,
  circle: POINTS,
  line: POINTS,
  cube: POINTS,
  uuid: ['0b0e4f5c', '7d0c4f43', '9a6b2b1f', '6f0c9d11', '-', '{', '}', ' '],
  macaddr8: ['08', ':', '-', '00', '2b0102', '030405', ' '],
};
const ISO_PIECES = ['P', 'T', '1', '-2', '0.5', 'Y', 'M', 'W', 'D', 'H', 'S'];

/** Texts for a type: some by chance, some ordered as an interval is. */
function textsOf(type: string): fc.Arbitrary<string> {
  const pieces = fc.array(fc.constantFrom(...(PIECES[type] as string[])), { minLength: 1, maxLength: 8 });
  const iso = fc
    .array(fc.constantFrom(...ISO_PIECES), { minLength: 1, maxLength: 9 })
    .map((some) => `P${some.join('')}`);
  const texts = pieces.map((some) => some.join(''));
  if (type.endsWith('[]')) {
    return fc.oneof(
      texts,
      pieces.map((some) => `{${some.join(',')}}`),
    );
  }
  return type.startsWith('interval')
    ? fc.oneof(
        texts,
        iso,
        texts.map((text) => text.replaceAll(/ +/g, ' ').trim()),
      )
    : texts;
}

function converted(convert: Converter, text: string): string | undefined {
  try {
    return convert(text, true);
  } catch (error) {
    if (error instanceof RejectedValue) return undefined;
    throw error;
  }
}

let app: StorageApp;
beforeAll(async () => {
  app = await startStorageApp();
  const columns = Object.keys(PIECES).map((type, index) => `c${index} ${type}`);
  await app.rows(`
    CREATE EXTENSION hstore; CREATE EXTENSION cube;
    CREATE TYPE word_range AS RANGE (subtype = text);
    CREATE TABLE shapes (${columns.join(', ')});
    CREATE FUNCTION read_as(text, type text) RETURNS text LANGUAGE plpgsql AS $$
      DECLARE shown text;
      BEGIN
        EXECUTE 'SELECT CAST($1 AS ' || type || ')::text' INTO shown USING $1;
        RETURN shown;
      EXCEPTION WHEN OTHERS THEN RETURN NULL;
      END $$`);
});
afterAll(() => app.close());

it.each(Object.keys(PIECES))('a text that is taken means to Postgres what it meant before, for %s', async (type) => {
  const types = await withClient(app.dataSource, (client) => readValueTypes(client, 'public', 'shapes'));
  const valueType = types.get(`c${Object.keys(PIECES).indexOf(type)}`);
  const convert = converterFor(valueType as NonNullable<typeof valueType>);
  const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
  const taken = fc
    .sample(textsOf(type), { numRuns: sized(3000, 20_000), seed })
    .map((text) => ({ text, sent: converted(convert, text) }))
    .filter(({ sent }) => sent !== undefined);
  expect({ seed, some: taken.length > 5 }).toEqual({ seed, some: true });
  const wrong = await app.rows(
    `SELECT text, sent, read_as(text, $3) AS meant, read_as(sent, $3) AS read
       FROM unnest($1::text[], $2::text[]) AS t(text, sent)
      WHERE read_as(text, $3) IS DISTINCT FROM read_as(sent, $3) LIMIT 20`,
    [taken.map(({ text }) => text), taken.map(({ sent }) => sent), type],
  );
  expect({ seed, wrong }).toEqual({ seed, wrong: [] });
});
