import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { emptyTables } from '../../support/app/quarantine.js';
import { type CommandLine, jsonOf, startCommandLine } from '../../support/cli/command-line.js';
import type { CliOutcome } from '../../support/cli/run-cli.js';

describe('harbor-storage rejects, of csv records', () => {
  let cli: CommandLine;
  beforeAll(async () => {
    cli = await startCommandLine();
  });
  afterAll(() => cli.close());
  beforeEach(() => emptyTables(cli));

  const run = (...args: string[]): Promise<CliOutcome> => cli.runHere(['rejects', ...args]);
  const load = (input: string | Buffer, ...args: string[]) =>
    cli.runHere(['load', '-', '--format', 'csv', '--into', 'submissions', '--quiet', ...args], input);
  const path = (name: string) => join(cli.directory, name);

  it('are exported as csv to a file of that name, which only its owner reads, and load again', async () => {
    await load('submission_id,title,num_comments\na,t,x\nb,u,1\n');
    const out = path('mend.csv');
    expect(await run('export', '--out', out)).toMatchObject({ exitCode: 0, stderr: `Exported: 1, to ${out}\n` });
    expect(await readFile(out, 'utf8')).toBe('"submission_id","title","num_comments"\na,t,x\n');
    expect((await stat(out)).mode & 0o777).toBe(0o600);
    expect((await run('export')).stdout).toBe('"submission_id","title","num_comments"\na,t,x\n');
  });

  it('leave no file behind when none of them can be exported', async () => {
    await load('submission_id,num_comments\na,x\n');
    const out = path('mend.jsonl');
    const { exitCode, stderr } = await run('export', '--out', out);
    expect([exitCode, stderr]).toEqual([
      3,
      'Exported: 0; no file was written\nNot exported: 1. Reason: the record was read as csv; use --format csv\n',
    ]);
    expect(existsSync(out)).toBe(false);
    expect(await jsonOf(run('export', '--out', out, '--json'))).toMatchObject({ exported: 0 });
  });

  it('are exported in UTF-8 with their own delimiter and null, and what a load needs to know', async () => {
    const file = Buffer.from('submission_id^num_comments^tit\xe4l\na^x^\xe9\nb^-^\x81\n', 'latin1');
    await load(file, '--delimiter', '^', '--null', "o'-", '--encoding', 'windows-1252', '--rename', 'titäl=title');
    const out = path('other.csv');
    const { exitCode, stderr } = await run('export', '--out', out);
    expect(stderr).toBe(
      `Exported: 1, to ${out}\nTo load it, add --delimiter '^' --null 'o'\\''-'\n` +
        'Not exported: 1. Reason: the record is not valid windows-1252\n',
    );
    expect(exitCode).toBe(3);
    expect(await readFile(out, 'utf8')).toBe('"submission_id"^"num_comments"^"title"\na^x^é\n');
    await cli.rows('TRUNCATE storage_rejected_records');
    await load(await readFile(out), '--delimiter', '^', '--null', "o'-");
    expect(await cli.rows('SELECT reason, column_name AS "column" FROM storage_rejected_records')).toEqual([
      { reason: 'wrong_type', column: 'num_comments' },
    ]);
  });

  it('of UTF-16 files are exported as jsonl in UTF-8', async () => {
    const file = Buffer.from('\ufeff{"submission_id":"é","num_comments":"x"}\n', 'utf16le');
    await cli.runHere(['load', '-', '--format', 'jsonl', '--into', 'submissions', '--quiet'], file);
    expect((await run('export')).stdout).toBe('{"submission_id":"é","num_comments":"x"}\n');
  });

  it('are shown with the names of their cells, control characters as escapes', async () => {
    await load('submission_id;title;num_comments;selftext\na;"\x1b[31m\n";x;~\nb;y\n', '--null', '~');
    const { records } = await jsonOf(run('list', '--json'));
    const [first, second] = records.map(({ id }: { id: string }) => id);
    expect((await run('show', first, '--record')).stdout).toMatch(
      /\n\nsubmission_id +a\ntitle +\\x1b\[31m\\n\nnum_comments +x\nselftext +\(null\)\n$/,
    );
    expect((await run('show', second, '--record')).stdout).toMatch(/\ntitle +y\nnum_comments +\(no cell\)\nselftext/);
    expect(await jsonOf(run('show', second, '--record', '--json'))).toMatchObject({
      record: 'b;y',
      header: ['submission_id', 'title', 'num_comments', 'selftext'],
    });
    expect((await run('show', first)).stdout).not.toContain('31m');
  });
});

describe('what the command line prints', () => {
  let cli: CommandLine;
  beforeAll(async () => {
    cli = await startCommandLine();
  });
  afterAll(() => cli.close());

  const EVIL = '\x1b]0;x\x07\x9b\u202e\n';

  it('shows control characters of names, keys and fields as escapes, and holds none in JSON', async () => {
    const file = await cli.writeFile(
      `a${EVIL.replace('\n', '')}.jsonl`,
      JSON.stringify({ submission_id: ' ', [EVIL]: 1 }),
    );
    const outputs = [await cli.runHere(['load', file, '--into', 'submissions', '--load-key', EVIL])];
    const [load] = await cli.rows<{ id: string }>('SELECT id FROM storage_loads');
    const [reject] = await cli.rows<{ id: string }>('SELECT id FROM storage_rejected_records');
    await cli.rows('UPDATE storage_rejected_records SET record_key = $1, message = $1', [EVIL]);
    for (const json of [[], ['--json']]) {
      outputs.push(
        await cli.runHere(['load', file, '--into', 'submissions', '--load-key', EVIL, ...json]),
        await cli.runHere(['loads', ...json]),
        await cli.runHere(['loads', 'show', load?.id ?? '', ...json]),
        await cli.runHere(['rejects', ...json]),
        await cli.runHere(['rejects', 'show', reject?.id ?? '', '--record', ...json]),
        await cli.runHere(['load', `missing${EVIL}`, '--into', 'submissions', '--format', 'jsonl', ...json]),
        await cli.runHere(['stats', EVIL, ...json]),
      );
    }
    const text = outputs.map(({ stdout, stderr }) => stdout + stderr).join('');
    // oxlint-disable-next-line no-control-regex -- these are what must not be there
    expect(text).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]/);
    expect(text).toContain(String.raw`\x1b]0;x\x07\x9b\u202e\n`);
    expect(JSON.parse(outputs.at(-5)?.stdout ?? '').loadKey).toBe(EVIL);
  });
});
