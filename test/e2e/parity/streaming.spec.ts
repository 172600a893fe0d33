/**
 * Parity with the Python layer over the library dlt, which this package replaces. Its `load_with_resource` took a
 * generator, and counted it as 1.
 * Proved here: any source that can be iterated is loaded while it is read, in bounded memory, counted exactly, and
 * closed.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { Readable } from 'node:stream';

import { InvalidLoadError, LoadFailedError, LoadInterruptedError } from '../../../src/index.js';
import { untilLockIsAwaited } from '../../support/database/lock-waits.js';
import { emptyTables } from '../../support/app/quarantine.js';
import { startStorageApp, type StorageApp } from '../../support/app/storage-app.js';
import { committedBatches, expectAccounted } from '../../support/parity/accounts.js';
import { errorOf, stoppedResult, withRejection } from '../../support/parity/faults.js';
import { type Fields, keyOf, many, submission } from '../../support/parity/records.js';

function* generated(count: number): Generator<Fields> {
  for (let index = 0; index < count; index += 1) {
    yield submission(keyOf(index));
  }
}

async function* generatedLater(count: number): AsyncGenerator<Fields> {
  for (const record of generated(count)) {
    yield await Promise.resolve(record);
  }
}

describe('a streaming source', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startStorageApp({ loader: { maxAttempts: 1 } });
  });
  afterAll(() => app.close());
  beforeEach(() => emptyTables(app));

  it('may be a generator, for load', async () => {
    const result = await app.profiles.store(generated(250));
    expect(result).toMatchObject({ received: 250, inserted: 250 });
    expect(await app.count('submissions')).toBe(250);
    await expectAccounted(app, result);
  });

  it.each([
    ['a generator', () => generated(250)],
    ['an async generator', () => generatedLater(250)],
    ['a Node stream in object mode', () => Readable.from(generated(250), { objectMode: true })],
    ['a Set', () => new Set(generated(250))],
  ])('may be %s, for loadBatch, and every record counts', async (_, source) => {
    const result = await app.profiles.storeBatch(source(), { batchSize: 100 });
    expect(result).toMatchObject({ received: 250, inserted: 250, batches: 3, successfulBatches: 3, failedBatches: 0 });
    expect(await app.count('submissions')).toBe(250);
    expect(await committedBatches(app, result.loadId)).toEqual([
      [0, 100],
      [100, 200],
      [200, 250],
    ]);
    await expectAccounted(app, result);
  });

  it('that is asynchronous is rejected by load, which names loadBatch', async () => {
    const error = await errorOf(app.profiles.store(generatedLater(3) as unknown as Fields[]));
    expect(error).toBeInstanceOf(InvalidLoadError);
    expect((error as Error).message).toContain('loadBatch');
    expect(await app.count('submissions')).toBe(0);
  });

  it('of 5,000 records is stored while it is read, never held as a whole', async () => {
    let furthestAhead = 0;
    async function* watched(): AsyncGenerator<Fields> {
      let given = 0;
      for (const record of generated(5_000)) {
        if (given % 100 === 0) {
          furthestAhead = Math.max(furthestAhead, given - (await app.count('submissions')));
        }
        given += 1;
        yield record;
      }
    }
    const result = await app.profiles.storeBatch(watched(), { batchSize: 100 });
    expect(result).toMatchObject({ received: 5_000, inserted: 5_000, batches: 50 });
    expect(await app.count('submissions')).toBe(5_000);
    expect(furthestAhead).toBeLessThanOrEqual(1_000);
  });

  it('faster than the database waits for it: no more is read than the batches at work and the next', async () => {
    let given = 0;
    async function* eager(): AsyncGenerator<Fields> {
      for (const record of generated(2_000)) {
        given += 1;
        yield await Promise.resolve(record);
      }
    }
    const blocker = app.dataSource.createQueryRunner();
    await blocker.startTransaction();
    await blocker.query('LOCK TABLE submissions IN SHARE MODE');
    const loading = app.profiles.storeBatch(eager(), { batchSize: 100 });
    // Both connections of the load wait for the lock: nothing moves any more.
    await untilLockIsAwaited(app.rows, 2);
    const givenWhileBlocked = given;
    await blocker.commitTransaction();
    await blocker.release();
    expect(await loading).toMatchObject({ received: 2_000, inserted: 2_000 });
    expect(givenWhileBlocked).toBeLessThanOrEqual(300);
  });

  it('whose records are large makes smaller batches', async () => {
    const selftext = 'x'.repeat(3 * 1024 * 1024);
    const source = Array.from({ length: 7 }, (_, index) => submission(keyOf(index), { selftext }));
    const result = await app.profiles.storeBatch(source);
    expect(result).toMatchObject({ received: 7, inserted: 7 });
    expect(await committedBatches(app, result.loadId)).toEqual([
      [0, 3],
      [3, 6],
      [6, 7],
    ]);
  });

  it('is left within a batch when the load is aborted, and the result says what is in', async () => {
    const abort = new AbortController();
    let given = 0;
    async function* source(): AsyncGenerator<Fields> {
      for (const record of generated(5_000)) {
        given += 1;
        if (given === 1_050) {
          abort.abort();
        }
        yield await Promise.resolve(record);
      }
    }
    const error = await errorOf(app.profiles.storeBatch(source(), { batchSize: 100, signal: abort.signal }));
    expect(error).toBeInstanceOf(LoadInterruptedError);
    expect(given).toBeLessThanOrEqual(1_100);
    const { inserted, received, failed } = stoppedResult(error);
    expect(await app.count('submissions')).toBe(inserted);
    expect(received).toBe(inserted + failed);
    expect(inserted).toBeGreaterThanOrEqual(800);
  });

  it('that gives nothing more is left when a batch has failed', async () => {
    async function* stalling(): AsyncGenerator<Fields> {
      yield* generated(10);
      await new Promise(() => {});
    }
    const rejection = { table: 'submissions', when: `NEW.submission_id = '${keyOf(5)}'`, sqlstate: '53100' };
    await withRejection(app, rejection, async () => {
      const error = await errorOf(app.profiles.storeBatch(stalling(), { batchSize: 10 }));
      expect(error).toBeInstanceOf(LoadFailedError);
      expect(error).toMatchObject({ result: { received: 10, failed: 10 } });
    });
  });

  it('that breaks ends the load, and the batches before stay', async () => {
    async function* breaking(): AsyncGenerator<Fields> {
      yield* generatedLater(25);
      throw new Error('the source is gone');
    }
    const error = await errorOf(app.profiles.storeBatch(breaking(), { batchSize: 10 }));
    expect(error).toBeInstanceOf(LoadFailedError);
    expect(error).toMatchObject({ cause: { message: 'the source is gone' }, result: { received: 20, inserted: 20 } });
    expect(await app.rows('SELECT submission_id FROM submissions ORDER BY 1')).toEqual(
      many(20, (id) => ({ submission_id: id })),
    );
  });

  it('is closed when the load stops', async () => {
    let closed = false;
    function* source(): Generator<Fields> {
      try {
        yield* generated(1_000);
      } finally {
        closed = true;
      }
    }
    const stream = Readable.from(generated(1_000), { objectMode: true });
    const rejection = { table: 'submissions', when: `NEW.submission_id = '${keyOf(15)}'`, sqlstate: '53100' };
    await withRejection(app, rejection, async () => {
      expect(await errorOf(app.profiles.storeBatch(source(), { batchSize: 10 }))).toBeInstanceOf(LoadFailedError);
      expect(await errorOf(app.profiles.storeBatch(stream, { batchSize: 10 }))).toBeInstanceOf(LoadFailedError);
    });
    expect(closed).toBe(true);
    expect(stream.closed || (await once(stream, 'close'))).toBeTruthy();
    expect(await app.count('submissions')).toBeLessThan(990);
    expect(await app.count(`submissions WHERE submission_id BETWEEN '${keyOf(10)}' AND '${keyOf(19)}'`)).toBe(0);
  });

  it('without records loads nothing', async () => {
    const empty = await app.profiles.storeBatch(Readable.from([], { objectMode: true }));
    expect(empty).toMatchObject({ ok: true, received: 0, batches: 0, successRate: 0 });
    expect(await app.count('submissions')).toBe(0);
  });
});
