import { describe, expect, it } from '@jest/globals';
import { Client } from 'pg';

import { storageMigrations } from '../../../src/index.js';
import { jsonOf } from '../../support/cli/command-line.js';
import { withDatabase, withEmptyDatabase } from '../../support/database/databases.js';
import { untilLockIsAwaited } from '../../support/database/lock-waits.js';
import { queryValue } from '../../support/processes/embedded-processes.js';
import { runCli } from '../../support/cli/run-cli.js';
import { runCommand } from '../../support/cli/run-command.js';
import { sized } from '../../support/sizes/sizes.js';

/** Runs at the same time. */
const RUNS = sized(3, 10);
/** What each run locks. */
const MIGRATION_LOCK_KEY = '114784820031346';

const json = (url: string, args: readonly string[], input?: string) =>
  jsonOf(runCommand(url, [...args, '--json'], input));

describe('harbor-storage loads and stats', () => {
  it('list, show and total the loads', () =>
    withDatabase(async (url) => {
      const records = '{"submission_id":"t3_1","problem_description":"p"}\n{"submission_id":"t3_2"}\n[]\n';
      const args = ['load', '-', '--format', 'jsonl', '--into', 'hybrid'];
      const { loadId } = await json(url, args, records);

      const { loads } = await json(url, ['loads', 'list', '--table', 'hybrid']);
      const load = { loadId, table: 'hybrid', status: 'completed', received: 3, stored: 2, rejected: 1, error: null };
      expect(loads).toMatchObject([load]);
      const rejected = { position: 2, reason: 'not_an_object', message: 'the record is JSON, but not an object' };
      expect(await json(url, ['loads', 'show', loadId])).toMatchObject({
        ...load,
        source: 'standard input',
        rejects: [rejected],
      });
      const shown = await runCommand(url, ['loads', 'show', loadId]);
      expect(shown.stdout).toMatch(/ 2 +not_an_object +the record is JSON, but not an object\n/);
      expect(shown.stdout).toMatch(/app_opportunities +3 +1 +0 +0 +0 +1 +1 +0\n/);
      expect(shown.stdout).not.toMatch(/null|loadKey|errorCode/);
      const { tables } = await json(url, ['stats']);
      expect(tables).toMatchObject({
        app_opportunities: { received: 3, inserted: 1, skipped: 1, rejected: 1 },
        submissions: { received: 3, inserted: 2, skipped: 0, rejected: 1, loaded: 2 },
      });
    }));

  it('purges old loads, and says from when on the totals are complete', () =>
    withDatabase(async (url) => {
      const args = ['load', '-', '--format', 'jsonl', '--into', 'submissions'];
      await json(url, args, '{"submission_id":"t3_1"}\n');
      await json(url, [...args, '--load-key', 'k'], '{"submission_id":"t3_2"}\n');
      await queryValue(url, `UPDATE storage_loads SET started_at = '2020-01-01Z', finished_at = '2020-01-02Z'`);
      const purge = ['loads', 'purge', '--older-than', '30d'];

      expect(await json(url, [...purge, '--dry-run'])).toEqual({ loads: 1, batches: 1, dryRun: true });
      expect((await runCommand(url, [...purge, '--dry-run'])).stdout).toBe(
        'Dry run, would be deleted: 1 loads, 1 batches\n',
      );
      expect(await runCommand(url, purge)).toMatchObject({ exitCode: 0, stdout: 'Deleted: 1 loads, 1 batches\n' });
      expect(await json(url, [...purge, '--keep-keys', '90d'])).toEqual({ loads: 1, batches: 1 });
      expect(await json(url, ['stats'])).toEqual({
        tables: {},
        completeFrom: '2020-01-02T00:00:00.001Z',
        incompleteFrom: null,
      });
      expect((await runCommand(url, ['stats'])).stdout).toContain(
        'ended before 2020-01-02T00:00:00.001Z may be missing',
      );
      expect(await queryValue(url, 'SELECT count(*)::integer FROM submissions')).toBe(2);

      for (const wrong of [[], ['--older-than', '30'], ['--older-than', '1d', '--keep-keys', '3 months']]) {
        expect(await runCommand(url, ['loads', 'purge', ...wrong])).toMatchObject({ exitCode: 2, stdout: '' });
      }
      const { stderr } = await runCommand(url, ['loads', 'purge', '--older-than', '30']);
      expect(stderr).toMatch(/--older-than <when>' argument '30' is invalid\. expected an age \(30d/);
    }));
});

describe('harbor-storage migrate', () => {
  it('status shows a migration unknown to this version, and the other commands still work', () =>
    withDatabase(async (url) => {
      await queryValue(url, `INSERT INTO storage_migrations (timestamp, name) VALUES (9000000000000, 'AddLater')`);
      const { stdout } = await runCommand(url, ['migrate', 'status']);
      expect(stdout).toMatch(/\nAddLater +yes, but unknown to this version\n/);
      expect(await runCommand(url, ['migrate', 'up'])).toMatchObject({
        exitCode: 0,
        stdout: 'No pending migrations\n',
      });
    }));

  it(
    'applies migrations once for concurrent runs; status and down report them',
    () =>
      withEmptyDatabase(async (url) => {
        // In a transaction, because a pooler gives what follows one to another connection.
        const [blocker, observer] = [new Client({ connectionString: url }), new Client({ connectionString: url })];
        await Promise.all([blocker.connect(), observer.connect()]);
        await blocker.query('BEGIN');
        await blocker.query('SELECT pg_advisory_xact_lock($1)', [MIGRATION_LOCK_KEY]);
        const started = Array.from({ length: RUNS }, () => runCli(url, ['migrate', 'up', '--json']));
        // However the processes start, from here on they are at it at the same time.
        await untilLockIsAwaited(async (sql) => (await observer.query(sql)).rows, RUNS).finally(() =>
          Promise.all([blocker.end(), observer.end()]),
        );
        const runs = await Promise.all(started);
        expect(runs.map(({ exitCode }) => exitCode)).toEqual(runs.map(() => 0));
        const applied = runs.flatMap(({ stdout }) => JSON.parse(stdout).applied);
        expect(applied).toEqual(storageMigrations.map(({ name }) => name));

        expect((await json(url, ['migrate', 'status'])).migrations).toEqual(
          applied.map((name) => ({ name, applied: true, inThisVersion: true })),
        );
        await runCommand(
          url,
          ['load', '-', '--format', 'jsonl', '--into', 'submissions'],
          '{"submission_id":"t3_1"}\n',
        );
        const rejected = await runCommand(url, ['migrate', 'down']);
        expect(rejected).toMatchObject({ exitCode: 1, stdout: '' });
        expect(rejected.stderr).toMatch(/may drop tables or columns that contain data: submissions\. Add --force/);
        for (const name of applied.toReversed()) {
          expect(await json(url, ['migrate', 'down', '--force'])).toEqual({ reverted: name });
        }
        expect((await json(url, ['migrate', 'status'])).migrations).toEqual(
          applied.map((name) => ({ name, applied: false, inThisVersion: true })),
        );
        expect(await json(url, ['migrate', 'down'])).toEqual({ reverted: null });
      }),
    120_000,
  );
});
