import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { Client } from 'pg';

import type { HybridResult, LoadResult } from '../../src/index.js';
import { type FaultApp, startFaultApp } from '../support/app/fault-app.js';
import { emptyTables } from '../support/app/quarantine.js';
import { aboutTheFirst, COMMIT_OF_BATCH } from '../support/database/interceptions.js';
import type { StorageApp } from '../support/app/storage-app.js';

const COUNT = 250;
const records = Array.from({ length: COUNT }, (_, index) => ({
  submission_id: `t3_${index}`,
  problem_description: 'p',
}));

type Load = (app: StorageApp, signal?: AbortSignal) => Promise<LoadResult | HybridResult>;
const LOADS: readonly [string, Load][] = [
  ['store by append', ({ profiles }, signal) => profiles.store(records, { disposition: 'append', signal })],
  ['storeBatch by append', ({ profiles }, signal) => profiles.storeBatch(records, { disposition: 'append', signal })],
  [
    'storeBatch by append, in small batches',
    ({ profiles }, signal) => profiles.storeBatch(records, { disposition: 'append', batchSize: 40, signal }),
  ],
  ['storeBatch by merge', ({ profiles }, signal) => profiles.storeBatch(records, { signal })],
  ['storeBatch of hybrid records', ({ hybrid }, signal) => hybrid.storeBatch(records, { signal })],
  ['store by replace', ({ profiles }, signal) => profiles.store(records, { disposition: 'replace', signal })],
];

const OUTCOME_UNKNOWN =
  'Commit outcome unknown: batch 0. The COMMIT got no reply, and the database could not be asked. A committed batch has ' +
  'a row in storage_load_batches.';

/** COMMIT of a batch takes as long as someone holds the lock, and lock_timeout does not end it. */
async function letCommitWait(fault: FaultApp): Promise<void> {
  await fault.rows(`
    CREATE FUNCTION wait_for_holder() RETURNS trigger LANGUAGE plpgsql SET lock_timeout = 0 AS
      $$ BEGIN PERFORM pg_advisory_xact_lock_shared(4711); RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER slow_commit AFTER INSERT ON storage_load_batches DEFERRABLE INITIALLY DEFERRED
      FOR EACH ROW EXECUTE FUNCTION wait_for_holder();
  `);
}

