import { Readable } from 'node:stream';

import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import fc from 'fast-check';

import { readRecords } from '../../../../src/files/read-records.js';
import { LoadInterruptedError } from '../../../../src/index.js';
import { emptyTables } from '../../../support/app/quarantine.js';
import { startStorageApp, startStorageAppBeside, type StorageApp } from '../../../support/app/storage-app.js';
import { expectSameByThreads, threadedLoads } from '../../../support/records/threaded-loads.js';
import { propertyRuns, sized } from '../../../support/sizes/sizes.js';

jest.setTimeout(120_000);

describe('worker threads', () => {
  let alone: StorageApp;
  let threads: StorageApp;
  beforeAll(async () => {
    alone = await startStorageApp({ loader: { maxAttempts: 1 } });
    threads = await startStorageAppBeside(alone, { loader: { maxAttempts: 1, workers: 2 } });
  });
  afterAll(async () => {
    await threads.close();
    await alone.close();
  });

  it('load a file as the thread of the load does', async () => {
    await fc.assert(
      fc.asyncProperty(threadedLoads, (load) => expectSameByThreads([alone, threads], load)),
      { ...propertyRuns(50), numRuns: sized(2, 50) },
    );
  });

  it('do not wait for a source that gives no more records', async () => {
    await emptyTables(threads);
    const interrupt = new AbortController();
    const source = new Readable({ read() {} });
    source.push('{"submission_id":"t3_1"}\n{"submission_id":"t3_2"}\n{"submission_id":"t3_3"}\n');
    const onProgress = ({ received }: { readonly received: number }): void => {
      if (received === 3) {
        interrupt.abort();
      }
    };
    const load = threads.loader.loadBatch('submissions', readRecords(source, { format: 'jsonl' }), {
      batchSize: 1,
      signal: interrupt.signal,
      onProgress,
    });
    const error = await load.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(LoadInterruptedError);
    expect(error).toMatchObject({ result: { received: 3, inserted: 3, failed: 0 } });
  });

  it.each([
    ['gone', 0],
    ['gonne', 1],
  ])('tell whether records have the field of deleteWhen: %s', async (deleteWhen, warnings) => {
    const warn = jest.spyOn(Logger.prototype, 'warn');
    const file = Readable.from('{"submission_id":"t3_1","gone":false,"gone_":1}\n', { objectMode: false });
    await threads.loader.loadBatch('submissions', readRecords(file, { format: 'jsonl' }), { deleteWhen });
    expect(warn.mock.calls.filter(([message]) => String(message).includes('deleteWhen'))).toHaveLength(warnings);
    warn.mockRestore();
  });
});
