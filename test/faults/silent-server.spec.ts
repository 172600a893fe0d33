import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { type FaultApp, startFaultApp } from '../support/app/fault-app.js';
import { emptyTables } from '../support/app/quarantine.js';
import { aboutTheFirst, COMMIT_OF_BATCH } from '../support/database/interceptions.js';
import { stoppedResult } from '../support/parity/faults.js';

const COUNT = 500;
/** More than the buffers of a connection hold. */
const records = Array.from({ length: COUNT }, (_, index) => ({
  submission_id: `t3_${index}`,
  title: 'x'.repeat(30_000),
}));

/** The network swallows everything, so that nobody is told of the loss: only bounds of this side end the waits. */
describe('a server that has fallen silent', () => {
  let fault: FaultApp;
  beforeAll(async () => {
    // The client waits 5 s longer than statement_timeout.
    fault = await startFaultApp({ connectTimeoutMs: 500, loader: { parallelism: 1, statementTimeoutMs: 500 } });
    // So that the first transaction is that of a batch, and not the one that reads the table.
    await fault.app.profiles.store([]);
  });
  afterAll(() => fault.close());
  beforeEach(async () => {
    await fault.proxy.restore();
    await emptyTables(fault.app);
  });

  it.each([
    ['before the load', { pattern: /^BEGIN/ }],
    ['at COPY', { pattern: /^COPY/ }],
    ['at the write of the table', { pattern: /(?:INTO|^COPY) "public"\."submissions"/ }],
    ['at COMMIT', COMMIT_OF_BATCH],
  ])('%s is given up in time, and the load finishes when it is back', async (_, choice) => {
    fault.proxy.intercept(
      aboutTheFirst(choice, () => {
        fault.proxy.swallow();
        return 'pass';
      }),
    );
    // Two retries: the first gets no connection either.
    let retries = 0;
    const result = await fault.app.profiles.storeBatch(records, {
      disposition: 'append',
      batchSize: 250,
      onProgress: ({ status }) => {
        if (status === 'retrying' && (retries += 1) === 2) {
          fault.proxy.cut();
          void fault.proxy.restore();
        }
      },
    });
    expect(result).toMatchObject({ ok: true, inserted: COUNT, failed: 0 });
    expect(result.retries).toBeGreaterThanOrEqual(2);
    expect(await fault.value('SELECT count(*)::integer FROM submissions')).toBe(COUNT);
  });
});

describe('a server that has fallen silent for good', () => {
  let fault: FaultApp;
  beforeAll(async () => {
    fault = await startFaultApp({ connectTimeoutMs: 200, loader: { maxRetryMs: 400, statementTimeoutMs: 200 } });
  });
  afterAll(async () => {
    await fault.proxy.restore();
    await fault.close();
  });

  it('ends the load in time, and nothing is reported as loaded', async () => {
    fault.proxy.intercept(
      aboutTheFirst({ pattern: /^COPY/ }, () => {
        fault.proxy.swallow();
        return 'pass';
      }),
    );
    const failure: unknown = await fault.app.profiles.storeBatch(records).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'LOAD_FAILED', result: { inserted: 0, ok: false } });
    const { failed, received } = stoppedResult(failure);
    expect(failed).toBe(received);
    expect(await fault.value('SELECT count(*)::integer FROM submissions')).toBe(0);
  });
});

describe('a table that another session keeps locked', () => {
  let fault: FaultApp;
  beforeAll(async () => {
    fault = await startFaultApp({ loader: { lockTimeoutMs: 200, maxAttempts: 2 } });
  });
  afterAll(() => fault.close());

  it('ends the first load, which has to read what it is, in time', async () => {
    const other = await fault.connect();
    await other.query('BEGIN; LOCK TABLE submissions IN ACCESS EXCLUSIVE MODE');
    const load = fault.app.profiles.store([{ submission_id: 'a' }]);
    await expect(load).rejects.toMatchObject({ code: 'SCHEMA_UNREADABLE', cause: { code: '55P03' } });
    await other.query('ROLLBACK');
    await other.end();
    expect(await fault.app.profiles.store([{ submission_id: 'a' }])).toMatchObject({ inserted: 1 });
  });
});
