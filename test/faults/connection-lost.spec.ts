import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import type { BatchLoadResult, HybridBatchResult, LoadProgress } from '../../src/index.js';
import { type FaultApp, startFaultApp } from '../support/app/fault-app.js';
import type { PassingStatement, Verdict } from '../support/database/proxy.js';
import { emptyTables } from '../support/app/quarantine.js';
import { aboutTheFirst, COMMIT_OF_BATCH, type StatementChoice } from '../support/database/interceptions.js';

const COUNT = 750;
const records = Array.from({ length: COUNT }, (_, index) => ({
  submission_id: `t3_${index}`,
  problem_description: 'p',
}));

const PHASES: readonly [string, StatementChoice][] = [
  ['at BEGIN', { pattern: /^BEGIN/ }],
  ['at the entry of the load', { pattern: /INTO "public"\."storage_loads"/ }],
  ['at the claim of a batch', { pattern: /INTO "public"\."storage_load_batches"/ }],
  ['at a savepoint', { pattern: /^SAVEPOINT/ }],
  ['at the rows', { pattern: /^COPY|^WITH incoming/ }],
  ['at the write of the table', { pattern: /(?:INTO|^COPY) "public"\."submissions"/ }],
  ['at the account of a batch', { pattern: /UPDATE "public"\."storage_load_batches"/ }],
  ['before COMMIT', COMMIT_OF_BATCH],
  ['at the account of the load', { pattern: /UPDATE "public"\."storage_loads"/ }],
];

describe('a connection that is lost', () => {
  let fault: FaultApp;
  beforeAll(async () => {
    fault = await startFaultApp({ loader: { parallelism: 1 } });
    // So that the first transaction is that of a load, and not the one that reads the tables.
    await fault.app.hybrid.store([]);
  });
  afterAll(() => fault.close());
  beforeEach(async () => {
    await fault.proxy.restore();
    await emptyTables(fault.app);
    fault.app.stats.reset();
  });

  /** Ends the server's side of the connection a statement is on, as an administrator does. */
  const terminate = async ({ port }: PassingStatement): Promise<Verdict> => {
    await fault.rows('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE client_port = $1', [port]);
    return 'pass';
  };
  const cut = (): Verdict => 'cut';

  async function expectDone(result: BatchLoadResult | HybridBatchResult): Promise<void> {
    const stored = result.kind === 'hybrid' ? result.stored : result.inserted;
    expect({ ok: result.ok, stored, failed: result.failed }).toEqual({ ok: true, stored: COUNT, failed: 0 });
    expect(await fault.value('SELECT count(*)::integer FROM submissions')).toBe(COUNT);
    expect(
      await fault.rows(`
        SELECT status, received::integer, sum(end_position - first_position)::integer AS "inBatches"
          FROM storage_loads JOIN storage_load_batches ON load_id = id GROUP BY id`),
    ).toEqual([{ status: 'completed', received: COUNT, inBatches: COUNT }]);
    expect(fault.app.stats.forTable('submissions')).toMatchObject({ loaded: COUNT, errorCount: 0 });
  }

  describe.each<[string, (statement: PassingStatement) => Verdict | Promise<Verdict>]>([
    ['because the server ends it', terminate],
    ['because the way to the server breaks', cut],
  ])('%s', (_how, act) => {
    describe.each(PHASES)('%s', (_phase, choice) => {
      it.each([
        ['COPY', 250],
        ['the small writer', 90],
      ])('costs a retry and nothing else, in batches for %s', async (_writer, batchSize) => {
        const progress: LoadProgress[] = [];
        fault.proxy.intercept(aboutTheFirst(choice, act));
        const onProgress = (event: LoadProgress): void => void progress.push(event);
        const result = await fault.app.profiles.storeBatch(records, { disposition: 'append', batchSize, onProgress });
        await expectDone(result);
        expect(result.retries).toBe(1);
        expect(progress.filter(({ status }) => status === 'retrying')).toMatchObject([{ retries: 1 }]);
        expect(progress.at(-1)).toMatchObject({ status: 'completed', retries: 1, loaded: COUNT });
      });

      it('costs a retry and nothing else, in a load of hybrid records', async () => {
        fault.proxy.intercept(aboutTheFirst(choice, act));
        const result = await fault.app.hybrid.storeBatch(records, { batchSize: 250 });
        await expectDone(result);
        expect(await fault.value('SELECT count(*)::integer FROM app_opportunities')).toBe(COUNT);
        expect(result.retries).toBe(1);
      });
    });
  });

  it.each([
    [
      'because the server ends it',
      () =>
        fault.rows(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND pid <> pg_backend_pid()`),
    ],
    ['because the way to the server breaks', () => fault.proxy.cut()],
  ])('while it is idle in the pool, %s, costs at most a retry', async (_how, act) => {
    const runners = Array.from({ length: 5 }, () => fault.app.dataSource.createQueryRunner());
    await Promise.all(runners.map((runner) => runner.connect()));
    await Promise.all(runners.map((runner) => runner.release()));
    await act();
    await expectDone(await fault.app.profiles.storeBatch(records, { disposition: 'append', batchSize: 250 }));
  });

  it('while it is being opened costs nothing', async () => {
    fault.proxy.cut();
    let opened = 0;
    fault.proxy.onConnection(() => (opened++ < 3 ? 'cut' : 'pass'));
    const result = await fault.app.profiles.storeBatch(records, { disposition: 'append', batchSize: 250 });
    await expectDone(result);
  });

  it('inside a transaction of the caller ends the load, without a retry', async () => {
    const { dataSource, profiles, stats } = fault.app;
    fault.proxy.intercept(aboutTheFirst({ pattern: /^COPY/ }, terminate));
    const failures: unknown[] = [];
    const transaction = dataSource.transaction(async (manager) => {
      await profiles
        .withManager(manager)
        .store(records)
        .catch((error: unknown) => failures.push(error));
    });
    await expect(transaction).rejects.toBeInstanceOf(Error);
    expect(failures).toMatchObject([{ code: 'LOAD_FAILED', result: { retries: 0, inserted: 0, failed: COUNT } }]);
    expect(stats.snapshot().loaded).toBe(0);
    expect(await fault.value('SELECT count(*)::integer FROM submissions')).toBe(0);
  });
});
