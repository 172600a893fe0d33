import { describe, expect, it } from '@jest/globals';

import { jsonOf } from '../../support/cli/command-line.js';
import { runCommand } from '../../support/cli/run-command.js';
import { withDatabase } from '../../support/database/databases.js';

const LINES = Array.from({ length: 20 }, (_, n) => `{"submission_id":"t3_${n}"}\n`);
const RECORDS = [...LINES, 'not json\n', ...LINES.slice(0, 5)].join('');
const LOAD = ['load', '-', '--format', 'jsonl', '--into', 'submissions', '--load-key', 'k'];

describe('harbor-storage load --shard', () => {
  it('loads a share of the input; loads show lists the shards', () =>
    withDatabase(async (url) => {
      const first = await runCommand(url, [...LOAD, '--shard', '0/2'], RECORDS);
      expect(first.stdout).toMatch(
        /These are the counts of shard 0\/2\. Other shards have not completed\. List them: /,
      );
      const [{ loadId, ...load }] = (await jsonOf(runCommand(url, ['loads', '--json']))).loads;
      expect(load).toMatchObject({ status: 'running', shards: 2 });
      const half = await runCommand(url, ['loads', 'show', loadId]);
      expect(half.stdout).toMatch(/\n +0 +completed +1 +\d+ +\d+ +\d+ +0 .*\n +1 +not started +0 +0 +0 +0 +0\n/);

      const again = await runCommand(url, [...LOAD, '--shard', '0/2'], RECORDS);
      expect(again.stdout).toMatch(
        /^Shard 0\/2 of load key k already completed from standard input: nothing was executed/,
      );
      const second = await jsonOf(runCommand(url, [...LOAD, '--shard', '1/2', '--json'], RECORDS));
      expect(second).toMatchObject({ loadId, shard: { index: 1, count: 2, loadCompleted: true } });
      expect(await jsonOf(runCommand(url, ['loads', 'show', loadId, '--json']))).toMatchObject({
        status: 'completed',
        received: 26,
        inserted: 20,
        duplicates: 5,
        rejected: 1,
        rejects: [{ position: 20, reason: 'invalid_json' }],
        shardList: [
          { shard: 0, status: 'completed', attempt: 1 },
          { shard: 1, status: 'completed', attempt: 1, received: second.received },
        ],
      });
      const last = await runCommand(url, [...LOAD, '--shard', '1/2'], RECORDS);
      expect(last.stdout).toContain('All shards have completed, so the load is complete.');
    }));

  it('says which shards there can be, and what it needs', () =>
    withDatabase(async (url) => {
      const refusals: readonly (readonly [readonly string[], string])[] = [
        [['--shard', '4/4'], 'indexes of 4 shards go from 0 to 3'],
        [['--shard', '0'], 'expected index/count, for example 0/4'],
        [['--shard', '0/1001'], 'with a count from 1 to 1000'],
        [['--shard', '0/2', '--disposition', 'replace'], "shard does not go with disposition 'replace'"],
        [['--shard', '0/2', '--dry-run'], '--dry-run'],
      ];
      for (const [flags, message] of refusals) {
        const { exitCode, stderr } = await runCommand(url, [...LOAD, ...flags], RECORDS);
        expect([exitCode, stderr]).toEqual([2, expect.stringContaining(message)]);
      }
      const keyless = await runCommand(url, [...LOAD.slice(0, -2), '--shard', '0/2'], RECORDS);
      expect([keyless.exitCode, keyless.stderr]).toEqual([2, expect.stringContaining('--shard needs --load-key')]);
    }));
});
