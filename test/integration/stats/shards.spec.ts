import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import type { ClientBase } from 'pg';

import {
  type BatchLoadResult,
  type HistoryEntry,
  InvalidLoadError,
  LoadFailedError,
  LoadInterruptedError,
  type LoadOptions,
} from '../../../src/index.js';
import { withTransaction } from '../../../src/postgres/with-transaction.js';
import { NO_COUNTS } from '../../../src/results/load-counts.js';
import { ledgerTablesOf } from '../../../src/stats/ledger-tables.js';
import { LoadLedger } from '../../../src/stats/load-ledger.js';
import { LoadShards, type SettledLoad, type ShardedEntry } from '../../../src/stats/shards/load-shards.js';
import { StorageOperations } from '../../../src/operations/storage-operations.js';
import { emptyTables, quarantined } from '../../support/app/quarantine.js';
import { startStorageApp, type StorageApp } from '../../support/app/storage-app.js';
import { untilLockIsAwaited } from '../../support/database/lock-waits.js';

const COUNT = 4;
const KEYS = 60;
const LIMITS = { statementTimeoutMs: 0, lockTimeoutMs: 0 };

/** Keys that repeat, records that are rejected and records without a key. */
const POSTS = Array.from({ length: 200 }, (_, n) =>
  n % 17 === 3
    ? { title: `no key ${n}` }
    : { submission_id: `t3_${n % KEYS}`, title: n % 23 === 5 ? n : `title ${n}`, num_comments: n, [`odd ${n % 3}`]: n },
);

const ROWS = `SELECT submission_id, title, num_comments, extra FROM submissions ORDER BY submission_id`;

