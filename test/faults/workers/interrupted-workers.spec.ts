import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';

import { checkedLedger } from '../../support/app/ledger.js';
import { emptyTables } from '../../support/app/quarantine.js';
import { type CommandLine, startCommandLine } from '../../support/cli/command-line.js';
import { type RunningCli, startCli } from '../../support/cli/run-cli.js';
import { sized } from '../../support/sizes/sizes.js';

const BATCH = 100;
const RECORDS = sized(4_000, 40_000);
const lines = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, n) => `{"submission_id":"t3_${from + n}","title":"post ${n}"}\n`).join('');

describe.each([1, 2])('a load with %d worker threads that is interrupted', (workers) => {
  let cli: CommandLine;
  beforeAll(async () => {
    cli = await startCommandLine();
  });
  afterAll(() => cli.close());
  beforeEach(() => emptyTables(cli));

  const loadOf = (source: string): string[] =>
    (
      `load ${source} --format jsonl --into submissions --disposition append --load-key k --batch-size ${BATCH} ` +
      `--workers ${workers}`
    ).split(' ');
  const count = async (table: string): Promise<number> =>
    Number((await cli.rows<{ n: string }>(`SELECT count(*) AS n FROM ${table}`))[0]?.n);
  const untilBatches = async (least: number): Promise<void> => {
    while ((await count('storage_load_batches')) < least);
  };
  const expectInterrupted = async (run: RunningCli): Promise<void> => {
    const { exitCode, stderr } = await run.ended;
    expect([exitCode, stderr]).toEqual([130, expect.stringContaining('Run the same load again to resume after them.')]);
    const stored = await count('submissions');
    // Whole batches, and not the whole input: the load has not gone on.
    expect(stored % BATCH).toBe(0);
    expect(stored).toBeLessThan(RECORDS);
    expect(await cli.rows('SELECT status, inserted::integer FROM storage_loads')).toEqual([
      { status: 'interrupted', inserted: stored },
    ]);
  };
  const expectResumed = async (run: Promise<{ readonly exitCode: number | null; readonly stdout: string }>) => {
    const { exitCode, stdout } = await run;
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ received: RECORDS, inserted: RECORDS, rejected: 0 });
    expect(await count('submissions')).toBe(RECORDS);
    expect(await checkedLedger(cli.rows, 'k')).toMatchObject({ status: 'completed', inserted: RECORDS });
  };

  it.each(['SIGINT', 'SIGTERM'] as const)('by %s while a batch waits for a lock', async (signal) => {
    const file = await cli.writeFile('posts.jsonl', lines(0, RECORDS));
    const blocker = new Client({ connectionString: cli.url });
    await blocker.connect();
    try {
      await blocker.query(`BEGIN; INSERT INTO submissions (submission_id, reddit_id) VALUES ('t3_${BATCH + 1}', 'x')`);
      const run = startCli(cli.url, loadOf(file));
      await untilBatches(1);
      run.kill(signal);
      await run.shows('Interrupted: rolling back the current batch');
      await blocker.query('ROLLBACK');
      await expectInterrupted(run);
    } finally {
      await blocker.end();
    }
    await expectResumed(cli.run([...loadOf(file), '--json']));
  });

  it('while its input has not ended', async () => {
    const run = startCli(cli.url, loadOf('-'));
    const half = RECORDS / 2;
    run.stdin.write(lines(0, half));
    await untilBatches(1);
    run.kill('SIGINT');
    await expectInterrupted(run);
    await expectResumed(cli.run([...loadOf('-'), '--json'], lines(0, half) + lines(half, RECORDS)));
  });
});
