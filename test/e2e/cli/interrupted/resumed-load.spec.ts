import { appendFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { type CommandLine, jsonOf, startCommandLine } from '../../../support/cli/command-line.js';
import { checkedLedger } from '../../../support/app/ledger.js';
import { emptyTables } from '../../../support/app/quarantine.js';

const NUMBERS = Array.from({ length: 30 }, (_, n) => n);
const FORMATS: readonly (readonly [name: string, content: string | Buffer])[] = [
  ['posts.jsonl', NUMBERS.map((n) => `{"submission_id":"t3_${n}"}\n`).join('')],
  ['posts.jsonl.gz', gzipSync(NUMBERS.map((n) => `{"submission_id":"t3_${n}"}\n`).join(''))],
  ['posts.json', JSON.stringify(NUMBERS.map((n) => ({ submission_id: `t3_${n}` })))],
  ['posts.csv', `submission_id,title\n${NUMBERS.map((n) => `t3_${n},"a\nb"\n`).join('')}`],
];

describe('a load with a key on the command line', () => {
  let cli: CommandLine;
  beforeAll(async () => {
    cli = await startCommandLine();
  });
  afterAll(() => cli.close());
  beforeEach(() => emptyTables(cli));

  const run = (...args: string[]) => cli.runHere(args);
  const json = (...args: string[]) => jsonOf(run(...args, '--json'));
  const load = (path: string) => ['load', path, '--into', 'submissions'];
  /** Loads a file until one of its records stops it, ten records before the end. */
  const cutOff = async (path: string, ...key: string[]) => {
    await cli.rows(`ALTER TABLE submissions ADD CONSTRAINT wall CHECK (submission_id <> 't3_20')`);
    const outcome = await run(...load(path), ...key, '--batch-size', '10', '--max-rejects', '0');
    await cli.rows('ALTER TABLE submissions DROP CONSTRAINT wall');
    expect(outcome.exitCode).toBe(1);
  };

  it.each(FORMATS)('--resume continues %s after the last committed batch, and loads it once', async (name, content) => {
    const path = await cli.writeFile(name, content);
    await cutOff(path, '--resume');
    const resumed = await run(...load(path), '--resume', '--batch-size', '7');
    expect(resumed).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('Resumed: earlier runs processed 20 of 30 records.'),
    });
    expect(await json(...load(path), '--resume')).toMatchObject({ received: 30, inserted: 30, alreadyCompleted: true });
    const loads = await cli.rows<{ load_key: string }>('SELECT load_key FROM storage_loads');
    expect(loads).toEqual([{ load_key: expect.stringMatching(new RegExp(`^file:${name}:[0-9a-f]{32}$`)) }]);
    await checkedLedger(cli.rows, loads[0]?.load_key ?? '');
  });

  it('--resume treats a file that has grown as another file', async () => {
    const path = await cli.writeFile('posts.jsonl', '{"submission_id":"t3_1"}\n');
    await run(...load(path), '--resume');
    const again = await run(...load(path), '--resume');
    expect(again.stdout).toContain(`UTC from ${path}: nothing was executed. Result of the earlier load:\n`);
    await appendFile(path, '{"submission_id":"t3_2"}\n');
    expect(await json(...load(path), '--resume')).toMatchObject({ alreadyCompleted: false, inserted: 1, unchanged: 1 });
  });

  it('--load-key works for standard input, --resume does not', async () => {
    const stdin = ['load', '-', '--format', 'jsonl', '--into', 'submissions'];
    const rejected = await cli.runHere([...stdin, '--resume'], '{}');
    expect(rejected).toMatchObject({ exitCode: 2, stdout: '' });
    expect(rejected.stderr).toContain('standard input has none of them. Use --load-key instead.');
    const keyed = (input: string) => cli.runHere([...stdin, '--load-key', 'today', '--json'], input);
    expect(JSON.parse((await keyed('{"submission_id":"t3_1"}')).stdout)).toMatchObject({
      inserted: 1,
      alreadyCompleted: false,
    });
    expect(JSON.parse((await keyed('{"submission_id":"t3_2"}')).stdout)).toMatchObject({
      inserted: 1,
      alreadyCompleted: true,
    });
    expect(await cli.rows('SELECT submission_id FROM submissions')).toEqual([{ submission_id: 't3_1' }]);
  });

  it('the history shows the key', async () => {
    const path = await cli.writeFile('posts.jsonl', '{"submission_id":"t3_1"}\n');
    const { loadId } = await json(...load(path), '--load-key', 'today');
    expect((await run('loads')).stdout).toMatch(/load key\n.*\n.* today\n/s);
    expect((await run('loads', 'show', loadId)).stdout).toMatch(/^loadKey +today$/m);
    expect(await json('loads')).toMatchObject({ loads: [{ loadKey: 'today', attempt: 1 }] });
  });

  it.each([
    [['--load-key', 'k', '--resume'], /'--load-key <key>' cannot be used with option '--resume'/],
    [['--load-key', 'k', '--dry-run'], /'--load-key <key>' cannot be used with option '--dry-run'/],
    [['--resume', '--dry-run'], /'--resume' cannot be used with option '--dry-run'/],
    [['--load-key', ''], /It must be a text of 1 to 512 bytes/],
  ])('rejects %j as a usage error', async (flags, message) => {
    const path = await cli.writeFile('posts.jsonl', '{"submission_id":"t3_1"}\n');
    const outcome = await run(...load(path), ...flags);
    expect(outcome).toMatchObject({ exitCode: 2, stdout: '' });
    expect(outcome.stderr).toMatch(message);
  });

  it('names the flag and the load when the key belongs to another load', async () => {
    const path = await cli.writeFile('posts.jsonl', '{"submission_id":"t3_1"}\n');
    const { loadId } = await json(...load(path), '--load-key', 'k');
    const outcome = await run('load', path, '--into', 'hybrid', '--load-key', 'k');
    expect(outcome.exitCode).toBe(1);
    expect(outcome.stderr).toContain(`error: --load-key "k" belongs to load ${loadId}, a merge into submissions`);
  });
});
