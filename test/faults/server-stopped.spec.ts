import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import type { BatchLoadResult, HybridBatchResult, LoadProgress } from '../../src/index.js';
import { eventually } from '../support/processes/embedded-processes.js';
import { emptyTables } from '../support/app/quarantine.js';
import { runCli } from '../support/cli/run-cli.js';
import { startStoppableServer, type StoppableServer, type StopMode } from '../support/database/stoppable-server.js';
import { startStorageAppAt, type StorageApp } from '../support/app/storage-app.js';

const COUNT = 2_000;
const OUTAGE_MS = 10_000;
const records = Array.from({ length: COUNT }, (_, index) => ({
  submission_id: `t3_${index}`,
  problem_description: 'p',
}));

describe('a server that is stopped in the middle of a load', () => {
  let server: StoppableServer;
  let app: StorageApp;
  beforeAll(async () => {
    server = await startStoppableServer();
    app = await startStorageAppAt(server.url, { migrations: 'run' });
  });
  afterAll(async () => {
    await app.close();
    await server.close();
  });
  beforeEach(() => emptyTables(app));

  /** The table, the batches and the result say the same, whatever became of the load. */
  async function expectConsistent(inserted: number, other: StorageApp = app): Promise<void> {
    const [found] = await other.rows(
      `SELECT (SELECT count(*) FROM submissions)::integer AS rows,
              (SELECT coalesce(sum(end_position - first_position), 0) FROM storage_load_batches)::integer AS "inBatches"`,
    );
    expect(found).toEqual({ rows: inserted, inBatches: inserted });
  }

  /** Stops the server when a batch is committed, and restarts it at the first retry after `outageMs`. */
  function outage(mode: StopMode, outageMs: number): { onProgress(event: LoadProgress): void; over(): Promise<void> } {
    let stopping: Promise<void> | undefined;
    let starting: Promise<void> | undefined;
    let stoppedAt = Infinity;
    return {
      onProgress({ status, loaded }) {
        if (stopping === undefined && loaded > 0) {
          stopping = server.stop(mode).then(() => void (stoppedAt = Date.now()));
        } else if (status === 'retrying' && Date.now() - stoppedAt >= outageMs) {
          starting ??= server.start();
        }
      },
      async over() {
        await stopping;
        await starting;
      },
    };
  }

  it.each<
    [
      StopMode,
      string,
      (app: StorageApp, onProgress: (event: LoadProgress) => void) => Promise<BatchLoadResult | HybridBatchResult>,
    ]
  >([
    [
      'immediate',
      'append',
      ({ profiles }, onProgress) => profiles.storeBatch(records, { disposition: 'append', batchSize: 100, onProgress }),
    ],
    ['fast', 'hybrid', ({ hybrid }, onProgress) => hybrid.storeBatch(records, { batchSize: 100, onProgress })],
  ])('and comes back after 10 s (%s, %s) costs nothing: the load finishes by itself', async (mode, _, load) => {
    const { onProgress, over } = outage(mode, OUTAGE_MS);
    const result = await load(app, onProgress);
    await over();
    expect(result).toMatchObject({ ok: true, received: COUNT, failed: 0, failedBatches: 0 });
    expect(result.retries).toBeGreaterThan(0);
    await expectConsistent(COUNT);
    expect(await app.rows('SELECT status, received::integer FROM storage_loads')).toEqual([
      { status: 'completed', received: COUNT },
    ]);
  });

  it('and comes back costs a replace nothing either, as long as its records can be read again', async () => {
    await app.profiles.store([{ submission_id: 'before' }]);
    const { onProgress, over } = outage('immediate', 0);
    let seen = 0;
    const result = await app.profiles.storeBatch(records, {
      disposition: 'replace',
      batchSize: 500,
      // Of a replace nothing is loaded before its end: what was read stands for it.
      onProgress: (event) => onProgress({ ...event, loaded: (seen += 1) }),
    });
    await over();
    expect(result).toMatchObject({ ok: true, inserted: COUNT, removed: 1, retries: expect.any(Number) });
    expect(result.retries).toBeGreaterThan(0);
    expect(await app.count('submissions')).toBe(COUNT);
  });

  it('before it has begun is waited for', async () => {
    app.loader.clearPlans();
    await server.stop('fast');
    const loading = app.profiles.store(records);
    await server.start();
    expect(await loading).toMatchObject({ ok: true, inserted: COUNT });
  });

  it('of the command line, and comes back, costs nothing', async () => {
    const lines = records.map((record) => JSON.stringify(record)).join('\n');
    const blocker = app.dataSource.createQueryRunner();
    await blocker.startTransaction();
    const [{ pid }] = (await blocker.query('SELECT pg_backend_pid() AS pid')) as [{ pid: number }];
    await blocker.query('LOCK TABLE submissions IN SHARE MODE');
    const load = ['load', '-', '--format', 'jsonl', '--into', 'submissions', '--batch-size', '100', '--json'];
    const loading = runCli(server.url, [...load, '--disposition', 'append'], lines);
    const waits = await eventually(
      async () =>
        (await app.count(`pg_locks WHERE NOT granted AND relation = 'submissions'::regclass AND pid <> ${pid}`)) > 0,
    );
    await server.stop('immediate');
    await blocker.release().catch(() => undefined);
    await server.start();
    const { exitCode, stdout } = await loading;
    expect({ waits, exitCode }).toEqual({ waits: true, exitCode: 0 });
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, inserted: COUNT, failed: 0, retries: expect.any(Number) });
    expect((JSON.parse(stdout) as BatchLoadResult).retries).toBeGreaterThan(0);
    await expectConsistent(COUNT);
  });

  it('and stays away ends the load within its bounds; its load key does the rest, once', async () => {
    const hasty = await startStorageAppAt(server.url, { loader: { maxRetryMs: 1_000 } });
    const { onProgress, over } = outage('immediate', Infinity);
    const options = { disposition: 'append', batchSize: 100, loadKey: 'posts' } as const;
    const failure: unknown = await hasty.profiles
      .storeBatch(records, { ...options, onProgress })
      .catch((error: unknown) => error);
    await over();
    expect(failure).toMatchObject({
      code: 'LOAD_FAILED',
      message: expect.stringMatching(/connection|the server/i),
      result: { ok: false },
    });
    const { result } = failure as { readonly result: BatchLoadResult };
    expect(result.inserted).toBeGreaterThan(0);
    expect(result.failed).toBeGreaterThan(0);
    expect(result.inserted + result.failed).toBe(result.received);

    await server.start();
    // A batch may be in whose COMMIT got no reply.
    const inAlready = await app.count('submissions');
    expect(inAlready).toBeGreaterThanOrEqual(result.inserted);
    await expectConsistent(inAlready);
    expect(await app.profiles.storeBatch(records, options)).toMatchObject({
      ok: true,
      received: COUNT,
      receivedEarlier: inAlready,
      inserted: COUNT,
      failed: 0,
    });
    await expectConsistent(COUNT);
    await hasty.close();
  });
});