describe('a COMMIT that gets no reply', () => {
  let fault: FaultApp;
  let holder: Client;
  beforeAll(async () => {
    fault = await startFaultApp({ loader: { parallelism: 1 } });
    await letCommitWait(fault);
  });
  afterAll(() => fault.close());
  beforeEach(async () => {
    await fault.proxy.restore();
    await emptyTables(fault.app);
    holder = await fault.connect();
    await holder.query('SELECT pg_advisory_lock(4711)');
  });
  afterEach(() => holder.end());

  const commitWaits = `SELECT count(*) = 1 FROM pg_stat_activity
    WHERE datname = current_database() AND query = 'COMMIT' AND wait_event = 'advisory'`;
  const retryWaits = `SELECT count(*) = 1 FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event IN ('transactionid', 'spectoken')`;

  /** Every record once in the table and once in the accounts. */
  async function expectOnce(result: LoadResult | HybridResult): Promise<void> {
    const stored = result.kind === 'hybrid' ? result.stored : result.inserted;
    expect({ ok: result.ok, received: result.received, stored }).toEqual({ ok: true, received: COUNT, stored: COUNT });
    expect(await fault.value('SELECT count(*)::integer FROM submissions')).toBe(COUNT);
    expect(await fault.value('SELECT count(*)::integer FROM storage_rejected_records')).toBe(0);
    expect(
      await fault.rows(`
        SELECT status, received::integer, sum(end_position - first_position)::integer AS "inBatches"
          FROM storage_loads JOIN storage_load_batches ON load_id = id GROUP BY id`),
    ).toEqual([{ status: 'completed', received: COUNT, inBatches: COUNT }]);
  }

  it.each(LOADS)('and takes place after all, while the retry waits for it, is in once: %s', async (_, load) => {
    fault.proxy.intercept(aboutTheFirst(COMMIT_OF_BATCH, () => 'cut the reply'));
    const loading = load(fault.app);
    await fault.until(commitWaits);
    await fault.until(retryWaits);
    await holder.end();
    const result = await loading;
    expect(result.retries).toBeGreaterThan(0);
    await expectOnce(result);
  });

  it.each(LOADS)('and does not take place is done by the retry, once: %s', async (_, load) => {
    fault.proxy.intercept(aboutTheFirst(COMMIT_OF_BATCH, () => 'cut the reply'));
    const loading = load(fault.app);
    await fault.until(commitWaits);
    await fault.until(retryWaits);
    await fault.rows(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'COMMIT' AND wait_event = 'advisory'`,
    );
    await holder.end();
    await expectOnce(await loading);
  });

  it.each(LOADS)('though it took place at once, is not done twice: %s', async (_, load) => {
    await holder.end();
    fault.proxy.intercept(aboutTheFirst(COMMIT_OF_BATCH, () => 'cut the reply'));
    await expectOnce(await load(fault.app));
  });
});

describe('a COMMIT that gets no reply, and may not be retried', () => {
  let fault: FaultApp;
  beforeAll(async () => {
    fault = await startFaultApp({ loader: { parallelism: 1, maxAttempts: 1 } });
  });
  afterAll(() => fault.close());
  beforeEach(async () => {
    await fault.proxy.restore();
    await emptyTables(fault.app);
  });

  it.each(LOADS)('is asked for, and counts where it took place: %s', async (_, load) => {
    fault.proxy.intercept(aboutTheFirst(COMMIT_OF_BATCH, () => 'cut the reply'));
    const result = await load(fault.app);
    expect(result).toMatchObject({ ok: true, received: COUNT, failed: 0 });
    expect(await fault.value('SELECT count(*)::integer FROM submissions')).toBe(COUNT);
  });

  it.each(LOADS)('is a failure where it did not: %s', async (_, load) => {
    fault.proxy.intercept(aboutTheFirst(COMMIT_OF_BATCH, () => 'cut'));
    const failure: unknown = await load(fault.app).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'LOAD_FAILED', result: { ok: false } });
    const { result } = failure as { readonly result: LoadResult | HybridResult };
    const loaded = result.kind === 'hybrid' ? result.stored : result.inserted;
    expect(await fault.value('SELECT count(*)::integer FROM submissions')).toBe(loaded);
    expect(loaded + result.failed).toBe(result.received);
  });

  it.each(LOADS)('leaves no doubt where it was never sent: %s', async (_, load) => {
    fault.proxy.intercept(
      aboutTheFirst({ pattern: /storage_load_batches/ }, () => {
        fault.proxy.onConnection(() => 'cut');
        fault.proxy.cut();
        return 'cut';
      }),
    );
    const failure: unknown = await load(fault.app).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: 'LOAD_FAILED',
      message: expect.not.stringContaining('Not known'),
      result: { ok: false },
    });
    expect(await fault.value('SELECT count(*)::integer FROM submissions')).toBe(0);
  });
});

describe('a COMMIT that gets no reply, and is at work for longer than the retries wait', () => {
  let fault: FaultApp;
  let holder: Client;
  beforeAll(async () => {
    fault = await startFaultApp({ loader: { parallelism: 1, maxAttempts: 2, lockTimeoutMs: 200 } });
    await letCommitWait(fault);
  });
  afterAll(() => fault.close());
  beforeEach(async () => {
    await fault.proxy.restore();
    await emptyTables(fault.app);
    holder = await fault.connect();
    await holder.query('SELECT pg_advisory_lock(4711)');
  });
  afterEach(() => holder.end());

  /** Cuts the reply to the first COMMIT of a batch, and does something before it is asked for, after the retry. */
  function cutReply(beforeAsked: () => Promise<void> = async () => undefined): void {
    let begins = -Infinity;
    const commit = aboutTheFirst(COMMIT_OF_BATCH, () => {
      begins = 0;
      return 'cut the reply';
    });
    fault.proxy.intercept(async (statement) => {
      begins += statement.sql.startsWith('BEGIN') ? 1 : 0;
      if (begins === 2 && statement.sql.startsWith('BEGIN')) await beforeAsked();
      return commit(statement);
    });
  }
  const endOfCommit = async (): Promise<void> => {
    await holder.end();
    await fault.until('SELECT count(*) > 0 FROM storage_load_batches');
  };

  const IN_ONE_BATCH = LOADS.filter(([name]) => !name.includes('small'));

  it.each(IN_ONE_BATCH)('is asked for once more, and counts where it took place: %s', async (_, load) => {
    cutReply(endOfCommit);
    const result = await load(fault.app);
    expect(result).toMatchObject({ ok: true, received: COUNT, failed: 0 });
    expect(await fault.value('SELECT count(*)::integer FROM submissions')).toBe(COUNT);
  });

  it.each(IN_ONE_BATCH)('is a failure by the lost connection when it is at work still: %s', async (_, load) => {
    cutReply();
    const logged = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    const failure: unknown = await load(fault.app).catch((error: unknown) => error);
    const lines = logged.mock.calls.map(([line]) => String(line));
    logged.mockRestore();
    await endOfCommit();
    expect(failure).toMatchObject({
      code: 'LOAD_FAILED',
      message: expect.stringContaining('[ECONNRESET]'),
      result: { ok: false, failed: COUNT },
    });
    expect(lines.join()).toContain('batch 0 has an unknown commit outcome');
    expect(failure).toMatchObject({ message: expect.stringContaining(OUTCOME_UNKNOWN) });
    expect(await fault.value('SELECT count(*)::integer FROM submissions')).toBe(COUNT);
  });

  it.each(IN_ONE_BATCH)('is not said to be rolled back when the load is interrupted: %s', async (name, load) => {
    const interrupt = new AbortController();
    fault.proxy.intercept(
      aboutTheFirst(COMMIT_OF_BATCH, () => {
        interrupt.abort();
        return 'cut the reply';
      }),
    );
    const logged = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    const failure: unknown = await load(fault.app, interrupt.signal).catch((error: unknown) => error);
    const lines = logged.mock.calls.map(([line]) => String(line));
    logged.mockRestore();
    await endOfCommit();
    expect(failure).toMatchObject({
      code: 'LOAD_INTERRUPTED',
      message: expect.stringContaining(OUTCOME_UNKNOWN),
      result: { ok: false, failed: COUNT, failures: [{ batchNo: 0, code: 'ECONNRESET' }] },
    });
    expect(lines.join()).toContain('batch 0 has an unknown commit outcome');
    expect(lines.join()).not.toContain('rolled back');
    expect(await fault.value('SELECT count(*)::integer FROM submissions')).toBe(COUNT);
    // A load in one transaction has noted its end in the same one.
    const noted = name.startsWith('store ')
      ? { status: 'completed', error_code: null }
      : { status: 'interrupted', error_code: 'LOAD_INTERRUPTED' };
    expect(await fault.rows('SELECT status, error_code FROM storage_loads')).toEqual([noted]);
  });
});

describe('a COMMIT that is answered with ROLLBACK', () => {
  let fault: FaultApp;
  beforeAll(async () => {
    fault = await startFaultApp({ loader: { parallelism: 1 } });
  });
  afterAll(() => fault.close());
  beforeEach(async () => {
    await fault.proxy.restore();
    await emptyTables(fault.app);
    fault.app.stats.reset();
  });

  it.each(LOADS)('fails the load, and nothing is reported as loaded: %s', async (_, load) => {
    fault.proxy.intercept(aboutTheFirst(COMMIT_OF_BATCH, () => ({ sendInstead: 'ROLLBACK' })));
    const failure: unknown = await load(fault.app).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: 'LOAD_FAILED',
      message: expect.stringContaining('[25P02]'),
      result: { ok: false, duplicates: 0, retries: 0 },
    });
    const { result } = failure as { readonly result: LoadResult | HybridResult };
    expect(result.kind === 'hybrid' ? result.stored : result.inserted).toBe(0);
    expect(await fault.value('SELECT count(*)::integer FROM submissions')).toBe(0);
    expect(fault.app.stats.snapshot()).toMatchObject({ loaded: 0, errorCount: 1 });
    expect(await fault.value(`SELECT status || ' ' || error_code FROM storage_loads`)).toBe('failed 25P02');
  });

  it('fails the load of a caller who has swallowed an error of the same transaction', async () => {
    const { dataSource, profiles, stats } = fault.app;
    const failures: unknown[] = [];
    await dataSource.transaction(async (manager) => {
      await manager.query('SELECT 1 / 0').catch(() => undefined);
      await profiles
        .withManager(manager)
        .store(records)
        .catch((error: unknown) => failures.push(error));
    });
    expect(failures).toMatchObject([{ code: 'LOAD_FAILED', message: expect.stringContaining('[25P02]') }]);
    expect(stats.snapshot().loaded).toBe(0);
    expect(await fault.value('SELECT count(*)::integer FROM submissions')).toBe(0);
  });
});
