import { readdir } from 'node:fs/promises';

import { afterEach, describe, expect, it } from '@jest/globals';

import { defaultDataDir } from '../../../src/embedded/default-data-dir.js';
import { startEmbeddedPostgres } from '../../../src/embedded/embedded-postgres.js';
import { storageMigrations } from '../../../src/index.js';
import { withTemporaryDir } from '../../support/processes/embedded-processes.js';
import { migrateDown, type MigrationStatus, readMigrationStatus } from '../../../src/schema/migrations/migrations.js';
import { type CliOutcome, runCli } from '../../support/cli/run-cli.js';
import { runCommand } from '../../support/cli/run-command.js';
import { sized } from '../../support/sizes/sizes.js';

const NAMES = storageMigrations.map(({ name }) => name);
const LAST = NAMES.at(-1);

/** Runs a command without a database, in this directory. */
const run = (directory: string, ...args: string[]): Promise<CliOutcome> => runCommand('', args, '', directory);
/** Runs a command in many processes at once. */
const runTogether = (directory: string, count: number, ...args: string[]): Promise<CliOutcome[]> =>
  Promise.all(Array.from({ length: count }, () => runCli('', args, '', directory)));

const appliedOf = (migrations: readonly MigrationStatus[]): string[] =>
  migrations.filter(({ applied }) => applied).map(({ name }) => name);

/** Runs `work` in an empty directory whose server is kept running, so that each command finds it. */
const withServer = (work: (directory: string, url: string) => Promise<void>): Promise<void> =>
  withTemporaryDir(async (directory) => {
    const server = await startEmbeddedPostgres({ dataDir: defaultDataDir(directory) });
    try {
      await work(directory, server.url);
    } finally {
      await server.stop();
    }
  });

/** The first commands are processes, which start a server. */
const TIMEOUT_MS = 180_000;

describe('the migrations of an embedded database', () => {
  it(
    'are applied by its first command, even if several are first at the same time',
    () =>
      withTemporaryDir(async (directory) => {
        const runs = await runTogether(directory, sized(3, 6), 'loads', 'list');
        expect(runs.map(({ exitCode }) => exitCode)).toEqual(runs.map(() => 0));
        const { stdout } = await run(directory, 'migrate', 'status', '--json');
        expect(appliedOf((JSON.parse(stdout) as { migrations: MigrationStatus[] }).migrations)).toEqual(NAMES);
      }),
    TIMEOUT_MS,
  );

  it(
    'are applied once by many migrate up at the same time',
    () =>
      withServer(async (directory) => {
        const runs = await runTogether(directory, sized(3, 10), 'migrate', 'up', '--json');
        expect(runs.flatMap(({ stdout }) => (JSON.parse(stdout) as { applied: string[] }).applied)).toEqual(NAMES);
      }),
    TIMEOUT_MS,
  );

  it.each([1, NAMES.length])(
    'stay reverted, %d of them, until migrate up: other commands name it',
    (count) =>
      withServer(async (directory, url) => {
        expect(await run(directory, 'demo', '--json')).toMatchObject({ exitCode: 0 });
        for (const name of NAMES.toReversed().slice(0, count)) {
          expect(await migrateDown({ url })).toBe(name);
        }
        for (const command of [['loads', 'list'], ['demo']]) {
          const rejected = await run(directory, ...command);
          expect(rejected).toMatchObject({ exitCode: 1, stdout: '' });
          expect(rejected.stderr).toContain(`migration ${LAST} is not applied`);
          expect(rejected.stderr).toContain('To fix: npx harbor-storage migrate up');
        }
        expect(appliedOf(await readMigrationStatus({ url }))).toEqual(NAMES.slice(0, -count));
        expect(await run(directory, 'migrate', 'up')).toMatchObject({ exitCode: 0 });
        expect(await run(directory, 'loads', 'list')).toMatchObject({ exitCode: 0 });
      }),
    TIMEOUT_MS,
  );

  it(
    'are not changed by read-only commands',
    () =>
      withServer(async (directory, url) => {
        expect(await run(directory, 'schema', 'check')).toMatchObject({ exitCode: 3 });
        expect(appliedOf(await readMigrationStatus({ url }))).toEqual([]);
        expect(await run(directory, 'demo')).toMatchObject({ exitCode: 0 });
      }),
    TIMEOUT_MS,
  );
});

describe('with NODE_ENV=production', () => {
  const before = process.env['NODE_ENV'];
  afterEach(() => {
    process.env['NODE_ENV'] = before;
  });

  it('a command starts the embedded Postgres only by --embedded', () =>
    withTemporaryDir(async (directory) => {
      process.env['NODE_ENV'] = 'production';
      for (const command of [['migrate', 'up'], ['demo'], ['loads', '--json'], ['schema', 'check']]) {
        const { exitCode, stdout, stderr } = await run(directory, ...command);
        expect([exitCode, stdout]).toEqual([2, '']);
        expect(stderr).toMatch(/NODE_ENV=production.*Set DATABASE_URL, or add --embedded/);
      }
      expect(await readdir(directory)).toEqual([]);
      expect(await run(directory, 'migrate', 'up', '--embedded')).toMatchObject({ exitCode: 0 });
      expect(await readdir(directory)).toEqual(['.harbor-storage']);
    }));

  it('a URL and --embedded exclude each other', async () => {
    expect(await run('/', 'loads', '--embedded', '--url', 'postgres://localhost/x')).toMatchObject({ exitCode: 2 });
  });
});
