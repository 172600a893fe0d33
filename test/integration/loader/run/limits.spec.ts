import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import {
  InvalidLoadError,
  LoadInterruptedError,
  type LoadOptions,
  RejectLimitExceededError,
} from '../../../../src/index.js';
import { emptyTables } from '../../../support/app/quarantine.js';
import { startStorageApp, type StorageApp } from '../../../support/app/storage-app.js';
import { stoppedResult, withRejection } from '../../../support/parity/faults.js';

describe('a load that is to stop', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startStorageApp({ loader: { parallelism: 1 } });
  });
  afterAll(() => app.close());
  beforeEach(() => emptyTables(app));
  let letSourceEnd = (): void => {};
  afterEach(() => letSourceEnd());

  const good = (id: number) => ({ submission_id: `g${id}`, problem_description: 'p' });
  const bad = (id: number) => ({ ...good(id), title: 5 });
  const failureOf = (load: Promise<unknown>): Promise<unknown> =>
    load.then(
      () => 'no failure',
      (error: unknown) => error,
    );
  const statusOf = async (error: unknown) => {
    const { loadId } = stoppedResult(error);
    return (await app.rows('SELECT status FROM storage_loads WHERE id = $1', [loadId]))[0]?.['status'];
  };

  it('takes as many rejected records as maxRejects allows', async () => {
    const result = await app.opportunities.store([bad(1), good(2), bad(3)], { maxRejects: 2 });
    expect(result).toMatchObject({ inserted: 1, rejected: 2 });
  });

  it('stops at one more, and rolls the load back', async () => {
    const error = await failureOf(app.opportunities.store([bad(1), good(2), bad(3)], { maxRejects: 1 }));
    expect(error).toBeInstanceOf(RejectLimitExceededError);
    expect(error).toMatchObject({
      code: 'REJECT_LIMIT_EXCEEDED',
      message: expect.stringContaining('more than 1 record'),
    });
    expect(error).toMatchObject({ result: { received: 3, inserted: 0, rejected: 0, failed: 3, ok: false } });
    expect(await app.count('app_opportunities')).toBe(0);
    expect(await app.count('storage_rejected_records')).toBe(0);
    expect(await statusOf(error)).toBe('failed');
  });

  it('names the column of the first rejected record', async () => {
    const error = await failureOf(app.opportunities.store([good(1), bad(2)], { onReject: 'fail' }));
    expect(error).toMatchObject({ message: expect.stringMatching(/number 1 \(from 0\): .* \(column title\)\.$/) });
  });

  it.each<LoadOptions>([{}, { disposition: 'append' }, { disposition: 'replace' }])(
    'tells which records were rejected, though they are not in quarantine: %j',
    async (options) => {
      const rejection = { table: 'app_opportunities', when: `NEW.title = 'no'`, sqlstate: '23514' };
      const refused = (id: number) => ({ ...good(id), title: 'no' });
      const records = [bad(0), refused(1), good(2), bad(3), refused(4)];
      const error = await withRejection(app, rejection, () =>
        failureOf(app.opportunities.store(records, { ...options, maxRejects: 3 })),
      );
      // A replace does not look for the row that is one too many when it exchanges the content.
      const named = options.disposition === 'replace' ? [0, 1, 3] : [0, 1, 3, 4];
      expect(error).toMatchObject({
        message: expect.stringMatching(/first rejected record is number 0 \(from 0\): /),
        rejects: named.map((position) => ({ position, reason: position % 3 === 0 ? 'wrong_type' : '23514' })),
        result: { rejects: [] },
      });
    },
  );

  it('tells of the batch that was rolled back only', async () => {
    const records = [bad(0), good(1), good(2), bad(3)];
    const error = await failureOf(app.opportunities.storeBatch(records, { batchSize: 2, maxRejects: 1 }));
    expect(error).toMatchObject({ rejects: [{ position: 3 }], result: { rejects: [{ position: 0 }] } });
  });

  it("stops at the first one with onReject: 'fail'", async () => {
    const error = await failureOf(app.opportunities.store([good(1), bad(2)], { onReject: 'fail' }));
    expect(error).toBeInstanceOf(RejectLimitExceededError);
    expect(await app.opportunities.store([good(1)], { onReject: 'fail' })).toMatchObject({ inserted: 1 });
  });

  it('counts rejected records over all batches, and keeps what was committed before', async () => {
    const records = [bad(0), good(1), bad(2), good(3), bad(4), good(5), good(6)];
    const error = await failureOf(app.opportunities.storeBatch(records, { batchSize: 2, maxRejects: 2 }));
    expect(error).toMatchObject({
      name: 'RejectLimitExceededError',
      result: { received: 6, inserted: 2, rejected: 2, failed: 2, successfulBatches: 2, failedBatches: 1 },
    });
    expect(await app.rows('SELECT submission_id AS id FROM app_opportunities ORDER BY 1')).toEqual([
      { id: 'g1' },
      { id: 'g3' },
    ]);
    expect(await app.count('storage_rejected_records')).toBe(2);
  });

  it('does not begin under a signal that is aborted already', async () => {
    const error = await failureOf(app.opportunities.store([good(1)], { signal: AbortSignal.abort() }));
    expect(error).toBeInstanceOf(LoadInterruptedError);
    expect(await statusOf(error)).toBe('interrupted');
    expect(await app.count('app_opportunities')).toBe(0);
  });

  it('stops between batches when the signal is aborted, and keeps those committed', async () => {
    const controller = new AbortController();
    const error = await failureOf(
      app.opportunities.storeBatch([1, 2, 3, 4, 5, 6].map(good), {
        batchSize: 2,
        signal: controller.signal,
        onProgress: ({ batches }) => batches === 2 && controller.abort(),
      }),
    );
    expect(error).toBeInstanceOf(LoadInterruptedError);
    expect(error).toMatchObject({ code: 'LOAD_INTERRUPTED', result: { inserted: 4, received: 6, failed: 2 } });
    expect(await app.count('app_opportunities')).toBe(4);
    expect(await statusOf(error)).toBe('interrupted');
  });

  it('rolls back the batch in hand when the signal is aborted while it is written', async () => {
    const controller = new AbortController();
    const aborting = {
      ...good(2),
      get title() {
        controller.abort();
        return 'read while the batch is prepared';
      },
    };
    const error = await failureOf(
      app.opportunities.storeBatch([good(1), aborting], { batchSize: 1, signal: controller.signal }),
    );
    expect(error).toMatchObject({ name: 'LoadInterruptedError', result: { inserted: 1, failed: 1 } });
    expect(await app.count('app_opportunities')).toBe(1);
  });

  it('does not wait for a source that gives no more records', async () => {
    const controller = new AbortController();
    const noMore = new Promise<void>((resolve) => {
      letSourceEnd = resolve;
    });
    async function* source() {
      yield good(1);
      controller.abort();
      await noMore;
    }
    const load = app.opportunities.storeBatch(source(), { batchSize: 1, signal: controller.signal });
    expect(await failureOf(load)).toBeInstanceOf(LoadInterruptedError);
  });

  it.each([
    [{ batchSize: 0 }, 'batchSize must be an integer from 1 to 100000'],
    [{ disposition: 'upsert' }, "disposition must be 'merge', 'insert', 'update', 'append' or 'replace'"],
    [{ maxRejects: -1 }, 'maxRejects must be an integer from 0'],
    [{ onReject: 'fail', maxRejects: 3 }, 'give one of the two'],
    [{ newerBy: 'analyzed_at', disposition: 'append' }, "newerBy goes with disposition 'merge'"],
    [
      { newerBy: 'analyzed_at', disposition: 'insert' },
      "newerBy goes with disposition 'merge' or 'update', not 'insert'",
    ],
    [{ allowEmpty: true }, "allowEmpty goes with disposition 'replace'"],
    [{ batchsize: 5 }, 'batchsize is no option of a load (did you mean batchSize?)'],
    [{ signal: {} }, 'signal must be an AbortSignal'],
  ])('is rejected before it begins when its options are wrong: %j', async (options, message) => {
    const error = await failureOf(app.opportunities.store([good(1)], options as object));
    expect(error).toBeInstanceOf(InvalidLoadError);
    expect(error).toMatchObject({ message: expect.stringContaining(message) });
    expect(await app.count('storage_loads')).toBe(0);
  });

  it('names all mistakes at once', async () => {
    const error = await failureOf(app.opportunities.store([], { batchSize: -1, source: '', upsert: true } as object));
    expect((error as Error).message).toMatch(/batchSize.*source.*upsert/);
  });

  it.each([[null], [undefined], ['text'], [{}], [5]])('is rejected when its records are %j', async (records) => {
    expect(await failureOf(app.opportunities.store(records as never))).toBeInstanceOf(InvalidLoadError);
    expect(await failureOf(app.opportunities.storeBatch(records as never))).toBeInstanceOf(InvalidLoadError);
  });

  it('has nothing to do without records: ok, received 0, no trace', async () => {
    expect(await app.opportunities.store([])).toMatchObject({ ok: true, received: 0, inserted: 0 });
    expect(await app.opportunities.storeBatch([])).toMatchObject({ ok: true, received: 0, batches: 0, successRate: 0 });
    expect(await app.hybrid.store([])).toMatchObject({ ok: true, received: 0, stored: 0 });
    expect(await app.count('storage_loads')).toBe(0);
  });
});
