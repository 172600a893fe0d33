import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { StorageOperations } from '../../../src/operations/storage-operations.js';
import { emptyTables } from '../../support/app/quarantine.js';
import { startStorageApp, type StorageApp } from '../../support/app/storage-app.js';

describe('what operators ask', () => {
  let app: StorageApp;
  let operations: StorageOperations;
  beforeAll(async () => {
    app = await startStorageApp({ loader: { batchSize: 2, maxAttempts: 1 } });
    operations = new StorageOperations(app.dataSource);
  });
  afterAll(() => app.close());
  beforeEach(() => emptyTables(app));

  it('an empty history has empty answers', async () => {
    const none = { loads: { running: 0, completed: 0 }, records: { received: 0 }, averageSeconds: null };
    for (const [period, buckets] of [['24h', 24] as const, ['7d', 28] as const, ['30d', 30] as const]) {
      const activity = await operations.activity(period);
      expect(activity).toMatchObject({ total: none, history: { completeFrom: null } });
      expect(activity.buckets).toHaveLength(buckets);
    }
    expect(await operations.loads()).toEqual({ loads: [], hasNewer: false, hasOlder: false });
    expect(await operations.running()).toEqual({ count: 0, stalled: 0, loads: [] });
    expect(await operations.freshness()).toEqual([]);
    expect(await operations.rejectsByTableAndReason()).toEqual({ groups: [], count: 0, isExact: true });
    expect(await operations.pendingMigrations()).toEqual([]);
    expect(await operations.schemaDifferences()).toMatchObject({ breaking: [], other: [] });
  });
});
