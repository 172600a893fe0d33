import { type FileCase, quoted } from './poison-file.js';

/** A record of a file that is rejected. */
export interface RejectedCase extends FileCase {
  readonly rule: string;
  readonly column: string | null;
}

type Csv = FileCase['csv'];

/** Rejected alike in JSON and, where cells are given, in csv. */
function rejected(rule: string, column: string | null, when: string, json: FileCase['json'], csv?: Csv): RejectedCase {
  return { rule, column, when, json, csv };
}

/** Rejected in csv only. */
function rejectedCsv(rule: string, column: string | null, when: string, csv: Csv): RejectedCase {
  return { rule, column, when, csv };
}

/** A jsonb column given the same JSON in each format. */
function rejectedJsonb(rule: string, when: string, text: string): RejectedCase {
  return rejected(rule, 'ai_profile', when, `"ai_profile":${text}`, { ai_profile: quoted(text) });
}

/** A column given a text, or a number, that looks the same in each format. */
function rejectedAlike(rule: string, column: string, when: string, json: string, cell = json): RejectedCase {
  return rejected(rule, column, when, `"${column}":${json}`, { [column]: cell });
}

const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);

/** What a file of app_opportunities may not hold. */
export const REJECTED_OPPORTUNITIES: readonly RejectedCase[] = [
  rejectedAlike('nul_character', 'title', 'text holds NUL', String.raw`"a\u0000b"`, 'a\0b'),
  rejectedJsonb('nul_character', 'NUL lies deep in jsonb', String.raw`{"a":[{"b":"\u0000"}]}`),
  rejectedJsonb('nul_character', 'a key of jsonb holds NUL', String.raw`{"a":{"b\u0000":1}}`),
  rejected('nul_character', 'extra', 'an unknown field holds NUL', String.raw`"mood":"\u0000"`, { mood: '\0' }),
  rejected('nul_character', 'extra', 'the name of an unknown field holds NUL', String.raw`"mo\u0000od":1`),
  rejected('lone_surrogate', 'title', 'text holds half a pair', String.raw`"title":"a\ud800"`),
  rejectedJsonb('lone_surrogate', 'jsonb holds half a pair', String.raw`["\udc00 "]`),
  rejectedJsonb('lone_surrogate', 'a key of jsonb is half a pair', String.raw`{"\ud800":1}`),
  rejected('lone_surrogate', 'extra', 'an unknown field is half a pair', String.raw`"mood":"\ud83d"`),
  rejectedAlike('inexact_integer', 'final_score', 'no double is the integer', '9007199254740993'),
  rejectedAlike('out_of_range', 'reddit_score', 'an integer is beyond bigint', '9223372036854775808'),
  rejectedAlike('out_of_range', 'reddit_score', 'it is below bigint', '-9223372036854775809'),
  rejectedAlike('out_of_range', 'opportunity_score', 'a number is beyond double', '1e400'),
  rejectedAlike('out_of_range', 'opportunity_score', 'a double would be 0', '1e-400'),
  rejectedAlike('not_an_integer', 'reddit_score', 'an integer has a fraction', '1.5'),
  rejectedAlike('wrong_type', 'opportunity_score', 'a number is words', '"high"', 'high'),
  rejected('wrong_type', 'opportunity_score', 'a number is empty text', '"opportunity_score":""'),
  rejectedAlike('wrong_type', 'opportunity_score', 'a number is the text NaN', '"NaN"', 'NaN'),
  rejectedAlike('wrong_type', 'evidence_based', 'a boolean is si', '"si"', 'si'),
  rejected('wrong_type', 'evidence_based', 'a boolean is yes', '"evidence_based":"yes"'),
  rejected('wrong_type', 'evidence_based', 'a boolean is 1', '"evidence_based":1'),
  rejected('wrong_type', 'title', 'text is a number', '"title":5'),
  rejected('wrong_type', 'title', 'text is a big number', '"title":12345678901234567890'),
  rejected('wrong_type', 'opportunity_score', 'a number is a list', '"opportunity_score":[1]'),
  rejected('wrong_type', 'analyzed_at', 'a date-time is a number', '"analyzed_at":1700000000'),
  rejectedAlike('wrong_type', 'extra', 'extra is a list', '[1]'),
  rejectedCsv('invalid_json', 'extra', 'extra is no JSON', { extra: 'x' }),
  rejectedAlike('invalid_date_time', 'analyzed_at', 'a date-time is now', '"now"', 'now'),
  rejectedAlike('invalid_date_time', 'analyzed_at', 'it is 01/02/2024', '"01/02/2024"', '01/02/2024'),
  rejectedAlike('invalid_date_time', 'analyzed_at', 'there is no such day', '"2023-02-29T00:00Z"', '2023-02-29T00:00Z'),
  rejectedAlike(
    'zoneless_date_time',
    'analyzed_at',
    'the zone is missing',
    '"2024-01-02T03:04:05"',
    '2024-01-02T03:04:05',
  ),
  rejectedAlike('zoneless_date_time', 'analyzed_at', 'it is a date alone', '"2024-01-02"', '2024-01-02'),
  rejectedJsonb('nesting_too_deep', 'jsonb has 257 levels', nested(257)),
  { ...rejected('blank_key', 'submission_id', 'the key is empty', '', {}), key: '' },
  { ...rejected('blank_key', 'submission_id', 'the key is a space', '', {}), key: ' ' },
  { ...rejected('key_too_long', 'submission_id', 'the key has 2,601 bytes', '', {}), key: 'k'.repeat(2601) },
  { ...rejected('key_too_long', 'submission_id', 'it has 867 characters of 3 bytes', '', {}), key: '€'.repeat(867) },
  rejected('conflicting_keys', 'app_name', 'both names of a column differ', '"app_name":"a", "appName":"b"', {
    app_name: 'a',
    appName: 'b',
  }),
  rejected('invalid_json', null, 'a number is NaN', '"opportunity_score":NaN'),
  rejected('invalid_json', null, 'jsonb holds Infinity', '"ai_profile":{"a":-Infinity}'),
  rejectedCsv('invalid_json', 'ai_profile', 'jsonb holds NaN', { ai_profile: quoted('{"a":NaN}') }),
  rejectedCsv('invalid_json', 'ai_profile', 'jsonb is a word', { ai_profile: 'word' }),
  rejected('invalid_json', null, 'it is a word', { whole: 'nope' }),
  rejected('invalid_json', null, 'a comma is too many', { whole: '{"title":1,}' }),
  rejected('invalid_json', null, 'a text contains a NUL byte', { whole: '{"title":"a\0b"}' }),
  rejected('invalid_json', null, 'it is truncated', { whole: '{"submission_id":"x","title":"', only: 'jsonl' }),
  rejected('invalid_json', null, 'something follows it', { whole: '{"submission_id":"x"} {}', only: 'jsonl' }),
  rejected('invalid_utf8', null, 'bytes are no UTF-8', {
    whole: Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xed, 0xa0, 0x80, 0x22, 0x7d]),
  }),
  rejected('not_an_object', null, 'it is an array', { whole: '[{"submission_id":"x"}]' }),
  rejected('not_an_object', null, 'it is a number', { whole: '12345678901234567890' }),
  rejected('not_an_object', null, 'it is null', { whole: 'null' }),
  rejected('not_an_object', null, 'it is text', { whole: '"{}"' }),
  rejectedCsv('invalid_csv', null, 'a cell contains a quote', { whole: 'x,5" pipe' }),
  rejectedCsv('invalid_csv', null, 'text follows a quoted line end', { whole: '"x\r\ny"z,p' }),
  rejectedCsv('wrong_field_count', null, 'there are too few cells', { whole: 'x,p' }),
  rejectedCsv('wrong_field_count', null, 'there are too many cells', { whole: `x,p${',y'.repeat(40)}` }),
  rejected('23514', null, 'Postgres rejects it by a check', '"status": "poison\\t"', { status: '"poison\t"' }),
  rejected('22003', 'ai_profile', 'a number of jsonb is beyond numeric', '"ai_profile":{"a":1e200000}', {
    ai_profile: quoted('{"a":1e200000}'),
  }),
];

/** What a file of submissions may not hold. */
export const REJECTED_SUBMISSIONS: readonly RejectedCase[] = [
  rejectedAlike('out_of_range', 'created_utc', 'epoch seconds are milliseconds', '1700000000000'),
  rejectedAlike('out_of_range', 'created_utc', 'they have no end', '1e400', '9'.repeat(400)),
  rejectedAlike('inexact_date_time', 'created_utc', 'epoch seconds have seven decimals', '"1373490332.1234567"'),
  rejectedAlike('invalid_date_time', 'created_utc', 'a date-time is tomorrow', '"tomorrow"', 'tomorrow'),
  rejectedAlike('zoneless_date_time', 'created_utc', 'the zone is missing', '"2024-01-02 03:04"', '2024-01-02 03:04'),
  rejected('wrong_type', 'created_utc', 'a date-time is true', '"created_utc":true'),
];
