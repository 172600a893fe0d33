import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { withRetry } from '../../../src/postgres/with-retry.js';
import { NotConnectedError } from '../../../src/postgres/faults/connection-error.js';

const passing = Object.assign(new Error('in the way'), { code: '40001' });
const away = new NotConnectedError(Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }));
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
  let now: number;
  beforeEach(() => {
    now = 0;
    jest.spyOn(Date, 'now').mockImplementation(() => now);
    jest.spyOn(Math, 'random').mockReturnValue(0);
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it('gives the result of the first attempt that succeeds', async () => {
    const work = failing(passing, passing);
    const retried: unknown[] = [];
    expect(await withRetry(limits, work.attempt, (error) => retried.push(error))).toBe('attempt 3');
    expect(retried).toEqual([passing, passing]);
  });

  it('gives up after the attempts allowed, with the last error', async () => {
    const last = Object.assign(new Error('last'), { code: '40P01' });
    const work = failing(passing, passing, last, passing);
    await expect(withRetry(limits, work.attempt)).rejects.toBe(last);
    expect(work.attempts()).toBe(3);
  });

  it('counts no attempt that got no connection', async () => {
    const work = failing(away, passing, away, away, passing, away);
    expect(await withRetry(limits, work.attempt)).toBe('attempt 7');
  });

  it('counts no attempt that lost a worker of Citus', async () => {
    const lost = Object.assign(new Error('connection to the remote node postgres@10.0.0.1:5432 failed'), {
      code: '08006',
    });
    const work = failing(lost, passing, lost, lost, passing, lost);
    expect(await withRetry(limits, work.attempt)).toBe('attempt 7');

    const own = Object.assign(new Error('server closed the connection unexpectedly'), { code: '08006' });
    await expect(withRetry(limits, failing(own, own, own).attempt)).rejects.toBe(own);
  });

  it('gives up when the time is over, connected or not', async () => {
    for (const error of [passing, away]) {
      const work = failing(error, error);
      await expect(withRetry({ maxAttempts: 3, maxElapsedMs: 0 }, work.attempt)).rejects.toBe(error);
      expect(work.attempts()).toBe(1);
    }
  });

  it('counts the time from the first failure, however long the attempt before it took', async () => {
    const work = failing(passing);
    const slow = async (): Promise<string> => {
      now += work.attempts() === 0 ? 60_000 : 0;
      return work.attempt();
    };
    expect(await withRetry(limits, slow)).toBe('attempt 2');
  });

  it('makes its last attempt when the time ends, where the wait would have been longer', async () => {
    jest.spyOn(Math, 'random').mockReturnValue(1);
    const work = failing(away, away, away);
    const timed = async (): Promise<string> => {
      now += work.attempts() * 10;
      return work.attempt();
    };
    await expect(withRetry({ maxAttempts: 1, maxElapsedMs: 10 }, timed)).rejects.toBe(away);
    expect(work.attempts()).toBe(2);
  });

  it('gives up when an attempt may not be made at all after the first', async () => {
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