describe('a load in shards', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startStorageApp({ loader: { batchSize: 7 } });
  });
  afterAll(() => app.close());
  beforeEach(() => emptyTables(app));

  const load = (index: number, records: readonly object[] = POSTS, options: LoadOptions = {}) =>
    app.profiles.storeBatch(records as never, { loadKey: 'k', shard: { index, count: COUNT }, ...options });
  const all = (records?: readonly object[]) => Promise.all([0, 1, 2, 3].map((index) => load(index, records)));
  const sum = (results: readonly BatchLoadResult[], name: 'received' | 'rejected' | 'inserted' | 'duplicates') =>
    results.reduce((total, result) => total + result[name], 0);

  it('stores what one loader stores, when all shards arrive at once: one load, whose counts are their sums', async () => {
    const alone = await app.profiles.storeBatch(POSTS as never, { loadKey: 'alone' });
    const [rows, rejected] = [await app.rows(ROWS), await quarantined(app, alone.loadId)];
    await emptyTables(app);

    const results = await all();
    expect(await app.rows(ROWS)).toEqual(rows);
    const [first] = results;
    expect(results.every(({ received }) => received > 20)).toBe(true);
    expect(results.filter(({ shard }) => shard?.loadCompleted)).toHaveLength(1);
    expect(await quarantined(app, first?.loadId as string)).toEqual(rejected);

    const history = await app.stats.history();
    expect(history).toHaveLength(1);
    expect(history[0]).toMatchObject({
      loadId: first?.loadId,
      status: 'completed',
      shards: COUNT,
      received: POSTS.length,
      inserted: alone.inserted,
      rejected: alone.rejected,
      unknownFields: { ...alone.unknownFields },
      error: null,
    });
    expect(sum(results, 'received')).toBe(POSTS.length);
    expect(history[0]?.duplicates).toBe(sum(results, 'duplicates'));
  });

  it('resumes a shard that was interrupted, and leaves the others alone', async () => {
    const abort = new AbortController();
    const stopping = (function* () {
      for (const [n, post] of POSTS.entries()) {
        if (n === 150) {
          abort.abort();
        }
        yield post;
      }
    })();
    await load(0);
    const interrupted = app.profiles.storeBatch(stopping as never, {
      loadKey: 'k',
      shard: { index: 2, count: COUNT },
      signal: abort.signal,
    });
    await expect(interrupted).rejects.toThrow(LoadInterruptedError);
    const shards = await app.stats.shards((await load(0)).loadId);
    expect(shards).toMatchObject([
      { shard: 0, status: 'completed', attempt: 1, error: null },
      { shard: 1, status: 'not started', attempt: 0, received: 0, startedAt: null },
      { shard: 2, status: 'interrupted', error: { code: 'LOAD_INTERRUPTED' } },
      { shard: 3, status: 'not started' },
    ]);
    expect(await app.stats.history()).toMatchObject([{ status: 'interrupted', attempt: 1 }]);

    await load(1);
    expect(await app.stats.history()).toMatchObject([{ status: 'interrupted' }]);
    expect(await load(0)).toMatchObject({ alreadyCompleted: true, shard: { index: 0, loadCompleted: false } });
    await load(3);
    const resumed = await load(2);
    expect(resumed).toMatchObject({ alreadyCompleted: false, shard: { index: 2, count: COUNT, loadCompleted: true } });
    expect(resumed.receivedEarlier).toBeGreaterThan(0);
    expect(await app.stats.history()).toMatchObject([
      { status: 'completed', attempt: 2, received: POSTS.length, error: null },
    ]);
    const again = await all();
    expect(again.map(({ alreadyCompleted, shard }) => [alreadyCompleted, shard?.loadCompleted])).toEqual(
      Array.from({ length: COUNT }, () => [true, true]),
    );
    expect(sum(again, 'received')).toBe(POSTS.length);
  });

  it('lets the later of two attempts at one shard take it over', async () => {
    let begin = () => {};
    const begun = new Promise<void>((resolve) => (begin = resolve));
    let go = () => {};
    const going = new Promise<void>((resolve) => (go = resolve));
    const slow = (async function* () {
      yield* POSTS.slice(0, 100);
      begin();
      await going;
      yield* POSTS.slice(100);
    })();
    const first = app.profiles.storeBatch(slow as never, { loadKey: 'k', shard: { index: 1, count: COUNT } });
    await begun;
    const operations = new StorageOperations(app.dataSource);
    const [running] = await app.stats.history();
    const shards = await app.stats.shards(running?.loadId as string);
    expect(shards[1]).toMatchObject({ status: 'running', finishedAt: null });
    // It counts what is committed, as the timeline does.
    const { slices } = await operations.timeline(running as HistoryEntry);
    expect(slices.reduce((total, { records }) => total + records, 0)).toBe(shards[1]?.received);
    expect(shards[1]?.received).toBeGreaterThan(0);
    const second = await load(1);
    go();
    await expect(first).rejects.toThrow(LoadFailedError);
    await expect(first).rejects.toThrow('the shard 1 has taken this one over');
    expect(second.shard).toEqual({ index: 1, count: COUNT, loadCompleted: false });
    await Promise.all([load(0), load(2), load(3)]);
    expect(await app.stats.history()).toMatchObject([{ status: 'completed', received: POSTS.length }]);
  });

  it('does not end while a shard begins', async () => {
    const tables = ledgerTablesOf(app.dataSource);
    const shards = new LoadShards(tables, new LoadLedger(tables));
    const inTransaction = <T>(work: (client: ClientBase) => Promise<T>) =>
      withTransaction(app.dataSource, LIMITS, work);
    const entryOf = (index: number): ShardedEntry => ({
      loadId: '01a00000-0000-7000-8000-000000000000',
      attempt: 1,
      loadKey: 'k',
      table: 'submissions',
      disposition: 'merge',
      source: undefined,
      options: { shards: 2 },
      shard: { index, count: 2 },
    });
    await inTransaction((client) => shards.claim(client, entryOf(0)));
    let ending: Promise<SettledLoad> | undefined;
    await inTransaction(async (client) => {
      await shards.claim(client, entryOf(1));
      const failed = { status: 'failed', counts: NO_COUNTS, unknown: undefined, error: undefined } as const;
      ending = inTransaction((other) => shards.close(other, entryOf(0), { ...failed, inputRecords: undefined }));
      await untilLockIsAwaited(app.rows);
    });
    expect(await ending).toEqual({ isCompleted: false });
    expect(await app.stats.history()).toMatchObject([{ status: 'running' }]);
  });

  it('ends as failed when its shards have read different inputs', async () => {
    await Promise.all([load(0), load(1), load(2)]);
    await expect(load(3, [...POSTS, { submission_id: 'more' }])).rejects.toThrow(
      'The shards have read inputs of 200, 201 records',
    );
    expect(await app.stats.history()).toMatchObject([{ status: 'failed', error: { code: 'SOURCE_CHANGED' } }]);
    // Kubernetes starts a pod that failed again: it must not end well.
    for (const index of [3, 0]) {
      await expect(load(index)).rejects.toThrow('The shards have read inputs of 200, 201 records');
    }
  });

  it('frees its key when the input of all shards is empty', async () => {
    const results = await all([]);
    expect(results.filter(({ shard }) => shard?.loadCompleted)).toHaveLength(1);
    expect(await app.stats.history()).toEqual([]);
    expect(await app.count('storage_load_shards')).toBe(0);
  });

  it('has shards without records', async () => {
    const results = await all([{ submission_id: 'one' }]);
    expect(sum(results, 'inserted')).toBe(1);
    expect(await app.stats.history()).toMatchObject([{ status: 'completed', received: 1 }]);
  });

  it('is another load with another number of shards, or without', async () => {
    await load(0);
    const others: LoadOptions[] = [{ shard: { index: 0, count: 3 } }, { shard: undefined }];
    for (const other of others) {
      await expect(load(0, POSTS, other)).rejects.toThrow('or load with as many shards as that load has');
    }
  });

  it('is refused by name where it cannot be', async () => {
    const shard = { index: 4, count: 4 };
    await expect(load(0, POSTS, { shard })).rejects.toThrow('an index from 0 to count - 1');
    await expect(load(0, POSTS, { loadKey: undefined })).rejects.toThrow('shard needs a loadKey');
    await expect(load(0, POSTS, { disposition: 'replace' })).rejects.toThrow("does not go with disposition 'replace'");
    const options = { loadKey: 'k', shard: { index: 0, count: 2 } };
    await expect(app.profiles.store([], options)).rejects.toThrow(InvalidLoadError);
    await expect(app.hybrid.store([], options)).rejects.toThrow('shard goes with loadBatch and storeBatch');
    await app.dataSource.transaction((manager) =>
      expect(app.profiles.withManager(manager).storeBatch(POSTS as never, options)).rejects.toThrow(InvalidLoadError),
    );
    expect(await app.stats.history()).toEqual([]);
  });
});
