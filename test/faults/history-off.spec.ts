import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import type { LoadResult } from '../../src/index.js';
import { type FaultApp, startFaultApp } from '../support/app/fault-app.js';
import { emptyTables } from '../support/app/quarantine.js';
import type { StorageApp } from '../support/app/storage-app.js';
import { aboutTheFirst } from '../support/database/interceptions.js';

const COMMIT_OF_ROWS = { pattern: /^COMMIT/, after: /(?:INTO|COPY) "public"\."submissions"/ };
const rows = (count: number): { submission_id: string; trust_score?: string }[] =>
  Array.from({ length: count }, (_, n) => ({ submission_id: `t3_${n}` }));
const REJECTED = { submission_id: 't3_x', trust_score: 'high' };

type Load = (app: StorageApp) => Promise<LoadResult>;
const LOADS: readonly [string, number, number, Load][] = [
  ['a small store', 3, 0, ({ profiles }) => profiles.store(rows(3))],
  ['a small store with a rejected record', 3, 1, ({ profiles }) => profiles.store([...rows(3), REJECTED])],
  ['a store', 250, 0, ({ profiles }) => profiles.store(rows(250))],
  ['batches', 250, 0, ({ profiles }) => profiles.storeBatch(rows(250), { batchSize: 40 })],
  [
    'batches with rejected records',
    250,
    1,
    ({ profiles }) => profiles.storeBatch([REJECTED, ...rows(250)], { batchSize: 40 }),
  ],
];

describe("a COMMIT that gets no reply, with history: 'off'", () => {
  let fault: FaultApp;
  beforeAll(async () => {
    fault = await startFaultApp({ history: 'off', loader: { parallelism: 1 } });
    // What follows finds the plan of the table.
    await fault.app.profiles.store(rows(1));
  });
  afterAll(() => fault.close());
  beforeEach(async () => {
    await fault.proxy.restore();
    await emptyTables(fault.app);
  });

  it.each(LOADS)('is a merge that is done again: %s', async (_, stored, rejected, load) => {
    for (const verdict of ['cut the reply', 'cut'] as const) {
      await emptyTables(fault.app);
      fault.proxy.intercept(aboutTheFirst(COMMIT_OF_ROWS, () => verdict));
      const result = await load(fault.app);
      expect(result).toMatchObject({ received: stored + rejected, duplicates: 0, rejected, failed: 0 });
      expect(result.inserted + result.unchanged).toBe(stored);
      expect(result.retries).toBeGreaterThan(0);
      expect(await fault.value('SELECT count(*)::integer FROM submissions')).toBe(stored);
      expect(await fault.value('SELECT count(*)::integer FROM storage_rejected_records')).toBe(rejected);
      expect(
        await fault.rows(`SELECT id AS "loadId", status, received::integer, rejected::integer FROM storage_loads`),
      ).toEqual(
        rejected === 0
          ? []
          : [{ loadId: result.loadId, status: 'completed', received: result.received, rejected: result.rejected }],
      );
    }
  });
});

describe("a COMMIT that gets no reply, with history: 'off' and without a retry", () => {
  it('has an unknown outcome, and says that the merge can be loaded again', async () => {
    const fault = await startFaultApp({ history: 'off', loader: { maxAttempts: 1 } });
    try {
      fault.proxy.intercept(aboutTheFirst(COMMIT_OF_ROWS, () => 'cut the reply'));
      await expect(fault.app.profiles.storeBatch(rows(5))).rejects.toMatchObject({
        code: 'LOAD_FAILED',
        message: expect.stringMatching(/Commit outcome unknown: batch 0.*Loading again is safe with merge\.$/),
      });
      expect(await fault.app.profiles.storeBatch(rows(5))).toMatchObject({ ok: true, unchanged: 5 });
    } finally {
      await fault.close();
    }
  });
});
