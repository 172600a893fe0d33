import { describe, expect, it } from '@jest/globals';

import { withRetry } from '../../../src/postgres/with-retry.js';

const passing = Object.assign(new Error('in the way'), { code: '40001' });
const lasting = Object.assign(new Error('no such table'), { code: '42P01' });

/** Fails with each of these errors in turn, and then succeeds. */
function failing(...errors: Error[]) {
  let attempts = 0;
  return {
    attempt: async () => {
      const error = errors[attempts];
      attempts += 1;
      if (error !== undefined) throw error;
      return `attempt ${attempts}`;
    },
    attempts: () => attempts,
  };
}

describe('withRetry', () => {
  const limits = { maxAttempts: 3, maxElapsedMs: 30_000 };

  it('gives the result of the first attempt that succeeds', async () => {
    const work = failing(passing, passing);
    const retried: number[] = [];
    expect(await withRetry(limits, work.attempt, (_, made) => retried.push(made))).toBe('attempt 3');
    expect(retried).toEqual([1, 2]);
  });

  it('gives up after the attempts allowed, with the last error', async () => {
    const last = Object.assign(new Error('last'), { code: '40P01' });
    const work = failing(passing, passing, last, passing);
    await expect(withRetry(limits, work.attempt)).rejects.toBe(last);
    expect(work.attempts()).toBe(3);
  });

  it('gives up when the next attempt would begin too late', async () => {
    const work = failing(passing, passing);
    await expect(withRetry({ maxAttempts: 3, maxElapsedMs: -1 }, work.attempt)).rejects.toBe(passing);
    expect(work.attempts()).toBe(1);
  });

  it('does not repeat what would fail again', async () => {
    const work = failing(passing, lasting);
    await expect(withRetry(limits, work.attempt)).rejects.toBe(lasting);
    expect(work.attempts()).toBe(2);
  });
});
