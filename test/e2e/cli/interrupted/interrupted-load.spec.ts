import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Client } from 'pg';

import { type CommandLine, startCommandLine } from '../../../support/cli/command-line.js';
import { checkedLedger } from '../../../support/app/ledger.js';
import { emptyTables } from '../../../support/app/quarantine.js';
import { type RunningCli, startCli } from '../../../support/cli/run-cli.js';
import { sized } from '../../../support/sizes/sizes.js';
import { describeDirect } from '../../../support/needs/needs.js';

/** Each test starts several processes. */
jest.setTimeout(120_000);

/** One of the two, or both in CI. */
const signals = (one: NodeJS.Signals): readonly NodeJS.Signals[] => sized([one], ['SIGINT', 'SIGTERM']);
const SHOWN = 'Interrupted: rolling back the current batch';

describe('an interrupted load', () => {
  let cli: CommandLine;
  let load: readonly string[];
  beforeAll(async () => {
    cli = await startCommandLine();
    const records = Array.from({ length: 40 }, (_, n) => `{"submission_id":"t3_${n}"}\n`).join('');
    const file = await cli.writeFile('posts.jsonl', records);
    load = ['load', file, '--into', 'submissions', '--batch-size', '10', '--disposition', 'append', '--load-key', 'k'];
  });
  afterAll(() => cli.close());
  beforeEach(() => emptyTables(cli));

  const value = async (sql: string): Promise<unknown> => Object.values((await cli.rows(sql))[0] ?? {})[0];
  const until = async (sql: string) => {
    while ((await value(sql)) !== true);
  };
  /** Runs `work` while the second batch of a load waits for a lock and the others are committed. */
  const whileSecondBatchWaits = async (work: (run: RunningCli, letGo: () => Promise<unknown>) => Promise<void>) => {
    const blocker = new Client({ connectionString: cli.url });
    await blocker.connect();
    try {
      await blocker.query(`BEGIN; INSERT INTO submissions (submission_id, reddit_id) VALUES ('t3_15', 'x')`);
      const run = startCli(cli.url, load);
      await until('SELECT count(*) = 3 FROM storage_load_batches');
      await work(run, () => blocker.query('ROLLBACK'));
    } finally {
      await blocker.end();
    }
  };
  const expectResumed = async () => {
    const { exitCode, stdout } = await cli.runHere([...load, '--json']);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ received: 40, receivedEarlier: 30, inserted: 40, rejected: 0 });
    expect(await value('SELECT count(*)::integer FROM submissions')).toBe(40);
    const account = await checkedLedger(cli.rows, 'k');
    expect(account).toMatchObject({ status: 'completed', received: 40, inserted: 40 });
  };

  it.each(signals('SIGINT'))('by %s: rolls back the current batch, says so, and resumes later', async (signal) => {
    await whileSecondBatchWaits(async (run, letGo) => {
      run.kill(signal);
      await run.shows(SHOWN);
      // The current statement ends with the lock it waits for.
      await letGo();
      const { exitCode, stderr } = await run.ended;
      expect(exitCode).toBe(130);
      expect(stderr).toContain(
        'error: The load into submissions was interrupted. Committed batches stay. Run the same load again to ' +
          'resume after them.\n',
      );
    });
    expect(await value('SELECT row(status, received, inserted, failed)::text FROM storage_loads')).toBe(
      '(interrupted,40,30,10)',
    );
    expect(await value('SELECT count(*)::integer FROM submissions')).toBe(30);
    await expectResumed();
  });

  describeDirect('it counts the sessions of the server')('without waiting', () => {
    it.each(signals('SIGTERM'))('by %s twice: ends at once, without anything of the current batch', async (signal) => {
      await whileSecondBatchWaits(async (run) => {
        run.kill(signal);
        await run.shows(SHOWN);
        run.kill(signal);
        // The lock is still held.
        expect((await run.ended).exitCode).toBe(130);
      });
      await until(`SELECT count(*) = 0 FROM pg_stat_activity
                  WHERE datname = current_database() AND application_name LIKE 'harbor-storage%'`);
      const { stdout } = await cli.runHere(['loads', 'list', '--json']);
      expect(JSON.parse(stdout)).toMatchObject({
        loads: [{ status: 'running', received: 30, inserted: 30, failed: 0 }],
      });
      expect(await value('SELECT count(*)::integer FROM submissions')).toBe(30);
      await expectResumed();
    });
  });

  it.each(signals('SIGINT'))('by %s: does not wait for idle standard input', async (signal) => {
    const run = startCli(cli.url, ['load', '-', '--format', 'jsonl', '--into', 'submissions', '--batch-size', '1']);
    run.stdin.write('{"submission_id":"t3_1"}\n{"submission_id":"t3_2"}\n');
    await until('SELECT count(*) = 2 FROM submissions');
    run.kill(signal);
    const { exitCode, stderr } = await run.ended;
    expect([exitCode, stderr]).toEqual([
      130,
      expect.stringContaining('Run the same load again: it finds them unchanged and loads the rest.'),
    ]);
    expect(await value('SELECT status FROM storage_loads')).toBe('interrupted');
  });

  it('reports for a replace that the table is unchanged, and for an append what would have made it resumable', async () => {
    const interrupted = async (disposition: string) => {
      const run = startCli(cli.url, [
        'load',
        '-',
        '--format',
        'jsonl',
        '--into',
        'submissions',
        ...disposition.split(' '),
      ]);
      run.stdin.write('{"submission_id":"t3_2"}\n');
      await until("SELECT count(*) = 1 FROM storage_loads WHERE status = 'running'");
      run.kill('SIGINT');
      return (await run.ended).stderr;
    };
    await cli.rows("INSERT INTO submissions (submission_id, reddit_id) VALUES ('t3_1', 't3_1')");
    const ofReplace = await interrupted('--disposition replace');
    expect(ofReplace).toContain('interrupted. A replace is one transaction: the table is unchanged.\n');
    expect(ofReplace).not.toContain('stays');
    expect(await value('SELECT string_agg(submission_id, $$ $$) FROM submissions')).toBe('t3_1');
    const ofAppend = await interrupted('--disposition append --batch-size 1');
    expect(ofAppend).toContain('The same load again would insert them twice; use a --load-key to resume a load.\n');
  });

  it.each([
    ['load - --format jsonl --into submissions', 'Interrupted before the work began: nothing was done'],
    ['rejects replay', 'Interrupted before the work began: nothing was done'],
    ['loads', 'Interrupted'],
  ])('before it has begun: %s reports the interrupt like any error', async (command, message) => {
    // The server accepts the connection but never answers, so services do not finish starting.
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `postgres://someone@127.0.0.1:${(server.address() as AddressInfo).port}/nowhere`;
    try {
      const json = [['--json'], `${JSON.stringify({ error: { code: 'INTERRUPTED', message } })}\n`] as const;
      for (const [flags, stdout] of [[[], ''] as const, ...sized([], [json])]) {
        const run = startCli(url, [...command.split(' '), ...flags]);
        const [socket] = (await once(server, 'connection')) as [Socket];
        run.kill('SIGINT');
        expect(await run.ended).toMatchObject({ exitCode: 130, stdout, stderr: `error: ${message}\n` });
        socket.destroy();
      }
    } finally {
      server.close();
    }
  });
});
