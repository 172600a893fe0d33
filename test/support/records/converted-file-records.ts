import { type FileCase, quoted } from './poison-file.js';

/** A record of a file that is taken, and what the server then shows of it, as text. */
export interface ConvertedCase extends FileCase {
  readonly stored: Readonly<Record<string, string | null>>;
}

/** A text that must arrive as it is: in a text column, in jsonb and in a field without a column. */
function text(when: string, content: string): ConvertedCase {
  const json = JSON.stringify(content);
  return {
    when,
    json: `"title":${json}, "core_problems":${json}, "mood":${json}`,
    csv: { title: quoted(content), core_problems: quoted(json), mood: quoted(content) },
    stored: { title: content, core_problems: json, extra: `{"mood": ${json}}` },
  };
}

function taken(when: string, json: string, csv: FileCase['csv'], stored: ConvertedCase['stored']): ConvertedCase {
  return { when, json, ...(csv !== undefined && { csv }), stored };
}

/** A jsonb column given the same JSON in each format. */
function jsonb(when: string, content: string, stored: string): ConvertedCase {
  return taken(when, `"ai_profile":${content}`, { ai_profile: quoted(content) }, { ai_profile: stored });
}

/** A column given something that looks the same in each format. */
function alike(when: string, column: string, json: string, cell: string, stored: string): ConvertedCase {
  return taken(when, `"${column}":${json}`, { [column]: cell }, { [column]: stored });
}

function key(when: string, content: string): ConvertedCase {
  return { when, key: content, json: '', csv: {}, stored: { submission_id: content } };
}

const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);

