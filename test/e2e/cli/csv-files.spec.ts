import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { emptyTables } from '../../support/app/quarantine.js';
import { type CommandLine, startCommandLine } from '../../support/cli/command-line.js';

describe('harbor-storage load of a csv file', () => {
  let cli: CommandLine;
  beforeAll(async () => {
    cli = await startCommandLine();
  });
  afterAll(() => cli.close());
  beforeEach(() => emptyTables(cli));

  const load = (input: string | Buffer, ...args: string[]) =>
    cli.runHere(['load', '-', '--format', 'csv', '--into', 'submissions', ...args], input);
  const stored = () => cli.rows('SELECT submission_id AS id, title FROM submissions ORDER BY 1');

  it.each([
    ['CR line ends', 'submission_id,title\rt3_a,x\rt3_b,y\r'],
    ['semicolons', 'submission_id;title\nt3_a;"x"\nt3_b;y\n'],
    ['tabs', 'title\tsubmission_id\nx\tt3_a\ny\tt3_b\n'],
    ['the delimiter that Excel names', 'sep=|\r\nsubmission_id|title\r\nt3_a|x\r\nt3_b|y\r\n'],
    ['UTF-16 with its mark', Buffer.from('\ufeffsubmission_id\ttitle\r\nt3_a\tx\r\nt3_b\ty\r\n', 'utf16le')],
  ])('with %s', async (_, file) => {
    expect(await load(file)).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await stored()).toEqual([
      { id: 't3_a', title: 'x' },
      { id: 't3_b', title: 'y' },
    ]);
  });

  it('in another encoding, with another delimiter, a title and null', async () => {
    await load('submission_id,title\nt3_b,old\n');
    const file = Buffer.from('Espa\xf1a\n\nsubmission_id^title\nt3_a^\x93caf\xe9\x94\nt3_b^-\n', 'latin1');
    const flags = ['--encoding', 'latin1', '--delimiter', '^', '--skip-lines', '2', '--null', '-'];
    expect(await load(file, ...flags)).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await stored()).toEqual([
      { id: 't3_a', title: '“café”' },
      { id: 't3_b', title: null },
    ]);
  });

  it('keeps its rejected records so that they can be replayed', async () => {
    const file = Buffer.from('submission_id;title;num_comments\r1;\xe9;x\r2;~;-1\r', 'latin1');
    await cli.rows('ALTER TABLE submissions ADD CONSTRAINT counted CHECK (num_comments >= 0)');
    const { exitCode } = await load(file, '--encoding', 'windows-1252', '--null', '~');
    await cli.rows('ALTER TABLE submissions DROP CONSTRAINT counted');
    expect(exitCode).toBe(3);
    expect(await cli.rows('SELECT raw, reason FROM storage_rejected_records ORDER BY position')).toEqual([
      { raw: Buffer.from('1;\xe9;x', 'latin1'), reason: 'wrong_type' },
      { raw: Buffer.from('2;~;-1'), reason: '23514' },
    ]);
    expect((await cli.runHere(['rejects', 'replay'])).stdout).toContain('Replayed: 2. Loaded: 1,');
    expect(await stored()).toEqual([{ id: '2', title: null }]);
  });

  it.each<[string, string, string[], string]>([
    [
      'a title line',
      'Posts of 2024\nsubmission_id;title\nt3_a;x\n',
      [],
      'line 2 looks like the header, not the first one. Add --skip-lines 1',
    ],
    [
      'an unknown delimiter',
      'submission_id^title\nt3_a^x\n',
      [],
      'If cells are not separated by commas, add --delimiter; if',
    ],
    [
      'no header',
      't3_a,x\nt3_b,y\n',
      [],
      'submissions knows no name in the header (t3_a, x). If the file has no header line, add one;',
    ],
    ['other names', 'nmae,flair\nt3_a,x\n', ['--dry-run'], 'submissions knows no name in the header (nmae, flair)'],
  ])(
    'of which nothing could be loaded: the warning names %s, and the exit code is 3',
    async (_, file, flags, cause) => {
      const { exitCode, stderr } = await load(file, ...flags);
      expect(exitCode).toBe(3);
      expect(stderr).toContain(`warning: nothing was loaded: `);
      expect(stderr).toContain(cause);
      expect(stderr).not.toContain('missing_');
    },
  );

  it('with the text \\N: a warning says how to read it as null', async () => {
    const { exitCode, stderr } = await load('submission_id,title\nt3_n,\\N\n');
    expect([exitCode, stderr]).toEqual([
      0,
      "warning: some cells are the text \\N. If that means null, load the file again with --null '\\N'\n",
    ]);
    expect(await load('submission_id,title\nt3_n,\\N\n', '--null', '\\N')).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await stored()).toEqual([{ id: 't3_n', title: null }]);
  });

  it('under a load key that was read in another way is refused, and says how', async () => {
    const keyed = (...args: string[]) => load('id,title\nt3_a,x\n', '--load-key', 'k', ...args);
    expect((await keyed('--rename', 'id=submission_id')).exitCode).toBe(0);
    const { exitCode, stderr } = await keyed('--rename', 'id=submission_id,title=text');
    expect(exitCode).toBe(1);
    expect(stderr).toContain('"sourceForm":{"format":"csv","rename":"id=submission_id"}');
    expect(stderr).toContain('"sourceForm":{"format":"csv","rename":"id=submission_id,title=text"}');
    expect(await keyed('--rename', 'id=submission_id')).toMatchObject({ exitCode: 0, stderr: '' });
    const inAnotherFormat = await keyed('--rename', 'id=submission_id', '--format', 'jsonl');
    expect([inAnotherFormat.exitCode, inAnotherFormat.stderr]).toEqual([
      1,
      expect.stringContaining('Choose another key'),
    ]);
  });

  it.each([
    [['--delimiter', ';;'], 'one ASCII character'],
    [['--delimiter', '"'], 'one ASCII character'],
    [['--null', 'a\nb'], 'must not contain quotes or line ends'],
    [['--encoding', 'klingon'], "Unknown encoding 'klingon'"],
    [['--skip-lines', '-1'], 'skip-lines'],
    [['--format', 'jsonl', '--delimiter', ';'], '--delimiter is for csv files'],
  ])('with %j is a usage error', async (flags, message) => {
    const { exitCode, stderr } = await load('submission_id\n1\n', ...flags);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(message);
  });
});
