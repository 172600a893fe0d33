import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { type CommandLine, startCommandLine } from '../../support/cli/command-line.js';

const CLI = resolve('dist/src/cli/main.js');

describe('a command whose output nobody reads', () => {
  let cli: CommandLine;
  let good: string;
  let bad: string;
  beforeAll(async () => {
    cli = await startCommandLine();
    good = await cli.writeFile('good.jsonl', '{"submission_id":"a"}\n');
    bad = await cli.writeFile('bad.jsonl', '{"submission_id":"b"}\n{}\n[]\n');
    await cli.runHere(['load', bad, '--into', 'submissions']);
  });
  afterAll(() => cli.close());

  /** Runs it with both outputs closed, or only stdout. */
  const run = async (args: readonly string[], closesStderr: boolean) => {
    const env = { ...process.env, DATABASE_URL: cli.url, NODE_OPTIONS: '' };
    const child = spawn(process.execPath, [CLI, ...args], { env });
    child.stdout.destroy();
    const stderr: Buffer[] = [];
    if (closesStderr) child.stderr.destroy();
    else child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    const [exitCode] = await once(child, 'close');
    return { exitCode, stderr: Buffer.concat(stderr).toString() };
  };

  it('ends quietly with its own exit code', async () => {
    const outcomes = await Promise.all([
      run(['load', bad, '--into', 'submissions'], false),
      run(['load', good, '--into', 'submissions', '--rename', 'x=title'], true),
      run(['rejects', 'export'], false),
      run(['loads'], false),
      run(['stats'], false),
    ]);
    expect(outcomes.map(({ exitCode }) => exitCode)).toEqual([3, 0, 0, 0, 0]);
    expect(outcomes.map(({ stderr }) => stderr)).toEqual(['', '', 'Exported: 1\n', '', '']);
  });
});
