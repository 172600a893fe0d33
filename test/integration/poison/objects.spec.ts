import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import type { LoadResult } from '../../../src/index.js';
import { emptyTables, quarantined, type QuarantinedRow } from '../../support/app/quarantine.js';
import { startStorageApp, type StorageApp } from '../../support/app/storage-app.js';
import { traceCopies, type WriterTrace } from '../../support/app/writer-trace.js';

const circular: Record<string, unknown> = { name: 'loop' };
circular['self'] = circular;

const own = (name: string, value: unknown): object => Object.defineProperty({}, name, { value, enumerable: true });
const nested = (levels: number): unknown => (levels === 0 ? 0 : [nested(levels - 1)]);

/** Rule, column, fields of the record, and the exact bytes in quarantine. */
const REJECTED: readonly (readonly [rule: string, column: string, fields: object, kept: string])[] = [
  ['nul_character', 'title', { title: 'a\0b' }, String.raw`"title":"a\u0000b"`],
  ['nul_character', 'ai_profile', { ai_profile: { 'a\0': 1 } }, String.raw`"ai_profile":{"a\u0000":1}`],
  ['lone_surrogate', 'title', { title: '\ud83d\ude00 \ud83d' }, String.raw`"title":"😀 \ud83d"`],
  ['lone_surrogate', 'extra', { '\udc00': '\ud800' }, String.raw`"\udc00":"\ud800"`],
  ['not_finite', 'trust_score', { trust_score: Number.NaN }, '"trust_score":{"$number":"NaN"}'],
  ['not_finite', 'reddit_score', { reddit_score: -Infinity }, '"reddit_score":{"$number":"-Infinity"}'],
  ['not_finite', 'ai_profile', { ai_profile: [Infinity] }, '"ai_profile":[{"$number":"Infinity"}]'],
  ['inexact_integer', 'reddit_score', { reddit_score: 2 ** 53 + 1 }, '"reddit_score":{"$number":"9007199254740992"}'],
  [
    'inexact_integer',
    'ai_profile',
    { ai_profile: { n: 2 ** 53 + 1 } },
    '"ai_profile":{"n":{"$number":"9007199254740992"}}',
  ],
  ['out_of_range', 'reddit_score', { reddit_score: 2n ** 63n }, '"reddit_score":{"$bigint":"9223372036854775808"}'],
  ['out_of_range', 'final_score', { final_score: 10n ** 400n }, `"final_score":{"$bigint":"1${'0'.repeat(400)}"}`],
  ['blank_key', 'submission_id', { submission_id: ' ' }, ''],
  ['key_too_long', 'submission_id', { submission_id: '€'.repeat(867) }, ''],
  ['wrong_type', 'title', { title: 12n }, '"title":{"$bigint":"12"}'],
  ['wrong_type', 'title', { title: -0 }, '"title":-0'],
  ['invalid_date_time', 'analyzed_at', { analyzed_at: new Date(Number.NaN) }, '"analyzed_at":{"$date":"invalid"}'],
  ['wrong_type', 'title', { title: new Date(0) }, '"title":{"$date":"1970-01-01T00:00:00.000Z"}'],
  [
    'unsupported_value',
    'ai_profile',
    { ai_profile: new Map([['k', new Set([1])]]) },
    '"ai_profile":{"$map":[["k",{"$set":[1]}]]}',
  ],
  ['unsupported_value', 'ai_profile', { ai_profile: new Set(['\\N']) }, String.raw`"ai_profile":{"$set":["\\N"]}`],
  ['unsupported_value', 'title', { title: () => "'x'" }, '"title":{"$function":true}'],
  ['unsupported_value', 'extra', { mood: async () => {} }, '"mood":{"$function":true}'],
  ['unsupported_value', 'ai_profile', { ai_profile: [class {}] }, '"ai_profile":[{"$function":true}]'],
  ['unsupported_value', 'ai_profile', { ai_profile: { s: Symbol('s') } }, '"ai_profile":{"s":{"$symbol":true}}'],
  ['unsupported_value', 'ai_profile', { ai_profile: Uint8Array.of(0, 255) }, '"ai_profile":{"$bytes":"AP8="}'],
  ['circular_value', 'ai_profile', { ai_profile: circular }, '"ai_profile":{"name":"loop","self":{"$circular":true}}'],
  ['nesting_too_deep', 'ai_profile', { ai_profile: nested(257) }, `"ai_profile":${'['.repeat(257)}0${']'.repeat(257)}`],
  ['unsupported_value', 'extra', own('__proto__', () => 1), '"__proto__":{"$function":true}'],
  ['unsupported_value', 'extra', own('constructor', new Map()), '"constructor":{"$map":[]}'],
];

const CASES = REJECTED.map(([rule, column, fields, kept], index) => {
  const id = 'submission_id' in fields ? fields.submission_id : `bad${index}`;
  const bad = { submission_id: id, problem_description: 'p' };
  Object.defineProperties(bad, Object.getOwnPropertyDescriptors({ ...fields, submission_id: id }));
  const raw = `{"submission_id":${JSON.stringify(id)},"problem_description":"p"${kept === '' ? '' : `,${kept}`}}`;
  return { rule, column, bad, raw, position: 2 * index + 1 };
});

describe.each([
  { writer: 'upsert', neighbours: CASES.length },
  { writer: 'copy', neighbours: 400 },
])('rejected objects, by $writer', ({ writer, neighbours }) => {
  let app: StorageApp;
  let trace: WriterTrace;
  let result: LoadResult;
  let rows: ReadonlyMap<number, QuarantinedRow>;
  beforeAll(async () => {
    app = await startStorageApp();
    trace = traceCopies(app);
    await emptyTables(app);
    const good = Array.from({ length: neighbours }, (_, index) => ({
      submission_id: `good${index}`,
      problem_description: 'p',
      title: '\\N',
    }));
    result = await app.opportunities
      .untyped()
      .store(good.flatMap((record, at) => [record, ...CASES.slice(at, at + 1).map(({ bad }) => bad)]));
    rows = new Map((await quarantined(app, result.loadId)).map((row) => [row.position, row]));
  });
  afterAll(() => app.close());

  it('do not affect their neighbours, which this writer loads', async () => {
    expect(result).toMatchObject({ inserted: neighbours, rejected: CASES.length });
    const good = await app.rows(
      String.raw`SELECT count(*)::integer AS n FROM app_opportunities WHERE submission_id LIKE 'good%' AND title = '\N'`,
    );
    expect(good).toEqual([{ n: neighbours }]);
    expect(trace.copies > 0).toBe(writer === 'copy');
  });

  it.each(CASES)('$rule in $column: $raw', ({ rule, column, raw, position }) => {
    expect(rows.get(position)).toMatchObject({ reason: rule, column });
    expect(rows.get(position)?.raw.toString()).toBe(raw);
  });
});
