import { afterAll, beforeAll, describe, it } from '@jest/globals';
import fc from 'fast-check';

import { guardTables } from '../support/records/any-records.js';
import { startStorageApp, startStorageAppBeside, type StorageApp } from '../support/app/storage-app.js';
import { expectSameByThreads, threadedLoads } from '../support/records/threaded-loads.js';
import { propertyRuns } from '../support/sizes/sizes.js';

describe.each(['plain', 'guarded'] as const)('worker threads and %s tables', (kind) => {
  let alone: StorageApp;
  let threads: StorageApp;
  beforeAll(async () => {
    alone = await startStorageApp({ loader: { maxAttempts: 1 } });
    threads = await startStorageAppBeside(alone, { loader: { maxAttempts: 1, workers: 3 } });
    if (kind === 'guarded') {
      await guardTables(alone);
    }
  });
  afterAll(async () => {
    await threads.close();
    await alone.close();
  });

  it('leave what the thread of the load would leave', async () => {
    await fc.assert(
      fc.asyncProperty(threadedLoads, (load) => expectSameByThreads([alone, threads], load)),
      propertyRuns(300),
    );
  });
});
