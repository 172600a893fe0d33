import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { emptyTables, quarantined } from '../../../support/app/quarantine.js';
import { startStorageApp, type StorageApp } from '../../../support/app/storage-app.js';

interface Case {
  readonly rule: string;
  /** What makes the record wrong. */
  readonly when: string;
  readonly column: string | null;
  readonly fields: Record<string, unknown>;
  /** What quarantine gives back of these fields, where JSON alone has no form for them. */
  readonly kept?: Record<string, unknown>;
}

const circular: Record<string, unknown> = {};
circular['self'] = circular;

function throwIt(): never {
  throw new Error('not to be read');
}

function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level += 1) {
    value = [value];
  }
  return value;
}

const rejected = (rule: string, when: string, column: string | null, value: unknown, kept?: unknown): Case => ({
  rule,
  when,
  column,
  fields: { [column ?? '']: value },
  ...(kept !== undefined && { kept: { [column ?? '']: kept } }),
});

const CASES: readonly Case[] = [
  rejected('nul_character', 'text holds NUL', 'title', 'a\0b'),
  rejected('nul_character', 'a jsonb text holds NUL', 'ai_profile', { deep: ['a\0b'] }),
  rejected('nul_character', 'a jsonb key holds NUL', 'ai_profile', { 'a\0b': 1 }),
  rejected('lone_surrogate', 'text holds half a pair', 'title', 'a\ud83d'),
  rejected('lone_surrogate', 'a jsonb text holds half a pair', 'core_problems', ['\udc00']),
  rejected('lone_surrogate', 'a jsonb key holds half a pair', 'core_problems', { '\udc00': 1 }),
  rejected('not_finite', 'a score is NaN', 'opportunity_score', Number.NaN, { $number: 'NaN' }),
  rejected('not_finite', 'a score is Infinity', 'trust_score', Infinity, { $number: 'Infinity' }),
  rejected('not_finite', 'jsonb holds -Infinity', 'ai_profile', { a: -Infinity }, { a: { $number: '-Infinity' } }),
  rejected('not_finite', 'a bigint column is given NaN', 'reddit_score', Number.NaN, { $number: 'NaN' }),
  rejected('inexact_integer', 'an integer lost digits in JavaScript', 'reddit_score', 2 ** 53, {
    $number: '9007199254740992',
  }),
  rejected(
    'inexact_integer',
    'jsonb holds such an integer',
    'dimension_scores',
    { a: 2 ** 60 },
    { a: { $number: '1152921504606847000' } },
  ),
  rejected('inexact_integer', 'no double equals the integer', 'final_score', '9007199254740993'),
  rejected('not_an_integer', 'a bigint column is given a fraction', 'reddit_score', 1.5),
  rejected('out_of_range', 'an integer is beyond bigint', 'reddit_score', '9223372036854775808'),
  rejected('out_of_range', 'a number is beyond double', 'opportunity_score', '1e400'),
  rejected('blank_key', 'the key is empty', 'submission_id', ''),
  rejected('blank_key', 'the key is a space', 'submission_id', ' '),
  rejected('key_too_long', 'the key has 2,601 bytes', 'submission_id', 'k'.repeat(2601)),
  rejected('key_too_long', 'the key has 1,301 characters of 2 bytes', 'submission_id', 'é'.repeat(1301)),
  rejected('wrong_type', 'text is given a number', 'title', 5),
  rejected('wrong_type', 'text is given an object', 'status', { a: 1 }),
  rejected('wrong_type', 'a score is given words', 'opportunity_score', 'high'),
  rejected('wrong_type', 'a score is given empty text', 'confidence', ''),
  rejected('wrong_type', 'a boolean is given yes', 'evidence_based', 'yes'),
  rejected('wrong_type', 'a boolean is given 1', 'evidence_based', 1),
  rejected('wrong_type', 'a date-time is given a number', 'analyzed_at', 1_700_000_000),
  rejected('wrong_type', 'extra is given a list', 'extra', [1]),
  rejected('not_finite', 'extra holds NaN', 'extra', { n: Number.NaN }, { n: { $number: 'NaN' } }),
  rejected('invalid_date_time', 'a date-time is now', 'analyzed_at', 'now'),
  rejected('invalid_date_time', 'a date-time is 01/02/2024', 'analyzed_at', '01/02/2024'),
  rejected('invalid_date_time', 'there is no such day', 'analyzed_at', '2023-02-29T00:00:00Z'),
  rejected('invalid_date_time', 'a Date is invalid', 'analyzed_at', new Date(Number.NaN), { $date: 'invalid' }),
  rejected('zoneless_date_time', 'the zone is missing', 'analyzed_at', '2024-01-02T03:04:05'),
  rejected('zoneless_date_time', 'it is a date alone', 'analyzed_at', '2024-01-02'),
  rejected('unsupported_value', 'text is a function', 'title', () => "'x'", { $function: true }),
  rejected('unsupported_value', 'jsonb is a function', 'ai_profile', () => "'{}'", { $function: true }),
  rejected('unsupported_value', 'jsonb holds a function', 'ai_profile', { f: () => 1 }, { f: { $function: true } }),
  rejected('unsupported_value', 'jsonb is a symbol', 'ai_profile', Symbol('s'), { $symbol: true }),
  rejected('unsupported_value', 'jsonb is a Map', 'ai_profile', new Map([['a', 1]]), { $map: [['a', 1]] }),
  rejected('unsupported_value', 'jsonb holds a Set', 'ai_profile', { s: new Set([1]) }, { s: { $set: [1] } }),
  rejected('unsupported_value', 'jsonb holds a hole', 'core_problems', [1, undefined], [1, { $undefined: true }]),
  rejected('circular_value', 'jsonb contains itself', 'ai_profile', circular, { self: { $circular: true } }),
  rejected('nesting_too_deep', 'jsonb has 257 levels', 'ai_profile', nested(257)),
  {
    rule: 'conflicting_keys',
    when: 'both names of a column differ',
    column: 'app_name',
    fields: { app_name: 'a', appName: 'b' },
  },
  {
    rule: 'conflicting_keys',
    when: 'they differ, property first',
    column: 'app_name',
    fields: { appName: 'b', app_name: 'a' },
  },
  {
    rule: 'conflicting_keys',
    when: 'extra and a field differ',
    column: 'extra',
    fields: { extra: { mood: 1 }, mood: 2 },
  },
  { rule: 'nul_character', when: 'an unknown field holds NUL', column: 'extra', fields: { mood: '\0' } },
  { rule: 'nul_character', when: 'the name of an unknown field holds NUL', column: 'extra', fields: { 'mo\0od': 1 } },
  { rule: 'lone_surrogate', when: 'the name of an unknown field is broken', column: 'extra', fields: { '\ud800': 1 } },
];

