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
        const blocker = new Client({ connectionString: url });
        await blocker.connect();
        await blocker.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK_KEY]);
        const started = Array.from({ length: RUNS }, () => runCli(url, ['migrate', 'up', '--json']));
        // However the processes start, from here on they are at it at the same time.
        await untilLockIsAwaited(async (sql) => (await blocker.query(sql)).rows, RUNS).finally(() => blocker.end());
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
