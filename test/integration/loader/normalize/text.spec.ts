import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { SourceRecord } from '../../../../src/records/source-record.js';
import { emptyTables } from '../../../support/app/quarantine.js';
import { startStorageApp, type StorageApp } from '../../../support/app/storage-app.js';
import { propertyRuns } from '../../../support/sizes/sizes.js';

const TEXTS: readonly (readonly [string, string])[] = [
  ['the null mark of COPY', String.raw`\N`],
  ['the end mark of COPY', '\\.\n\\.'],
  ['tabs and line ends', 'a\tb\r\nc\rd\n'],
  ['backslashes', String.raw`\\ \t \x41 \u0041 \0 C:\new`],
  ['quotes', `'; DROP TABLE submissions; -- "x" $$ $1 \`y\``],
  ['array syntax', '{a,NULL,"b"}'],
  ['the word null', 'NULL'],
  ['spaces around', '  a  '],
  ['nothing', ''],
  ['emoji and their joiners', '👩‍👩‍👧 🏳️‍🌈 é é \u{10ffff}'],
  ['control characters', '\u0001\u0007\b\u000B\u001F\u007F\u0085'],
  ['a byte order mark and odd spaces', '\uFEFF\u00A0\u2028\u2029\u200B'],
];

describe('text', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startStorageApp();
  });
  afterAll(() => app.close());
  beforeEach(() => emptyTables(app));

  const store = async (fields: object): Promise<Record<string, unknown>> => {
    const record = Object.assign(
      Object.create(null) as object,
      { submission_id: 'a', problem_description: 'p' },
      fields,
    );
    const result = await app.opportunities.store([record]);
    expect(result).toMatchObject({ inserted: 1, rejected: 0 });
    const [row] = await app.rows('SELECT * FROM app_opportunities');
    return row as Record<string, unknown>;
  };

  it.each(TEXTS)('arrives byte for byte: %s', async (_, text) => {
    const row = await store({ title: text, ai_profile: { [text]: [text] }, core_functions: text, mood: text });
    expect(row).toMatchObject({ title: text, core_functions: text });
    expect(row['ai_profile']).toEqual({ [text]: [text] });
    expect(row['extra']).toEqual({ mood: text });
  });

  it.each(TEXTS.filter(([, text]) => text.trim() !== ''))('is a key as well: %s', async (_, text) => {
    await app.opportunities.store([{ submission_id: text, problem_description: 'p' }]);
    expect(await app.rows('SELECT submission_id FROM app_opportunities')).toEqual([{ submission_id: text }]);
    expect(await app.opportunities.store([{ submission_id: text, problem_description: 'p' }])).toMatchObject({
      unchanged: 1,
    });
  });

  it('arrives byte for byte, whatever it is', async () => {
    const anyText = fc.string({ unit: 'binary', maxLength: 40 }).filter((text) => !text.includes('\0'));
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(anyText, { minLength: 1, maxLength: 20 }), async (texts) => {
        await emptyTables(app);
        const records = texts.map((title, index) => ({
          submission_id: String(index),
          title,
          url: title,
          ai_profile: [title],
        }));
        await app.profiles.store(records);
        const rows = await app.rows('SELECT title, url, ai_profile FROM submissions ORDER BY submission_id::integer');
        expect(rows).toEqual(texts.map((title) => ({ title, url: title, ai_profile: [title] })));
      }),
      propertyRuns(25),
    );
  });

  it.each(['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'a"b', "a'b", '$1', '', 'a.b'])(
    'takes %j as the name of a field, in extra and in jsonb',
    async (name) => {
      const fields = JSON.parse(`{${JSON.stringify(name)}: {"x": 1}}`) as object;
      const record = { submission_id: 'a', problem_description: 'p', ai_profile: fields };
      const whole = Object.defineProperty(record, name, { value: { x: 1 }, enumerable: true });
      expect(await app.opportunities.store([whole])).toMatchObject({ inserted: 1, rejected: 0 });

      const [row] = await app.rows<{ extra: string; ai_profile: string }>(
        'SELECT extra::text, ai_profile::text FROM app_opportunities',
      );
      expect(row?.extra).toBe(`{${JSON.stringify(name)}: {"x": 1}}`);
      expect(row?.ai_profile).toBe(`{${JSON.stringify(name)}: {"x": 1}}`);
      expect(({} as Record<string, unknown>)['x']).toBeUndefined();
    },
  );

  it('keeps an object that looks like a number of the JSON parser as the object it is', async () => {
    const lookalike = { isLosslessNumber: true, value: '5' };
    expect((await store({ ai_profile: lookalike }))['ai_profile']).toEqual(lookalike);

    const result = await app.opportunities
      .untyped()
      .store([{ submission_id: 'b', problem_description: 'p', final_score: lookalike }]);
    expect(result.rejects).toMatchObject([{ reason: 'wrong_type', column: 'final_score' }]);
  });

  it('never runs as SQL: a function is rejected wherever it stands', async () => {
    const sql = () => "(SELECT 'ran')";
    const places = [
      { title: sql },
      { ai_profile: sql },
      { ai_profile: [sql] },
      { mood: sql },
      { submission_id: sql },
      { final_score: sql },
    ];
    const records = places.map((place, index) => ({ submission_id: `f${index}`, problem_description: 'p', ...place }));
    const result = await app.opportunities.untyped().store(records);

    expect(result).toMatchObject({ rejected: places.length, inserted: 0 });
    expect(result.rejects.map(({ reason }) => reason)).toEqual(places.map(() => 'unsupported_value'));
    expect(await app.count('app_opportunities')).toBe(0);
  });

  it('keeps the digits of a jsonb number beyond 2^53 that came in as a bigint', async () => {
    await store({ ai_profile: { n: 9_007_199_254_740_993n }, reddit_score: 9_223_372_036_854_775_807n });
    expect(await app.rows(`SELECT ai_profile ->> 'n' AS n, reddit_score FROM app_opportunities`)).toEqual([
      { n: '9007199254740993', reddit_score: '9223372036854775807' },
    ]);
  });

  it('of a file comes back from quarantine with the very bytes it had', async () => {
    const raw = Buffer.from([0x7b, 0xff, 0x00, 0xed, 0xa0, 0x80, 0x5c]);
    const result = await app.profiles.store([SourceRecord.rejected(raw, 'invalid_json', 'no JSON')]);
    expect(result).toMatchObject({ received: 1, rejected: 1 });
    expect(await app.rows('SELECT raw, reason FROM storage_rejected_records')).toEqual([
      { raw, reason: 'invalid_json' },
    ]);
  });
});