describe('a rejected record', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startStorageApp();
  });
  afterAll(() => app.close());
  beforeEach(() => emptyTables(app));

  const neighbour = (id: string) => ({ submission_id: id, problem_description: 'p', title: 'good' });

  it.each(CASES)('$rule: $when', async ({ rule, column, fields, kept }) => {
    const bad = { submission_id: 'bad', problem_description: 'p', ...fields };
    const result = await app.opportunities.store([neighbour('a'), bad, neighbour('b')]);

    expect(result).toMatchObject({ ok: false, received: 3, inserted: 2, rejected: 1 });
    expect(result.rejects).toMatchObject([{ position: 1, reason: rule }]);
    expect(await app.rows('SELECT submission_id, title FROM app_opportunities ORDER BY 1')).toEqual([
      { submission_id: 'a', title: 'good' },
      { submission_id: 'b', title: 'good' },
    ]);
    const rows = await quarantined(app, result.loadId);
    expect(rows).toMatchObject([{ reason: rule, column, position: 1, table: 'app_opportunities' }]);
    expect(JSON.parse(String(rows[0]?.raw))).toEqual({ ...bad, ...kept });
  });

  it.each([
    ['null', null],
    ['a list', []],
    ['text', 'record'],
    ['a number', 5],
    ['a Map', new Map()],
    ['undefined', undefined],
  ])('not_an_object: %s in the place of a record', async (_, record) => {
    const result = await app.opportunities.store([neighbour('a'), record as object, neighbour('b')]);

    expect(result).toMatchObject({ received: 3, inserted: 2, rejected: 1 });
    expect(await quarantined(app, result.loadId)).toMatchObject([
      { reason: 'not_an_object', column: null, position: 1 },
    ]);
  });

  it.each([
    ['a toJSON', { ai_profile: { toJSON: () => throwIt() } }],
    [
      'a getter',
      {
        get title() {
          return throwIt();
        },
      },
    ],
  ])('loses only itself when %s of it throws', async (_, wrong) => {
    const bad = Object.defineProperties(neighbour('bad'), Object.getOwnPropertyDescriptors(wrong));
    expect(await app.opportunities.store([neighbour('a'), bad, neighbour('b')])).toMatchObject({
      inserted: 2,
      rejected: 1,
    });
    expect(await app.count('storage_rejected_records')).toBe(1);
  });

  it('is one row in quarantine however many reasons it has, beside any number of others', async () => {
    const bad = { submission_id: 'x', problem_description: 'p', title: 1, status: 2, confidence: 'high' };
    const result = await app.opportunities.untyped().store(Array.from({ length: 50 }, () => bad));

    expect(result).toMatchObject({ received: 50, rejected: 50, inserted: 0 });
    expect(result.rejects).toHaveLength(20);
    expect((await quarantined(app, result.loadId)).map(({ position }) => position)).toEqual([...Array(50).keys()]);
  });
});
