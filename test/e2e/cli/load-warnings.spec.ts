import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { createTestDatabase, type TestDatabase } from '../../../src/testing/index.js';
import { runCommand } from '../../support/cli/run-command.js';

describe('warnings of harbor-storage load', () => {
  let database: TestDatabase;
  let directory: string;
  beforeAll(async () => {
    database = await createTestDatabase();
    directory = await mkdtemp(join(tmpdir(), 'load-warnings-'));
  });
  afterAll(async () => {
    await rm(directory, { recursive: true });
    await database.drop();
  });

  const run = (...args: string[]) => runCommand(database.url, args);
  const file = async (name: string, content: string) => {
    const path = join(directory, name);
    await writeFile(path, content);
    return path;
  };

  describe('--rename', () => {
    const POSTS = '{"name":"t3_1","id":"1"}\n{"name":"t3_2","id":"2","ups":5}\n';
    const load = async (into: string, rename: string, ...flags: string[]) =>
      run('load', await file('posts.jsonl', POSTS), '--into', into, '--rename', rename, ...flags);

    it.each(['submissions', 'hybrid'])('name the fields that no record of a load into %s has', async (into) => {
      const { exitCode, stderr } = await load(into, 'nmae=submission_id,id=reddit_id,ups=reddit_score', '--dry-run');
      expect(exitCode).toBe(0);
      expect(stderr).toBe('warning: --rename nmae=submission_id: no record has a field nmae\n');
    });

    it('are printed for a stopped load too, on stderr only', async () => {
      const rename = 'id=submission_id,name=num_comments,nmae=title';
      const { exitCode, stdout, stderr } = await load('submissions', rename, '--json', '--max-rejects', '0');
      expect([exitCode, JSON.parse(stdout)]).toMatchObject([1, { error: { code: 'REJECT_LIMIT_EXCEEDED' } }]);
      expect(stderr).toContain('warning: --rename nmae=title: no record has a field nmae\n');
    });

    it('name fields without a column before the load, with the most similar name', async () => {
      const { exitCode, stderr } = await load(
        'submissions',
        'name=submision_id,id=reddit_id,ups=something',
        '--dry-run',
      );
      expect(exitCode).toBe(0);
      expect(stderr).toBe(
        'warning: --rename name=submision_id: submissions has no field submision_id; values go into extra; ' +
          'did you mean submission_id?\n' +
          'warning: --rename ups=something: submissions has no field something; values go into extra\n',
      );
    });

    it('accept properties and fallback fields, and for a hybrid load those of both tables', async () => {
      const rename = 'name=submissionId,id=function_list,ups=problem_description';
      expect((await load('hybrid', rename, '--dry-run')).stderr).toBe('');
      expect((await load('submissions', 'name=reddit_id', '--dry-run', '--quiet')).stderr).toBe('');
    });
  });

  it.each([
    ['submissions', 'missing_submission_id', 'submission_id', '{"name":"t3_1"}\n{"name":"t3_2"}\n'],
    [
      'app_opportunities',
      'missing_problem_description',
      'problem_description',
      '{"submission_id":"1"}\n{"submission_id":"2"}\n',
    ],
  ])('a load into %s that skips every record: %s, and what to do', async (into, reason, field, records) => {
    const path = await file('skipped.jsonl', records);
    const { exitCode, stdout, stderr } = await run('load', path, '--into', into, '--json');
    expect([exitCode, JSON.parse(stdout)]).toMatchObject([3, { ok: true, received: 2, skipped: 2 }]);
    expect(stderr).toBe(
      `warning: nothing was loaded: all records were skipped (${reason} 2). If the file has ${field} under another ` +
        `name, add --rename <name>=${field}\n`,
    );
  });

  it('a load that skips only some records prints no warning', async () => {
    const path = await file('some.jsonl', '{"name":"t3_1"}\n{"submission_id":"t3_2"}\n');
    const { exitCode, stdout, stderr } = await run('load', path, '--into', 'submissions', '--dry-run');
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout).toContain('Skipped: missing_submission_id 1\n');
  });

  it('a dry run that fails: its counts are of what was rolled back', async () => {
    const path = await file('fails.jsonl', '{"submission_id":"t3_1"}\n{"submission_id":"t3_2","title":5}\n');
    const flags = ['--into', 'submissions', '--dry-run', '--max-rejects', '0', '--batch-size', '1'];
    const { exitCode, stderr } = await run('load', path, ...flags);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^warning: dry run: everything was rolled back/);
  });

  describe('a load key completed earlier', () => {
    const keyed = (path: string, ...flags: string[]) =>
      run('load', path, '--into', 'submissions', '--load-key', 'k1', ...flags);
    let first: string;
    let other: string;
    beforeAll(async () => {
      first = await file('first.jsonl', '{"submission_id":"t3_1"}\n');
      other = await file('other.jsonl', '{"submission_id":"t3_2"}\n');
      await keyed(first);
    });

    it('is printed first, with time and source', async () => {
      const { exitCode, stdout, stderr } = await keyed(first);
      expect([exitCode, stderr]).toEqual([0, '']);
      expect(stdout).toMatch(
        /^Load key k1 already completed on [-\d]{10} [:\d]{8} UTC from \S+first\.jsonl: nothing was executed\. Result of the earlier load:\ntable +received/,
      );
    });

    it('prints a warning for another source, naming both', async () => {
      const warning =
        `warning: load key k1 already completed from ${first}; ${other} was not read. ` +
        'For a different load, use another key.\n';
      expect(await keyed(other)).toMatchObject({ exitCode: 0, stderr: warning });
      const { stdout, stderr } = await keyed(other, '--json');
      expect([JSON.parse(stdout), stderr]).toMatchObject([{ alreadyCompleted: true, received: 1 }, warning]);
    });

    it('is the same source for --resume, whatever its path', async () => {
      const resume = (path: string) => run('load', path, '--into', 'submissions', '--resume');
      await resume(first);
      const { stdout, stderr } = await resume(`${directory}/./first.jsonl`);
      expect([stdout, stderr]).toEqual([expect.stringContaining(': nothing was executed.'), '']);
    });
  });
});
