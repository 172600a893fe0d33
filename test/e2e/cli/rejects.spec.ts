import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { type CommandLine, jsonOf, startCommandLine } from '../../support/cli/command-line.js';
import { emptyTables } from '../../support/app/quarantine.js';
import type { CliOutcome } from '../../support/cli/run-cli.js';

const RENAME = ['--rename', 'name=submission_id'];
const BOM = '\ufeff';

describe('harbor-storage rejects', () => {
  let cli: CommandLine;
  beforeAll(async () => {
    cli = await startCommandLine();
  });
  afterAll(() => cli.close());
  beforeEach(async () => {
    await emptyTables(cli);
    await cli.rows('ALTER TABLE submissions DROP CONSTRAINT IF EXISTS counted');
  });

  const run = (...args: string[]): Promise<CliOutcome> => cli.runHere(['rejects', ...args]);
  const json = (...args: string[]) => jsonOf(run(...args, '--json'));
  const load = (input: string | Buffer, format: string, ...args: string[]) =>
    cli.runHere(['load', '-', '--format', format, '--into', 'submissions', '--quiet', ...args], input);
  const guard = () => cli.rows('ALTER TABLE submissions ADD CONSTRAINT counted CHECK (num_comments >= 0)');
  const fix = () => cli.rows('ALTER TABLE submissions DROP CONSTRAINT counted');
  const stored = () =>
    cli.rows('SELECT submission_id AS id, num_comments AS n, ai_profile FROM submissions ORDER BY 1');
  const quarantined = () => cli.rows('SELECT raw, reason FROM storage_rejected_records ORDER BY position');

  it('replays rejected records, a csv and a renamed jsonl too, once the cause was fixed', async () => {
    await guard();
    expect(
      (await load('{"name":"a","num_comments":-1}\n{"name":"b","num_comments":1}\n', 'jsonl', ...RENAME)).exitCode,
    ).toBe(3);
    expect((await load('name,num_comments,ai_profile\r\nc,-3,"{""x"":[1,2]}"\r\n', 'csv', ...RENAME)).exitCode).toBe(3);
    expect(await json('list')).toMatchObject({
      total: 2,
      records: [
        { table: 'submissions', key: 'c', reason: '23514', position: 0 },
        { table: 'submissions', key: 'a', reason: '23514', position: 0, column: null, replayedAt: null },
      ],
    });

    expect(await json('reasons')).toEqual({ reasons: [{ reason: '23514', count: 2 }] });
    expect((await run('reasons', '--table', 'submissions')).stdout).toMatch(/reason +records\n.*\n23514 +2\n/);

    const rejected = await run('replay');
    expect(rejected.exitCode).toBe(3);
    expect(rejected.stdout).toMatch(/Replayed: 2\. Loaded: 0, skipped: 0, rejected again \(still open\): 2\n/);
    await fix();
    const done = await run('replay');
    expect(done).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/Replayed: 2\. Loaded: 2, skipped: 0/) });
    expect(await stored()).toEqual([
      { id: 'a', n: '-1', ai_profile: null },
      { id: 'b', n: '1', ai_profile: null },
      { id: 'c', n: '-3', ai_profile: { x: [1, 2] } },
    ]);
    expect(await run('replay')).toMatchObject({ exitCode: 0, stdout: 'Nothing to replay: no open record matches\n' });
    expect(await json('replay')).toMatchObject({ ok: true, received: 0, loads: [] });
    expect(await json('list')).toEqual({ records: [], total: 0 });
    expect((await json('list', '--all')).total).toBe(2);
  });

  it('lists by load, table, reason and time, without the records themselves', async () => {
    await load('{"submission_id":"a","title":"S3CRET\\u0000"}\n{nonsense S3CRET}\n', 'jsonl');
    await load('[]\n', 'jsonl');
    const [{ loadId }] = (await json('list', '--reason', 'invalid_json')).records;
    expect((await json('list', '--load', loadId)).total).toBe(2);
    expect((await json('list', '--table', 'hybrid')).total).toBe(0);
    expect((await json('list', '--since', '1h')).total).toBe(3);
    expect((await json('list', '--since', '2099-01-01T00:00:00Z')).total).toBe(0);
    const listed = await run('list', '--limit', '2');
    expect(listed.stdout).toMatch(/2 of 3 shown; use --limit for more\n/);
    expect(listed.stdout + (await run('list', '--json')).stdout).not.toContain('S3CRET');
  });

  it('names the tables where nobody knows the given one', async () => {
    await cli.rows(`INSERT INTO storage_rejected_records (id, load_id, table_name, position, raw, reason, message)
      VALUES (gen_random_uuid(), gen_random_uuid(), 'events', 0, '', 'wrong_type', '')`);
    expect((await json('list', '--table', 'events')).total).toBe(1);
    expect(await json('list', '--table', 'public.submissions')).toEqual({ records: [], total: 0 });
    for (const command of ['list', 'export', 'replay', 'purge']) {
      expect(await run(command, '--table', 'nope')).toMatchObject({
        exitCode: 2,
        stderr:
          'error: No record was rejected for a table "nope". Tables: app_opportunities, submissions, hybrid, events\n',
      });
    }
  });

  it('truncates a very long key in the list only', async () => {
    const keys = ['k'.repeat(400), 'x'.repeat(60)];
    await guard();
    await load(keys.map((key) => `{"submission_id":"${key}","num_comments":-1}\n`).join(''), 'jsonl');
    await fix();
    expect((await run('list')).stdout.match(/[kx]{20,}…?/g)).toEqual([`${'k'.repeat(59)}…`, keys[1]]);
    expect((await json('list')).records.map(({ key }: { key: string }) => key)).toEqual(keys);
  });

  it('shows one record, and its content only on request', async () => {
    const lines = [Buffer.from('{"submission_id":"a","title":"x\\u0000"}'), Buffer.from([0x7b, 0xff, 0x1b, 0x00])];
    await load(Buffer.concat([lines[0] as Buffer, Buffer.from('\r\n'), lines[1] as Buffer]), 'jsonl');
    const { records } = await json('list');
    expect(records).toMatchObject([{ reason: 'nul_character', column: 'title', key: 'a' }, { reason: 'invalid_utf8' }]);
    const [first, second] = records.map(({ id }: { id: string }) => id);
    expect((await run('show', first)).stdout).toMatch(/reason +nul_character\n/);
    expect((await run('show', first)).stdout).not.toContain('\\u0000');
    expect((await run('show', first, '--record')).stdout).toContain(String(lines[0]));
    expect(await json('show', first, '--record')).toMatchObject({ id: first, record: String(lines[0]) });
    expect(await json('show', second, '--record')).toMatchObject({ recordBase64: lines[1]?.toString('base64') });
    expect((await run('show', second, '--record')).stdout).not.toContain('\u001b');
  });

  it('exports records for another load, byte for byte', async () => {
    const lines = [
      `${BOM}{"a":1}`,
      '{"submission_id":"a","title":"x\\u0000"}',
      '{"submission_id":"b","title":"\\ud800"}\r',
      '"\\ud83d',
      '{',
    ];
    // A byte order mark in the middle of the input is part of its line.
    await load(`{"submission_id":"ok"}\n${lines.map((line) => `${line}\r\n`).join('')}`, 'jsonl');
    const before = await quarantined();
    expect(before.map(({ raw }) => String(raw))).toEqual(lines);
    // What is exported goes through a pipe as it is.
    const exported = await cli.run(['rejects', 'export']);
    expect(exported).toMatchObject({ exitCode: 0, stderr: 'Exported: 5\n' });
    await cli.rows('TRUNCATE storage_rejected_records');
    await load(exported.stdout, 'jsonl');
    expect(await quarantined()).toEqual(before);
  });

  it('exports csv as csv, and names the records that csv cannot hold', async () => {
    const csv = 'submission_id,title,num_comments\r\na,"two\nlines",x\r\nb,,y\n';
    await load(csv, 'csv');
    await load('id,title\n" ",t\n', 'csv', '--rename', 'id=submission_id');
    await load('{"submission_id":" "}\n', 'jsonl');
    const before = await quarantined();
    const out = join(cli.directory, 'rejects.csv');
    const exported = await run('export', '--format', 'csv', '--out', out);
    expect(exported).toMatchObject({ exitCode: 3, stdout: '' });
    expect(exported.stderr).toContain(`Exported: 2, to ${out}\n`);
    expect(exported.stderr).toContain('Not exported: 1. Reason: its csv file has a different header');
    expect(exported.stderr).toContain('Not exported: 1. Reason: the record was not read as csv; use --format jsonl');
    expect((await stat(out)).mode & 0o777).toBe(0o600);
    const again = await run('export', '--out', out);
    expect(again).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/rejects\.csv: the file already exists/),
    });
    expect((await json('export', '--out', join(cli.directory, 'rejects.jsonl'))).exported).toBe(1);

    await cli.rows('TRUNCATE storage_rejected_records');
    await load(await readFile(out), 'csv');
    expect(await quarantined()).toEqual(before.filter(({ reason }) => reason === 'wrong_type'));
  });

  it('exports array elements on one line each, with renamed fields under their new names', async () => {
    await load('[{\n  "name": " ",\n  "n": 12345678901234567890\n}, {"x":\n"a\nb"}]', 'json', ...RENAME);
    const { stdout, stderr, exitCode } = await run('export');
    expect(stdout).toBe('{"submission_id":" ","n":12345678901234567890}\n');
    expect(stderr).toContain('Not exported: 1. Reason: the record is invalid JSON on several lines');
    expect(exitCode).toBe(3);
  });

  it('purges matching records, and nothing without a filter', async () => {
    await load('[]\n{\n', 'jsonl');
    const nothing = await run('purge');
    expect(nothing).toMatchObject({ exitCode: 2, stdout: '', stderr: expect.stringContaining('--older-than 30d') });
    expect(await json('purge', '--older-than', '1h')).toEqual({ purged: 0, open: 0 });
    expect(await json('purge', '--replayed')).toEqual({ purged: 0, open: 0 });
    expect((await run('purge', '--reason', 'not_an_object')).stdout).toBe('Deleted: 1, of which open: 1\n');
    expect((await json('list', '--all')).total).toBe(1);
  });

  it('names a table whose entity only the application knows', async () => {
    await load('[]\n', 'jsonl');
    await cli.rows(`UPDATE storage_rejected_records SET table_name = 'prices'`);
    const { exitCode, stderr } = await run('replay');
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      /Cannot replay rejected records of table prices: no entity maps to it.*QuarantineService.*forFeature/,
    );
  });

  it('replays the others where records of a combined load need its loader', async () => {
    await load('[]\n', 'jsonl');
    await cli.rows(`UPDATE storage_loads SET options = '{"tables":["a","b"]}'`);
    await cli.rows("UPDATE storage_rejected_records SET table_name = 'a+b'");
    await guard();
    await load('{"submission_id":"c","num_comments":-1}\n', 'jsonl');
    await fix();
    const { exitCode, stdout } = await run('replay');
    expect(stdout).toMatch(/Not replayed \(still open\): 1 of a\+b\. .*QuarantineService.replay\(filter, \{ combined/);
    expect(stdout).toContain('Replayed: 1. Loaded: 1,');
    expect(exitCode).toBe(3);
    const again = await run('replay');
    expect(again).toMatchObject({
      exitCode: 3,
      stdout: expect.stringMatching(/^Not replayed \(still open\): 1 of a\+b\./),
    });
  });

  it.each([
    ['list', '--load', 'x'],
    ['list', '--since', 'yesterday'],
    ['list', '--since', '2026-01-01'],
    ['purge', '--older-than', '30'],
    ['export', '--json'],
  ])('%s %s %s is a usage error', async (...args) => {
    expect((await run(...args.filter((arg) => arg !== undefined))).exitCode).toBe(2);
  });

  it('a load prints how to list its rejected records', async () => {
    const path = await cli.writeFile('bad.jsonl', '[]\n');
    const { stdout } = await cli.runHere(['load', path, '--into', 'submissions']);
    expect(stdout).toMatch(/harbor-storage rejects list --load [0-9a-f-]{36}\n/);
  });
});
