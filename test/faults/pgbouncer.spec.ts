import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';

import type { BatchLoadResult, LoadProgress } from '../../src/index.js';
import { migrateUp } from '../../src/schema/migrations/migrations.js';
import { databaseUrl } from '../../src/testing/test-postgres.js';
import { emptyTables } from '../support/app/quarantine.js';
import { type PgBouncer, pgBouncerIsMissing, startPgBouncer } from '../support/database/pgbouncer.js';
import { queryValue } from '../support/processes/embedded-processes.js';
import { runCli } from '../support/cli/run-cli.js';
import { startStoppableServer, type StoppableServer } from '../support/database/stoppable-server.js';
import { startStorageAppAt, type StorageApp } from '../support/app/storage-app.js';
import { describeUnless } from '../support/needs/needs.js';

const reason = pgBouncerIsMissing();
if (reason !== undefined) process.stderr.write(`skipped: PgBouncer: ${reason}\n`);

const COUNT = 2_000;
const records = Array.from({ length: COUNT }, (_, index) => ({
  submission_id: `t3_${index}`,
  problem_description: 'p',
}));

/** `npm run test:matrix -- pgbouncer` runs the integration and e2e tests this way; here the server behind it fails. */
describeUnless(reason)('PgBouncer in transaction mode', () => {
  let server: StoppableServer;
  let bouncer: PgBouncer;
  let app: StorageApp;
  beforeAll(async () => {
    server = await startStoppableServer();
    bouncer = await startPgBouncer(server.url);
    app = await startStorageAppAt(bouncer.url, { migrations: 'run' });
  });
  afterAll(async () => {
    await app.close();
    await bouncer.stop();
    await server.close();
  });
  beforeEach(() => emptyTables(app));

  async function expectDone(result: BatchLoadResult): Promise<void> {
    expect(result).toMatchObject({ ok: true, inserted: COUNT, failed: 0 });
    expect(await app.count('submissions')).toBe(COUNT);
  }

  it('keeps nothing of one load for the next user of its connections', async () => {
    await expectDone(await app.profiles.storeBatch(records, { batchSize: 200 }));
    // What is repeated would be prepared on a connection of its own.
    for (const record of records.slice(0, 3)) await app.profiles.store([record]);
    const [settings] = await app.rows(`
      SELECT current_setting('statement_timeout') AS statement_timeout, current_setting('lock_timeout') AS lock_timeout,
             (SELECT count(*)::integer FROM pg_prepared_statements) AS prepared,
             (SELECT count(*)::integer FROM pg_locks WHERE locktype = 'advisory') AS locks,
             (SELECT count(*)::integer FROM pg_class WHERE relpersistence = 't') AS temporary`);
    expect(settings).toEqual({ statement_timeout: '0', lock_timeout: '0', prepared: 0, locks: 0, temporary: 0 });
  });

  it.each(['immediate', 'fast'] as const)('before a server that is restarted (%s) costs nothing', async (mode) => {
    let restarting: Promise<void> | undefined;
    const onProgress = ({ loaded }: LoadProgress): void => {
      if (loaded > 0) restarting ??= server.stop(mode).then(() => server.start());
    };
    const result = await app.profiles.storeBatch(records, { disposition: 'append', batchSize: 100, onProgress });
    await restarting;
    await expectDone(result);
  });

  it('serves the command line', async () => {
    const lines = records.map((record) => JSON.stringify(record)).join('\n');
    const load = ['load', '-', '--format', 'jsonl', '--into', 'hybrid', '--json'];
    const { exitCode, stdout } = await runCli(bouncer.url, load, lines);
    expect([exitCode, JSON.parse(stdout)]).toMatchObject([0, { ok: true, stored: COUNT }]);
  });
});

describeUnless(reason)('PgBouncer with a pool of one connection', () => {
  let server: StoppableServer;
  let bouncer: PgBouncer;
  let app: StorageApp;
  beforeAll(async () => {
    server = await startStoppableServer();
    await migrateUp({ url: server.url });
    bouncer = await startPgBouncer(server.url, 1);
    app = await startStorageAppAt(bouncer.url, { loader: { parallelism: 2 } });
  });
  afterAll(async () => {
    await app.close();
    await bouncer.stop();
    await server.close();
  });

  it('is enough for migrations, whose lock is on their own connection', async () => {
    await queryValue(server.url, 'CREATE DATABASE fresh');
    const url = databaseUrl(bouncer.url, 'fresh');
    for (const command of ['migrate up --enrichment', 'migrate down', 'migrate up']) {
      expect(await runCli(url, command.split(' '))).toMatchObject({ exitCode: 0, stderr: '' });
    }
  });

  it.each(['merge', 'append', 'replace'] as const)('is enough for a load with rejected records (%s)', async (how) => {
    await emptyTables(app);
    const rows = [...records, { submission_id: 't3_bad', title: '\0' }, { submission_id: 't3_bad', num_comments: 'x' }];
    const loads = ['a', 'b'].map((name) =>
      app.profiles.storeBatch(
        rows.map((row) => ({ ...row, submission_id: `${row.submission_id}_${name}` })),
        { disposition: how, batchSize: 200, maxRejects: 9, loadKey: `${how} ${name}` },
      ),
    );
    expect(await Promise.all(loads)).toMatchObject([{ rejected: 2 }, { rejected: 2 }]);
  });

  // The server answers with an error while most of the rows are still to be sent.
  it('is free again after a COPY that failed on the server', async () => {
    await app.rows('ALTER TABLE submissions ADD CONSTRAINT few CHECK (num_comments < 9)');
    const rows = records.map((record, index) => ({
      ...record,
      title: 'x'.repeat(2_000),
      num_comments: index > 0 ? 1 : 9,
    }));
    for (let run = 0; run < 3; run += 1) {
      await emptyTables(app);
      expect(await app.profiles.storeBatch(rows)).toMatchObject({ inserted: COUNT - 1, rejected: 1, retries: 0 });
    }
  });
});
