import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';

import { runCli, startCli } from '../support/cli/run-cli.js';
import { withDatabase } from '../support/database/databases.js';
import { LEFT_BEHIND, shardFile, type ShardFormat } from '../support/processes/shard-files.js';
import { sized } from '../support/sizes/sizes.js';

const COUNT = 4;
const KILLED = 2;
const RECORDS = sized(20_000, 100_000);
const BATCH = 200;

describe(`${COUNT} processes, a shard each, of which one is killed`, () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'shards-'));
  });
  afterAll(() => rm(directory, { recursive: true }));

  it.each<readonly [ShardFormat, readonly string[]]>([
    ['jsonl', []],
    ['json', []],
    ['csv', ['--workers', '2']],
  ])('load %s as one process does, with the flags %j', async (format, flags) => {
    const file = join(directory, `posts.${format}`);
    await writeFile(file, shardFile(format, RECORDS));
    const load = ['load', file, '--into', 'submissions', '--batch-size', String(BATCH), '--load-key', 'k', '--json'];
    const leftBy = async (url: string, work: (client: Client) => Promise<void>): Promise<unknown[]> => {
      const client = new Client({ connectionString: url });
      await client.connect();
      try {
        await work(client);
        return (await client.query(LEFT_BEHIND)).rows;
      } finally {
        await client.end();
      }
    };
    const alone = await withDatabase((url) =>
      leftBy(url, async () => {
        expect((await runCli(url, load)).exitCode).toBe(3);
      }),
    );

    const together = await withDatabase((url) =>
      leftBy(url, async (client) => {
        const shard = (index: number): string[] => [...load, ...flags, '--shard', `${index}/${COUNT}`];
        const runs = Array.from({ length: COUNT }, (_, index) => startCli(url, shard(index)));
        const committed = async (): Promise<number> => {
          const { rows } = await client.query<{ n: number }>(
            'SELECT count(*)::integer AS n FROM storage_load_batches WHERE batch_no % $1 = $2',
            [COUNT, KILLED],
          );
          return rows[0]?.n ?? 0;
        };
        while ((await committed()) < 3 && runs[KILLED]?.hasEnded() !== true) {
          await delay(2);
        }
        runs[KILLED]?.kill('SIGKILL');
        const ends = await Promise.all(runs.map(({ ended }) => ended));
        expect(ends.map(({ signal, exitCode }) => signal ?? exitCode)).toEqual([3, 3, 'SIGKILL', 3]);
        const { rows } = await client.query('SELECT status, options FROM storage_loads');
        expect(rows).toEqual([{ status: 'running', options: expect.objectContaining({ shards: COUNT }) }]);

        const resumed = JSON.parse((await runCli(url, shard(KILLED))).stdout);
        expect(resumed).toMatchObject({ shard: { index: KILLED, loadCompleted: true }, alreadyCompleted: false });
        expect(resumed.receivedEarlier).toBeGreaterThan(0);
        const received = ends.map(({ stdout }) => (stdout === '' ? resumed : JSON.parse(stdout)).received);
        expect(received.reduce((a, b) => a + b)).toBe(RECORDS);
        expect(Math.min(...received)).toBeGreaterThan(RECORDS / COUNT / 2);
      }),
    );
    // Which of two records of a key are in one batch, and so duplicates, depends on the batches; their sum does not.
    expect(together).toEqual(alone);
    expect(together).toMatchObject([{ status: 'completed', received: RECORDS, failed: 0 }]);
  });
});
