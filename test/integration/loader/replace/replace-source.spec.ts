import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { InvalidLoadError, LoadFailedError, LoadInterruptedError } from '../../../../src/index.js';
import { errorOf, stoppedResult, withLocks } from '../../../support/parity/faults.js';
import { eventually } from '../../../support/processes/embedded-processes.js';
import { untilLockIsAwaited } from '../../../support/database/lock-waits.js';
import { emptyTables } from '../../../support/app/quarantine.js';
import { slowAbove } from '../../../support/database/slow-table.js';
import { startStorageApp, type StorageApp } from '../../../support/app/storage-app.js';

const REPLACE = { disposition: 'replace', batchSize: 10 } as const;
/** Those of this suite: others have theirs, on the same server. */
const LOCKS = 'pg_locks WHERE database = (SELECT oid FROM pg_database WHERE datname = current_database())';

describe('the source of a replace', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startStorageApp();
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    await emptyTables(app);
    await app.profiles.store(['a', 'b', 'c'].map((id) => ({ submission_id: id, title: 'old' })));
  });

  const submission = (index: number, fields: object = {}) => ({ submission_id: `n${index}`, title: 'new', ...fields });
  const titles = () => app.rows('SELECT title, count(*)::integer AS n FROM submissions GROUP BY 1 ORDER BY 1');
  const AS_BEFORE = [{ title: 'old', n: 3 }];
  const statusOf = async (error: unknown) => {
    const { loadId } = stoppedResult(error);
    return (await app.rows('SELECT status FROM storage_loads WHERE id = $1', [loadId]))[0]?.['status'];
  };
  /** Gives records one after another, and does something before some of them. */
  async function* source(count: number, before: (index: number) => Promise<unknown> | void = () => {}) {
    for (let index = 0; index < count; index += 1) {
      await before(index);
      yield submission(index);
    }
  }

  it('is read no further than a few batches ahead of what is staged', async () => {
    let pulled = 0;
    const records = async function* () {
      for await (const record of source(500)) {
        pulled += 1;
        yield pulled === 15 ? { ...record, title: 5 } : record;
      }
    };
    // The second batch has a rejected record, and waits for the quarantine.
    const statement = 'LOCK TABLE storage_rejected_records IN ACCESS EXCLUSIVE MODE';
    const result = await withLocks(app, statement, async (release) => {
      const replacing = app.profiles.untyped().storeBatch(records(), { ...REPLACE, maxRejects: 1 });
      await untilLockIsAwaited(app.rows);
      expect(pulled).toBeGreaterThanOrEqual(20);
      expect(pulled).toBeLessThanOrEqual(40);
      await release();
      return replacing;
    });
    expect(result).toMatchObject({ received: 500, inserted: 499, rejected: 1, removed: 3 });
  });

  it('may be long: more batches take no more locks, of which a server has a limited number', async () => {
    const locks: number[] = [];
    const records = source(6_000, async (index) => {
      if (index === 600 || index === 5_999) {
        locks.push(await app.count(LOCKS));
      }
    });
    expect(await app.profiles.storeBatch(records, { ...REPLACE, batchSize: 200 })).toMatchObject({ inserted: 6_000 });
    const [early = 0, late = Infinity] = locks;
    expect(late - early).toBeLessThan(20);
  });

  it('may be slow: until it ends the table is open to all, and what others wrote meanwhile is replaced too', async () => {
    const other = app.dataSource.createQueryRunner();
    const meanwhile: unknown[] = [];
    try {
      const records = source(50, async (index) => {
        if (index === 35) {
          await other.query(`
            SET lock_timeout = '10s';
            BEGIN;
            LOCK TABLE submissions IN ACCESS EXCLUSIVE MODE;
            INSERT INTO submissions (submission_id, reddit_id, title) VALUES ('n7', 'n7', 'theirs'), ('z', 'z', 'theirs');
            DELETE FROM submissions WHERE submission_id = 'a';
            COMMIT;
            RESET lock_timeout`);
          meanwhile.push(await titles());
          meanwhile.push(await app.rows(`SELECT status FROM storage_loads WHERE disposition = 'replace'`));
        }
      });
      const result = await app.profiles.storeBatch(records, REPLACE);
      expect(meanwhile).toEqual([
        [
          { title: 'old', n: 2 },
          { title: 'theirs', n: 2 },
        ],
        [{ status: 'running' }],
      ]);
      expect(result).toMatchObject({ received: 50, inserted: 49, updated: 1, removed: 3, ok: true });
      expect(await titles()).toEqual([{ title: 'new', n: 50 }]);
    } finally {
      await other.release();
    }
  });

  it('is not asked again when others are in the way of the swap', async () => {
    const hurried = await startStorageApp({ loader: { lockTimeoutMs: 20, maxAttempts: 100 } });
    try {
      await hurried.profiles.store([submission(0)]);
      const statuses: string[] = [];
      let pulled = 0;
      const result = await withLocks(hurried, 'LOCK TABLE submissions IN ROW EXCLUSIVE MODE', async (release) => {
        let released: Promise<void> | undefined;
        const onProgress = ({ status }: { status: string }) => {
          statuses.push(status);
          released ??= status === 'retrying' ? release() : undefined;
        };
        const records = source(25, () => void (pulled += 1));
        const loaded = await hurried.profiles.storeBatch(records, { ...REPLACE, onProgress });
        await released;
        return loaded;
      });
      expect(statuses).toContain('retrying');
      expect(pulled).toBe(25);
      expect(result).toMatchObject({ received: 25, inserted: 24, unchanged: 1, ok: true, batches: 1 });
      expect(await hurried.count('submissions')).toBe(25);
    } finally {
      await hurried.close();
    }
  });

  it('that others stay in the way of is given up with the table as it was', async () => {
    const hurried = await startStorageApp({ loader: { lockTimeoutMs: 20, maxAttempts: 2 } });
    try {
      await hurried.profiles.store([{ submission_id: 'a' }]);
      const error = await withLocks(hurried, 'LOCK TABLE submissions IN ROW EXCLUSIVE MODE', () =>
        errorOf(hurried.profiles.storeBatch(source(25), REPLACE)),
      );
      expect(error).toBeInstanceOf(LoadFailedError);
      expect(error).toMatchObject({ cause: { code: '55P03' }, result: { received: 25, failed: 25, failedBatches: 1 } });
      expect(await hurried.count('submissions')).toBe(1);
    } finally {
      await hurried.close();
    }
  });

  it('that breaks leaves the table as it was', async () => {
    const records = source(500, (index) => {
      if (index === 25) throw new Error('the source is gone');
    });
    const error = await errorOf(app.profiles.storeBatch(records, REPLACE));
    expect(error).toBeInstanceOf(LoadFailedError);
    expect(error).toMatchObject({
      cause: { message: 'the source is gone' },
      result: { received: 20, inserted: 0, failed: 20, ok: false },
    });
    expect(await statusOf(error)).toBe('failed');
    expect(await titles()).toEqual(AS_BEFORE);
  });

  it('is not waited for when a batch has failed, and is closed', async () => {
    let closed = false;
    let letEnd = (): void => {};
    async function* records() {
      try {
        yield* source(10);
        yield { ...submission(10), title: 5 };
        yield* source(9);
        await new Promise<void>((resolve) => (letEnd = resolve));
      } finally {
        closed = true;
      }
    }
    const error = await errorOf(app.profiles.untyped().storeBatch(records(), REPLACE));
    expect(error).toMatchObject({ code: 'REJECT_LIMIT_EXCEEDED', result: { received: 20, failed: 20 } });
    letEnd();
    expect(await eventually(async () => closed)).toBe(true);
    expect(await titles()).toEqual(AS_BEFORE);
  });

  it.each([
    ['asynchronous', (of: AsyncGenerator<object>): Iterable<object> | AsyncIterable<object> => of],
    ['synchronous', () => Array.from({ length: 500 }, (_, index) => submission(index)).values()],
  ])('may be left by a signal between two batches: %s', async (_, shape) => {
    const controller = new AbortController();
    const onProgress = ({ received }: { received: number }) => received === 20 && controller.abort();
    const options = { ...REPLACE, signal: controller.signal, onProgress };
    const error = await errorOf(app.profiles.storeBatch(shape(source(500)), options));
    expect(error).toBeInstanceOf(LoadInterruptedError);
    expect(error).toMatchObject({ result: { received: 20, failed: 20 } });
    expect(await statusOf(error)).toBe('interrupted');
    expect(await titles()).toEqual(AS_BEFORE);
  });

  it('says how much of it was read while nothing is loaded yet', async () => {
    const seen: [string, number, number][] = [];
    const onProgress = (p: { status: string; received: number; loaded: number }) =>
      void seen.push([p.status, p.received, p.loaded]);
    await app.profiles.storeBatch(source(25), { ...REPLACE, onProgress });
    expect(seen).toEqual([
      ['running', 10, 0],
      ['running', 20, 0],
      ['running', 25, 0],
      ['completed', 25, 25],
    ]);
  });

  it('takes too long to swap at once: it is done once more in halves', async () => {
    const hurried = await startStorageApp({ loader: { statementTimeoutMs: 1_500, maxAttempts: 1 } });
    try {
      await hurried.rows(slowAbove('submissions', 5));
      expect(await hurried.profiles.storeBatch(source(10), REPLACE)).toMatchObject({ inserted: 10, failed: 0 });
    } finally {
      await hurried.close();
    }
  });

  it("in a caller's transaction: commits and rolls back with it, and leaves its settings alone", async () => {
    const settings = `SELECT current_setting('row_security') AS rls, current_setting('idle_in_transaction_session_timeout') AS idle`;
    await app.dataSource.transaction(async (manager) => {
      await manager.query(`SET LOCAL idle_in_transaction_session_timeout = '7min'`);
      const profiles = app.profiles.withManager(manager);
      await profiles.storeBatch(source(25), REPLACE);
      expect(await manager.query(settings)).toEqual([{ rls: 'on', idle: '7min' }]);
      expect(await titles()).toEqual(AS_BEFORE);
      const again = await profiles.storeBatch(source(5), { ...REPLACE, maxRejects: 3 });
      expect(again).toMatchObject({ unchanged: 5, removed: 20 });
    });
    expect(await titles()).toEqual([{ title: 'new', n: 5 }]);
  });

  it('is rejected in a transaction whose snapshot is older than the lock', async () => {
    const load = app.dataSource.transaction('REPEATABLE READ', (manager) =>
      app.profiles.withManager(manager).storeBatch(source(5), REPLACE),
    );
    await expect(load).rejects.toThrow(InvalidLoadError);
    expect(await titles()).toEqual(AS_BEFORE);
  });
});
