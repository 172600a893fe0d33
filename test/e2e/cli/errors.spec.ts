import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { type CommandLine, startCommandLine } from '../../support/cli/command-line.js';
import { runCli } from '../../support/cli/run-cli.js';
import { runCommand } from '../../support/cli/run-command.js';
import { THROUGH_PGBOUNCER } from '../../support/database/open-connections.js';
import { describeWithPassword } from '../../support/needs/needs.js';

const RECORD = '{"submission_id":"t3_1","title":"x"}\n';
const LOAD = ['load', '-', '--format', 'jsonl', '--into', 'submissions'];

describe('command line errors', () => {
  let cli: CommandLine;
  beforeAll(async () => {
    cli = await startCommandLine();
  });
  afterAll(() => cli.close());

  /** Changes the database, runs a load, and reverts the change. */
  async function loadAfter(change: string, back: string): Promise<string> {
    await cli.rows(change);
    const { exitCode, stderr } = await cli.runHere(LOAD, RECORD);
    await cli.rows(back);
    expect([exitCode, stderr]).toEqual([1, expect.not.stringContaining('    at ')]);
    return stderr;
  }

  it('names a missing table', async () => {
    const stderr = await loadAfter('ALTER TABLE submissions RENAME TO gone', 'ALTER TABLE gone RENAME TO submissions');
    expect(stderr).toMatch(/table submissions: expected a table, found none.*migrate up/);
  });

  it('names a missing column', async () => {
    const stderr = await loadAfter(
      'ALTER TABLE submissions RENAME url TO gone',
      'ALTER TABLE submissions RENAME gone TO url',
    );
    expect(stderr).toMatch(/column submissions\.url: expected text, found no such column/);
  });

  it('names a column of another type', async () => {
    const stderr = await loadAfter(
      'ALTER TABLE submissions ALTER trust_score TYPE text',
      'ALTER TABLE submissions ALTER trust_score TYPE double precision USING trust_score::double precision',
    );
    expect(stderr).toMatch(/column submissions\.trust_score: expected double precision, found text/);
  });

  it('names a pending migration, and the command that applies it', async () => {
    const stderr = await loadAfter(
      'ALTER TABLE storage_migrations RENAME TO gone',
      'ALTER TABLE gone RENAME TO storage_migrations',
    );
    expect(stderr).toMatch(/migration CreateStorageTables\d+ is not applied.*npx harbor-storage migrate up/);
  });

  it('names the server that does not answer, without the password', async () => {
    const { exitCode, stderr } = await runCli('postgres://someone:s3cret@127.0.0.1:1/nowhere', LOAD, RECORD);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^error: Could not connect to Postgres at 127\.0\.0\.1:1\/nowhere: connection refused/);
    expect(stderr).not.toMatch(/s3cret|someone|    at /);
  });

  describeWithPassword('a wrong password', () => {
    it('is reported without being shown', async () => {
      const url = new URL(cli.url);
      url.password = 's3cret';
      const { exitCode, stderr } = await runCommand(url.href, LOAD, RECORD);
      expect([exitCode, stderr]).toEqual([1, expect.stringContaining(THROUGH_PGBOUNCER ? '08P01' : 'wrong password')]);
      expect(stderr).not.toMatch(/s3cret|    at /);
    });
  });

  it.each([
    [['load', 'x.jsonl', '--into', 'nowhere'], /allowed choices/i],
    [['load', 'x.jsonl'], /--into/],
    [['bogus'], /unknown command/],
    [['load', 'x.jsonl', '--into', 'submissions', '--batch-size', '0'], /integer from 1 to 100000/],
    [['load', 'x.jsonl', '--into', 'submissions', '--batch-size', '100001'], /integer from 1 to 100000/],
    [['load', 'x.jsonl', '--into', 'submissions', '--allow-empty'], /--allow-empty requires --disposition replace/],
    [['load', '-', '--into', 'submissions'], /Standard input needs --format/],
    [['load', 'LICENSE', '--into', 'submissions'], /Unknown format of LICENSE: add --format/],
    [['load', '-', '--format', 'jsonl', '--into', 'hybrid', '--disposition', 'append'], /always merges/],
    [['load', '-', '--format', 'jsonl', '--into', 'hybrid', '--keep-columns', 'title'], /updates all columns/],
    [['load', 'x.jsonl', '--into', 'submissions', '--update-columns', 'a,'], /expected a name/],
    [['load', 'x.jsonl', '--into', 'submissions', '--rename', 'a'], /Invalid rename 'a': write old=new/],
    [[...LOAD, '--update-columns', 'titel'], /^error: --update-columns: .* no column titel .*Did you mean title\?/],
    [[...LOAD, '--disposition', 'append', '--keep-columns', 'title'], /--keep-columns goes with disposition/],
    [['load', 'x.jsonl', '--into', 'app'], /no table or entity "app"; did you mean app_opportunities\?/],
    [['loads', '--table', 'submision'], /No load went into a table "submision"; did you mean submissions\? Tables: /],
    [['rejects', '--table', 'nosuch'], /No record was rejected for a table "nosuch"\. Tables: app_opportunities, /],
    [['schema', 'propose', 'storage_loads'], /LoadEntity has no column for unknown fields/],
    [['loads', 'lst'], /unknown command 'lst'\n\(Did you mean list\?\)/],
    [['help', 'lod'], /^error: unknown command 'lod'\n\(Did you mean load\?\)/],
    [['loads', 'help', 'shw'], /^error: unknown command 'shw'\n\(Did you mean show\?\)/],
    [['loads', 'list', 'x'], /too many arguments for 'list'/],
    [['loads', 'show', 'x'], /expected an id, as in the list/],
    [['loads', 'list', '--table', ''], /expected a name/],
    [['rejects', 'show', 'x'], /expected an id, as in the list/],
    [['rejects', 'purge', '--table', ''], /expected a name/],
    [['schema', 'propose', 'nope'], /no entity or table "nope"/],
    [['schema', 'widen', 'nope'], /no entity or table "nope"/],
    [['stats', '--url', 'nonsense'], /^error: --url must be a URL that begins with postgres:/],
    [['stats', '--url', ''], /^error: --url must be a URL that begins with postgres:/],
    [['migrate', 'up', '--url', 'postgres://me:s3cret%@nowhere/x'], /^error: --url must be (?!.*s3cret)/],
  ])('exits with 2 on wrong usage: %j', async (args, message) => {
    const { exitCode, stdout, stderr } = await cli.runHere(args);
    expect([exitCode, stdout, stderr]).toEqual([2, '', expect.stringMatching(message)]);
  });

  it('exits with 2 when DATABASE_URL is malformed', async () => {
    const outcome = await runCommand('nonsense', ['migrate', 'up', '--json']);
    expect(outcome).toMatchObject({
      exitCode: 2,
      stdout: '',
      stderr: expect.stringMatching(/^error: DATABASE_URL must/),
    });
  });

  it.each(['no-such-file', 'src'])('exits with 1 when a file cannot be read, whatever its name: %s', async (file) => {
    const outcome = await cli.runHere(['load', file, '--into', 'submissions', '--json']);
    expect([outcome.exitCode, JSON.parse(outcome.stdout).error.code]).toEqual([1, 'SOURCE_UNREADABLE']);
  });

  it.each([
    ['loads', 'LOAD_NOT_FOUND'],
    ['rejects', 'REJECT_NOT_FOUND'],
  ])('exits with 1 for an unknown id: %s', async (command, code) => {
    const outcome = await cli.runHere([command, 'show', randomUUID(), '--json']);
    expect([outcome.exitCode, JSON.parse(outcome.stdout).error.code]).toEqual([1, code]);
  });

  it('prints the version without an error', async () => {
    const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string };
    expect(await cli.run(['--version'])).toEqual({ exitCode: 0, stdout: `${version}\n`, stderr: '' });
  });

  it('exits with 1 and names a missing file; --json prints it on stdout too', async () => {
    const args = ['load', 'no-such.jsonl', '--into', 'submissions', '--quiet', '--json'];
    const { exitCode, stdout, stderr } = await cli.run(args);
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('no-such.jsonl')]);
    expect(JSON.parse(stdout)).toEqual({
      error: { code: 'SOURCE_UNREADABLE', message: expect.stringContaining('no-such.jsonl') },
    });
  });

  it('names the flag, not the option of the API', async () => {
    const { exitCode, stderr } = await cli.runHere([...LOAD, '--disposition', 'replace']);
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('Pass --allow-empty if that is what you want.')]);
  });

  it('prints a stack trace with --verbose', async () => {
    const { stderr } = await cli.runHere(['load', 'no-such.jsonl', '--into', 'submissions', '--verbose']);
    expect(stderr).toContain('    at ');
  });
});
