import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { type FaultApp, startFaultApp } from '../support/app/fault-app.js';
import { emptyTables } from '../support/app/quarantine.js';
import { aboutTheFirst, COMMIT_OF_BATCH } from '../support/database/interceptions.js';

const REPLACES = 6;
const ROWS = 500;

/** Sets that share half of their keys with the next one. */
const setOf = (replace: number) =>
  Array.from({ length: ROWS }, (_, index) => ({
    submission_id: `t3_${(replace * ROWS) / 2 + index}`,
    title: `set ${replace}`,
  }));

describe('replaces at the same time', () => {
  let fault: FaultApp;
  beforeAll(async () => {
    fault = await startFaultApp({ poolSize: 2 * REPLACES });
  });
  afterAll(() => fault.close());
  beforeEach(async () => {
    await fault.proxy.restore();
    await emptyTables(fault.app);
  });

  /** Runs all of them; the table then holds one of the sets, and nothing else. */
  async function expectOneCompleteSet(): Promise<void> {
    const results = await Promise.all(
      Array.from({ length: REPLACES }, (_, replace) =>
        fault.app.profiles.storeBatch(setOf(replace), { disposition: 'replace', batchSize: 250 }),
      ),
    );
    expect(results.map(({ ok, received }) => ({ ok, received }))).toEqual(
      Array.from({ length: REPLACES }, () => ({ ok: true, received: ROWS })),
    );
    expect(await fault.rows('SELECT title, count(*)::integer FROM submissions GROUP BY title')).toEqual([
      { title: expect.stringMatching(/^set \d$/), count: ROWS },
    ]);
    expect(await fault.rows('SELECT status, count(*)::integer FROM storage_loads GROUP BY status')).toEqual([
      { status: 'completed', count: REPLACES },
    ]);
  }

  it('leave one complete set', expectOneCompleteSet);

  it('leave one complete set where the connection of one is lost on its way', async () => {
    fault.proxy.intercept(aboutTheFirst({ pattern: /^COPY/ }, () => 'cut'));
    await expectOneCompleteSet();
  });

  it('leave one complete set where the COMMIT of one gets no reply', async () => {
    fault.proxy.intercept(aboutTheFirst(COMMIT_OF_BATCH, () => 'cut the reply'));
    await expectOneCompleteSet();
  });

  it('and a merge leave the whole set, and the merged rows that came after it', async () => {
    const merged = Array.from({ length: ROWS }, (_, index) => ({ submission_id: `own_${index}`, title: 'merged' }));
    const [replaced, added] = await Promise.all([
      fault.app.profiles.storeBatch(setOf(0), { disposition: 'replace' }),
      fault.app.profiles.storeBatch(merged, { batchSize: 50 }),
    ]);
    expect([replaced.ok, added.ok]).toEqual([true, true]);
    expect(await fault.value(`SELECT count(*)::integer FROM submissions WHERE title = 'set 0'`)).toBe(ROWS);
    expect(await fault.value(`SELECT count(*)::integer FROM submissions WHERE title = 'merged'`)).toBe(
      added.inserted - replaced.removed,
    );
  });
});
