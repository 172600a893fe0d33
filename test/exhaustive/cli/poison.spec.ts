import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { type CommandLine, startCommandLine } from '../../support/cli/command-line.js';
import { emptyTables } from '../../support/app/quarantine.js';

const GOOD = Array.from({ length: 250 }, (_, index) => `{"submission_id":"good${index}","title":"\\\\N"}`);
/** Records that are rejected, by reason, as in the file. */
const BAD = {
  nul_character: String.raw`{"submission_id":"x", "title":"a\u0000b"}`,
  lone_surrogate: String.raw`{ "submission_id":"x","ai_profile":{"deep":["\ud800 €"]}}`,
  out_of_range: '{"submission_id":"x","reddit_score":9223372036854775808}',
  zoneless_date_time: '{"submission_id":"x","created_utc":"2024-01-02T03:04:05"}',
  blank_key: String.raw`{"submission_id":" ","title":"\t"}`,
  invalid_json: '{"submission_id":"x","trust_score":NaN}',
  not_an_object: '[{"submission_id":"x"}]',
  '23514': '{"submission_id":"x","author":"poison 😀"}',
};

describe('an invalid record in a file', () => {
  let cli: CommandLine;
  beforeAll(async () => {
    cli = await startCommandLine();
    await cli.rows(`ALTER TABLE submissions ADD CHECK (author NOT LIKE 'poison%')`);
  });
  afterAll(() => cli.close());
  beforeEach(() => emptyTables(cli));

  it.each([
    ['jsonl', (records: readonly string[]) => `\uFEFF${records.join('\r\n')}\n\n`],
    ['json', (records: readonly string[]) => `[${records.join(' ,\n')}]`],
  ])('is rejected alone, with its reason and its bytes: %s', async (format, fileOf) => {
    const records = GOOD.flatMap((good, index) => [good, ...Object.values(BAD).slice(index, index + 1)]);
    const args = ['load', '-', '--format', format, '--into', 'submissions', '--json', '--quiet'];
    const { exitCode, stdout, stderr } = await cli.runHere(args, fileOf(records));

    expect([exitCode, stderr]).toEqual([3, '']);
    expect(JSON.parse(stdout)).toMatchObject({ inserted: GOOD.length, rejected: Object.keys(BAD).length, failed: 0 });
    const stored = await cli.rows(String.raw`SELECT count(*)::integer AS n FROM submissions WHERE title = '\N'`);
    expect(stored).toEqual([{ n: GOOD.length }]);
    const kept = await cli.rows<{ reason: string; raw: Buffer }>(
      'SELECT reason, raw FROM storage_rejected_records ORDER BY position',
    );
    expect(kept.map(({ reason, raw }) => [reason, raw.toString()])).toEqual(
      Object.entries(BAD).sort(([a], [b]) => records.indexOf(textOf(a)) - records.indexOf(textOf(b))),
    );
  });

  it('is rejected alone in csv despite an unclosed quote', async () => {
    const bad = ['bad,"a\n"b', 'bad,5" pipe', 'bad', 'bad,a\0b'];
    const lines = Array.from({ length: 250 }, (_, index) => [
      `good${index},"a\r\n""b"""`,
      ...bad.slice(index, index + 1),
    ]);
    const file = ['submission_id,title', ...lines.flat()].join('\r\n');
    const args = ['load', '-', '--format', 'csv', '--into', 'submissions', '--json'];
    const { exitCode, stdout } = await cli.run(args, file);

    expect(exitCode).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({ inserted: 250, rejected: bad.length });
    const stored = await cli.rows('SELECT DISTINCT title FROM submissions');
    expect(stored).toEqual([{ title: 'a\r\n"b"' }]);
    const kept = await cli.rows<{ reason: string; raw: Buffer }>(
      'SELECT reason, raw FROM storage_rejected_records ORDER BY position',
    );
    expect(kept.map(({ raw }) => raw.toString())).toEqual(bad);
    expect(kept.map(({ reason }) => reason)).toEqual([
      'invalid_csv',
      'invalid_csv',
      'wrong_field_count',
      'nul_character',
    ]);
  });
});

function textOf(reason: string): string {
  return BAD[reason as keyof typeof BAD];
}
