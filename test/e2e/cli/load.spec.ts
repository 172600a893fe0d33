import { gzipSync } from 'node:zlib';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { type CommandLine, startCommandLine } from '../../support/cli/command-line.js';
import { emptyTables } from '../../support/app/quarantine.js';

const POSTS = [
  { id: 'a1', name: 't3_a1', title: 'One', score: 5, ups: 7, created_utc: 1373490332.0 },
  { id: 'a2', name: 't3_a2', title: 'Two, "quoted"\nand more', score: 6, ups: 8, created_utc: 1373490333.0 },
];
const RENAME = 'name=submission_id,id=reddit_id,score=reddit_score';
const jsonl = (records: readonly object[]) => records.map((record) => `${JSON.stringify(record)}\n`).join('');

describe('harbor-storage load', () => {
  let cli: CommandLine;
  beforeAll(async () => {
    cli = await startCommandLine();
  });
  afterAll(() => cli.close());
  beforeEach(() => emptyTables(cli));

  it('prints one JSON object on stdout, keeps unknown fields in extra, and writes nothing the second time', async () => {
    const path = await cli.writeFile('posts.jsonl', jsonl(POSTS));
    const args = ['load', path, '--into', 'submissions', '--rename', RENAME, '--json'];
    const first = await cli.run(args);
    expect(JSON.parse(first.stdout)).toMatchObject({ ok: true, received: 2, inserted: 2, rejected: 0, batches: 1 });
    expect(first).toMatchObject({ exitCode: 0, stderr: '' });
    const stored = 'SELECT submission_id, reddit_id, title, reddit_score, extra, xmin FROM submissions ORDER BY 1';
    const before = await cli.rows(stored);
    expect(before[1]).toMatchObject({
      reddit_id: 'a2',
      title: POSTS[1]?.title,
      reddit_score: '6',
      extra: { ups: 8 },
    });

    const second = await cli.runHere(args);
    expect(JSON.parse(second.stdout)).toMatchObject({ inserted: 0, updated: 0, unchanged: 2 });
    expect(await cli.rows(stored)).toEqual(before);
  });

  it.each([
    ['posts.jsonl.gz', gzipSync(jsonl(POSTS))],
    ['posts.json', JSON.stringify(POSTS)],
    ['posts.csv', 'id,name,title,score\na1,t3_a1,One,5\na2,t3_a2,"Two, ""quoted""\nand more",6\n'],
  ])('reads %s', async (name, content) => {
    const path = await cli.writeFile(name, content);
    const { exitCode } = await cli.runHere(['load', path, '--into', 'submissions', '--rename', RENAME]);
    expect(exitCode).toBe(0);
    const rows = await cli.rows('SELECT title, reddit_score FROM submissions ORDER BY submission_id');
    expect(rows).toEqual([
      { title: 'One', reddit_score: '5' },
      { title: POSTS[1]?.title, reddit_score: '6' },
    ]);
  });

  it('reads standard input, and requires its format', async () => {
    const args = ['load', '-', '--into', 'submissions', '--rename', RENAME];
    const rejected = await cli.runHere(args, jsonl(POSTS));
    expect(rejected).toMatchObject({
      exitCode: 2,
      stdout: '',
      stderr: expect.stringContaining('input needs --format'),
    });
    expect(await cli.run([...args, '--format', 'jsonl'], jsonl(POSTS))).toMatchObject({ exitCode: 0 });
  });

  it('exits with 3 when a record was rejected, and keeps its line', async () => {
    const path = await cli.writeFile('bad.jsonl', `${jsonl(POSTS)}{"name": oops}\n`);
    const result = await cli.run(['load', path, '--into', 'submissions', '--rename', RENAME]);
    expect(result.exitCode).toBe(3);
    expect(result.stdout).toMatch(/position \(from 0\) +reason +column +why\n─+\n +2 +invalid_json/);
    expect(result.stdout).toMatch(/in quarantine\. List them: harbor-storage rejects list --load [0-9a-f-]{36}\n/);
    const rows = await cli.rows('SELECT raw, position FROM storage_rejected_records');
    expect(rows).toEqual([{ raw: Buffer.from('{"name": oops}'), position: '2' }]);
  });

  it('writes nothing in a dry run, and prints what it would do', async () => {
    const path = await cli.writeFile('dry.jsonl', jsonl(POSTS));
    const args = ['load', path, '--into', 'submissions', '--rename', RENAME, '--dry-run', '--json'];
    const { stdout, exitCode } = await cli.runHere(args);
    expect([exitCode, JSON.parse(stdout)]).toMatchObject([0, { inserted: 2 }]);
    const rows = await cli.rows(
      'SELECT (SELECT count(*) FROM submissions) + (SELECT count(*) FROM storage_loads) AS n',
    );
    expect(rows).toEqual([{ n: '0' }]);
  });

  it('moves a sequence past the values of records, where that is asked for', async () => {
    await cli.rows(`CREATE SEQUENCE counted OWNED BY submissions.num_comments;
      ALTER TABLE submissions ALTER num_comments SET DEFAULT nextval('counted')`);
    const path = await cli.writeFile('numbered.jsonl', jsonl([{ submission_id: 'a', num_comments: 7 }]));
    const load = () => cli.runHere(['load', path, '--into', 'submissions', '--sync-sequences']);
    expect((await load()).stderr).toContain('It was set by: SELECT setval(');
    expect(await cli.rows("SELECT nextval('counted')::integer AS n")).toEqual([{ n: 8 }]);
    await cli.rows('DROP SEQUENCE counted CASCADE');
  });

  it('updates stored rows only, and of them only some columns, where that is asked for', async () => {
    await cli.rows("INSERT INTO submissions (submission_id, reddit_id, title) VALUES ('t3_a1', 'a1', 'old')");
    const path = await cli.writeFile('update.jsonl', jsonl(POSTS));
    const load = (...flags: string[]) =>
      cli.runHere(['load', path, '--into', 'submissions', '--rename', RENAME, ...flags]);
    const updated = await load('--disposition', 'update', '--update-columns', 'reddit_score,selftext');
    expect(updated.stdout).toMatch(/submissions +2 +0 +1 +0 +0 +1 +0 +0\n[^]*Skipped: not_stored 1\n/);
    expect(await load('--keep-columns', 'titel')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('has no column titel that records fill. Did you mean title?'),
    });
    const inserted = await load('--disposition', 'insert');
    expect(inserted.stdout).toMatch(/submissions +2 +1 +0 +1 +0 +0 +0 +0\n/);
    expect(await cli.rows('SELECT title, reddit_score FROM submissions ORDER BY submission_id')).toEqual([
      { title: 'old', reddit_score: '5' },
      { title: POSTS[1]?.title, reddit_score: '6' },
    ]);
    await cli.rows('TRUNCATE submissions');
    const none = await load('--disposition', 'update');
    expect(none).toMatchObject({
      exitCode: 3,
      stderr: 'warning: nothing was loaded: all records were skipped (not_stored 2)\n',
    });
  });

  it('deletes the rows of records that say so, and counts them in history and statistics', async () => {
    await cli.rows("INSERT INTO submissions (submission_id, reddit_id) VALUES ('t3_a1', 'a1'), ('t3_a3', 'a3')");
    const changes = [POSTS[1] ?? {}, { name: 't3_a1', gone: true }, { name: 't3_a9', gone: true }];
    const path = await cli.writeFile('changes.jsonl', jsonl(changes));
    const load = (...flags: string[]) => cli.runHere(['load', path, '--rename', RENAME, '--into', ...flags]);
    const { stdout, exitCode } = await load('submissions', '--delete-when', 'gone');
    expect(stdout).toMatch(/ failed +deleted\n─+\nsubmissions +3 +1 +0 +0 +0 +1 +0 +0 +1\nSkipped: not_stored 1\n/);
    expect(exitCode).toBe(0);
    expect((await cli.runHere(['stats'])).stdout).toMatch(/ failed +deleted +success\n/);
    const [{ id } = { id: '' }] = await cli.rows<{ id: string }>('SELECT id FROM storage_loads');
    expect((await cli.runHere(['loads', 'show', id])).stdout).toMatch(/\ndeleted +1\n[^]*\{"deleteWhen":"gone",/);
    expect(await cli.rows('SELECT submission_id FROM submissions ORDER BY 1')).toEqual([
      { submission_id: 't3_a2' },
      { submission_id: 't3_a3' },
    ]);
    expect((await load('submissions', '--delete-when', 'gonne')).stderr).toContain(
      'warning: No record for submissions has the field gonne of --delete-when, so none deleted its row. ' +
        'Did you mean gone?\n',
    );
    expect(await load('hybrid', '--delete-when', 'gone')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('remove --delete-when'),
    });
    expect((await load('submissions', '--delete-when', 'gone', '--disposition', 'append')).stderr).toContain(
      "--delete-when goes with disposition 'merge' or 'update'",
    );
  });

  it('prints how many rows a replace removed', async () => {
    await cli.rows("INSERT INTO submissions (submission_id, reddit_id) VALUES ('old', 'old')");
    const path = await cli.writeFile('replace.jsonl', jsonl(POSTS));
    const args = ['load', path, '--into', 'submissions', '--rename', RENAME, '--disposition', 'replace'];
    const { stdout } = await cli.runHere(args);
    expect(stdout).toMatch(/ failed +removed\n─+\nsubmissions +2 +2 +0 +0 +0 +0 +0 +0 +1\n/);
  });

  it('loads both tables by --into hybrid, and prints records for one table only, and when nothing changed', async () => {
    const records = [
      { submission_id: 't3_1', problem_description: 'p', title: 'x' },
      { submission_id: 't3_2', title: 'y' },
    ];
    const args = ['load', await cli.writeFile('hybrid.jsonl', jsonl(records)), '--into', 'hybrid'];
    const first = await cli.runHere([...args, '--json']);
    expect(JSON.parse(first.stdout)).toMatchObject({
      stored: 2,
      opportunities: { inserted: 1, skipped: 1 },
      submissions: { inserted: 2 },
    });
    const second = await cli.runHere(args);
    expect(second.stdout).toContain(
      'app_opportunities: 1 record without problem_description was written to submissions only\n',
    );
    expect(second.stdout).toContain('No changes: all records already up to date\n');
  });
});
