import { Readable } from 'node:stream';

import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { readRecords } from '../../../../src/files/read-records.js';
import { LoadFailedError } from '../../../../src/index.js';
import { emptyTables, quarantined } from '../../../support/app/quarantine.js';
import { startStorageApp, startStorageAppBeside, type StorageApp } from '../../../support/app/storage-app.js';

jest.setTimeout(120_000);

const COUNT = 4;

/** Keys that repeat, lines that are rejected and records without a key. */
const LINES = Array.from({ length: 200 }, (_, n) => {
  const post = { submission_id: `t3_${n % 60}`, title: n % 23 === 5 ? n : `title ${n}`, [`odd ${n % 3}`]: n };
  return n % 29 === 0 ? 'not json' : JSON.stringify(n % 17 === 3 ? { title: `no key ${n}` } : post);
});

/** A file of these lines; one of fewer breaks after them. */
function file(count: number) {
  const bytes = (function* () {
    yield Buffer.from(`${LINES.slice(0, count).join('\n')}\n`);
    if (count < LINES.length) {
      throw new Error('the source broke');
    }
  })();
  return readRecords(Readable.from(bytes, { objectMode: false }), { format: 'jsonl' });
}

/** Loads the file in shards, one of which breaks and resumes: all that it leaves. */
async function traceOf(app: StorageApp): Promise<unknown> {
  await emptyTables(app);
  const load = (index: number, count = LINES.length) =>
    app.loader.loadBatch('submissions', file(count), { loadKey: 'k', shard: { index, count: COUNT } });
  await expect(load(1, 150)).rejects.toThrow(LoadFailedError);
  const results = [await load(0), await load(1), await load(2), await load(3)];
  expect(results[1]?.receivedEarlier).toBeGreaterThan(0);
  expect(results[3]?.shard).toEqual({ index: 3, count: COUNT, loadCompleted: true });
  return {
    counts: results.map(({ received, inserted, updated, duplicates, rejected, skippedReasons, unknownFields }) => ({
      counts: [received, inserted + updated + duplicates, rejected],
      names: [skippedReasons, unknownFields],
    })),
    rows: await app.rows('SELECT submission_id, title, extra FROM submissions ORDER BY 1'),
    rejected: await quarantined(app, results[0]?.loadId as string),
  };
}

describe('shards of a file', () => {
  let alone: StorageApp;
  let threads: StorageApp;
  beforeAll(async () => {
    alone = await startStorageApp({ loader: { batchSize: 7 } });
    threads = await startStorageAppBeside(alone, { loader: { batchSize: 7, workers: 2 } });
  });
  afterAll(async () => {
    await threads.close();
    await alone.close();
  });

  it('are by worker threads what they are by one thread, also when one breaks and resumes', async () => {
    const expected = await traceOf(alone);
    expect(await traceOf(threads)).toEqual(expected);
  });
});
