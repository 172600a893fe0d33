import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { emptyTables } from '../../../support/app/quarantine.js';
import { startStorageApp, type StorageApp } from '../../../support/app/storage-app.js';
import { followRoundTrips, type RoundTrips } from '../../../support/database/round-trips.js';

const record = (n: number, title = 't') => ({ submission_id: `t3_${n}`, problem_description: 'p', title });

describe('a small store', () => {
  let app: StorageApp;
  let trips: RoundTrips;
  beforeAll(async () => {
    app = await startStorageApp();
    // The first load reads the tables.
    await app.hybrid.store([record(0)]);
    trips = followRoundTrips(app.dataSource);
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    await emptyTables(app);
    trips.reset();
  });

  it.each([
    ['one record', () => app.opportunities.store([record(1)])],
    ['one hybrid record', () => app.hybrid.store([record(1)])],
    [
      '100 records by append',
      () =>
        app.profiles.store(
          Array.from({ length: 100 }, (_, n) => record(n)),
          { disposition: 'append' },
        ),
    ],
  ])('waits once for the server: %s', async (_, store) => {
    const result = await store();
    expect(result).toMatchObject({ ok: true, retries: 0 });
    expect(trips.waits).toBe(1);
    expect(trips.sent).toEqual([expect.stringMatching(/^BEGIN/), expect.stringMatching(/^WITH/), 'COMMIT']);
  });
});