/** What a file of app_opportunities may hold, though it looks dangerous. */
export const CONVERTED_OPPORTUNITIES: readonly ConvertedCase[] = [
  text('the null mark of COPY', String.raw`\N`),
  text('the end mark of COPY', '\\.\n\\.\r\n\\.'),
  text('tabs and line ends', '\ta\tb\r\nc\rd\n'),
  text('backslashes', String.raw`\\ \t \x41 \u0041 \0 C:\new\ `),
  text('emoji and their joiners', '👩‍👩‍👧 🏳️‍🌈 é é \u{10ffff}'),
  text('quotes and commas', `'; DROP TABLE submissions; -- "x", $1 "",`),
  text('a byte order mark inside', '\uFEFFa\uFEFF'),
  text('spaces around', '  a  '),
  taken('an escaped pair is one emoji', String.raw`"title":"\ud83d\ude00"`, undefined, { title: '😀' }),
  {
    when: 'what looks like an escape in a csv cell',
    csv: { title: String.raw`\ud800 \u0000` },
    stored: { title: String.raw`\ud800 \u0000` },
  },
  alike('a number as text', 'opportunity_score', '"72.5"', '72.5', '72.5'),
  alike('true as text', 'evidence_based', '"true"', 'true', 'true'),
  alike('False as text', 'evidence_based', '"False"', 'False', 'false'),
  alike('the largest bigint', 'reddit_score', '9223372036854775807', '9223372036854775807', '9223372036854775807'),
  alike(
    'the smallest bigint',
    'reddit_score',
    '-9223372036854775808',
    '"-9223372036854775808"',
    '-9223372036854775808',
  ),
  alike('an integer beyond 2^53', 'reddit_score', '9007199254740993', '9007199254740993', '9007199254740993'),
  alike(
    'an integer with a zero fraction',
    'reddit_score',
    '9007199254740993.0',
    '9007199254740993.0',
    '9007199254740993',
  ),
  alike('a double beyond 2^53', 'final_score', '9007199254740992', '9007199254740992', '9.007199254740992e+15'),
  alike(
    'a double of too many digits',
    'final_score',
    '0.1234567890123456789',
    '0.1234567890123456789',
    '0.12345678901234568',
  ),
  alike('minus zero', 'final_score', '-0.0', '-0', '-0'),
  alike('the smallest double', 'final_score', '5e-324', '5e-324', '5e-324'),
  alike(
    'a date-time with microseconds and zone',
    'analyzed_at',
    '"2024-01-02T03:04:05.123456+05:30"',
    '2024-01-02T03:04:05.123456+05:30',
    '2024-01-01 21:34:05.123456+00',
  ),
  jsonb(
    'digits of jsonb no double holds',
    '{"n":9007199254740993, "d":0.1234567890123456789012}',
    '{"d": 0.1234567890123456789012, "n": 9007199254740993}',
  ),
  jsonb('a zero at the end of a number of jsonb', '{"x":1.10}', '{"x": 1.10}'),
  jsonb('a number of jsonb beyond double', '[1e309]', `[1${'0'.repeat(309)}]`),
  jsonb('256 levels of jsonb', nested(256), nested(256)),
  jsonb(
    '__proto__ and constructor in jsonb',
    '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":2}}}',
    '{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 2}}}',
  ),
  jsonb('a member named twice in jsonb: the last one', '{"a":1,"b":0,"a":2}', '{"a": 2, "b": 0}'),
  jsonb(
    'the same beside a big number',
    '{"a":1,"b":12345678901234567890,"a":2}',
    '{"a": 2, "b": 12345678901234567890}',
  ),
  taken('a field named twice: the last one', '"title":"first", "title":"last"', undefined, { title: 'last' }),
  taken('a field named twice, once by escapes', String.raw`"title":"first", "ti\u0074le":"last"`, undefined, {
    title: 'last',
  }),
  taken('__proto__ and constructor as fields', '"__proto__":{"polluted":1}, "constructor":"c"', undefined, {
    extra: '{"__proto__": {"polluted": 1}, "constructor": "c"}',
  }),
  {
    when: '__proto__ and constructor as columns of csv',
    csv: { ['__proto__']: 'polluted', constructor: 'c' },
    stored: { extra: '{"__proto__": "polluted", "constructor": "c"}' },
  },
  taken(
    'a zero at the end of a number of extra',
    '"extra":{"a":1.10}',
    { extra: quoted('{"a":1.10}') },
    {
      extra: '{"a": 1.10}',
    },
  ),
  taken('__proto__ named twice: the last one', '"__proto__":{"polluted":1}, "__proto__":"p"', undefined, {
    extra: '{"__proto__": "p"}',
  }),
  taken(
    'the same beside a big number',
    '"__proto__":{"polluted":1}, "n":12345678901234567890, "__proto__":"p"',
    undefined,
    { extra: '{"n": 12345678901234567890, "__proto__": "p"}' },
  ),
  key('a key of 2,600 bytes', 'k'.repeat(2600)),
  key('a key of 866 characters of 3 bytes', '€'.repeat(866)),
  key('a key that is the null mark of COPY', String.raw`\N`),
  key('a key that is the end mark of COPY', String.raw`\.`),
];

/** What a file of submissions may hold: epoch seconds, and an id alone. */
export const CONVERTED_SUBMISSIONS: readonly ConvertedCase[] = [
  alike('epoch seconds', 'created_utc', '1700000000', '1700000000', '2023-11-14 22:13:20+00'),
  alike('epoch seconds as text', 'created_utc', '"1700000000"', '"1700000000"', '2023-11-14 22:13:20+00'),
  alike('epoch seconds with a fraction', 'created_utc', '1700000000.25', '1700000000.25', '2023-11-14 22:13:20.25+00'),
  alike(
    'epoch seconds of too many digits',
    'created_utc',
    '1700000000.50000000000000000000',
    '1700000000.50000000000000000000',
    '2023-11-14 22:13:20.5+00',
  ),
  alike('epoch seconds before 1970', 'created_utc', '-1', '-1', '1969-12-31 23:59:59+00'),
  alike(
    'a date-time with zone',
    'created_utc',
    '"2024-01-02T03:04:05Z"',
    '2024-01-02T03:04:05Z',
    '2024-01-02 03:04:05+00',
  ),
  taken('no reddit_id: the submission_id', '"title":null', {}, { reddit_id: 'case6', title: null }),
];
