import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import {
  type BatchLoadResult,
  type CombinedBatchResult,
  type HybridBatchResult,
  LoadFailedError,
  LoadInterruptedError,
  LoadStoppedError,
  QuarantineService,
  RejectLimitExceededError,
  type ReplayResult,
  SchemaMismatchError,
} from '../../../../src/index.js';
import { emptyTables } from '../../../support/app/quarantine.js';
import { startStorageApp, type StorageApp } from '../../../support/app/storage-app.js';
import { errorOf, withCheck, withRejection } from '../../../support/parity/faults.js';

/** True for one type and the same; a wider one, a narrower one and `any` make it false. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type AnyResult = BatchLoadResult | HybridBatchResult | CombinedBatchResult | ReplayResult;

/** Compiles for true only: what a caller sees of a caught error, without a cast. */
function isTrue<T extends true>(same: T): void {
  expect(same).toBe(true);
}

/** The result of a caught error, read as a caller reads it. */
function resultOf(error: unknown): AnyResult {
  if (error instanceof SchemaMismatchError) {
    isTrue<Same<typeof error.result, AnyResult | undefined>>(true);
  }
  if (error instanceof LoadFailedError) {
    isTrue<Same<typeof error.result, AnyResult>>(true);
  }
  if (error instanceof LoadInterruptedError) {
    isTrue<Same<typeof error.result, AnyResult>>(true);
  }
  if (error instanceof RejectLimitExceededError) {
    isTrue<Same<typeof error.result, AnyResult>>(true);
  }
  if (!(error instanceof LoadStoppedError)) {
    throw new Error('it carries no result');
  }
  const { result } = error;
  isTrue<Same<typeof result, AnyResult>>(true);
  // @ts-expect-error: only some of them have it, so `kind` must be looked at first
  void result.inserted;
  return result;
}

describe('the result an error carries', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startStorageApp({ loader: { maxAttempts: 1 } });
  });
  afterAll(() => app.close());
  beforeEach(() => emptyTables(app));

  const FULL_DISK = { when: 'true', sqlstate: '53100' };

  it.each(['store', 'storeBatch'] as const)('is that of a table, with its batches: %s', async (method) => {
    const rejection = { ...FULL_DISK, table: 'submissions' };
    const error = await withRejection(app, rejection, () => errorOf(app.profiles[method]([{ submission_id: 'a' }])));
    const result = resultOf(error);
    if (result.kind !== 'table') throw new Error(result.kind);
    expect([result.inserted, result.failed, result.failedBatches]).toEqual([0, 1, result.failures.length]);
  });

  it('is that of a hybrid load', async () => {
    const rejection = { ...FULL_DISK, table: 'submissions' };
    const error = await withRejection(app, rejection, () => errorOf(app.hybrid.store([{ submission_id: 'a' }])));
    const result = resultOf(error);
    if (result.kind !== 'hybrid') throw new Error(result.kind);
    expect([result.stored, result.failed, result.opportunities.kind, result.submissions.kind]).toEqual([
      0,
      1,
      'table',
      'table',
    ]);
  });

  it('is that of a replay', async () => {
    await withCheck(app, 'submissions', 'num_comments >= 0', () =>
      app.profiles.store([{ submission_id: 'a', num_comments: -1 }]),
    );
    const rejection = { ...FULL_DISK, table: 'submissions' };
    const error = await withRejection(app, rejection, () => errorOf(app.module.get(QuarantineService).replay()));
    const result = resultOf(error);
    if (result.kind !== 'replay') throw new Error(result.kind);
    expect([result.received, result.loaded, result.failed, result.loads]).toEqual([1, 0, 1, []]);
  });
});
