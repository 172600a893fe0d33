import { setTimeout as delay } from 'node:timers/promises';

import { isTransient, isWorkerLoss } from './faults/sqlstate.js';
import { NotConnectedError } from './faults/connection-error.js';

/** Limits of the retries of one batch. */
export interface RetryLimits {
  /** Attempts in total, including the first. Attempts without a connection, also to a worker, are not counted. */
  readonly maxAttempts: number;
  /** No attempt begins later than this after the first failure, in milliseconds. */
  readonly maxElapsedMs: number;
}

const FIRST_BACKOFF_MS = 50;
const LONGEST_BACKOFF_MS = 5_000;

/**
 * Retries `attempt` after transient errors, with exponential backoff and full jitter: the wait is random between 0 and
 * the backoff, so that loaders that collided do not collide again.
 * See https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 *
 * While the server is down, attempts fail within milliseconds and would be used up before a restart is over. So without
 * a connection, only the time is limited, and so it is while a worker of a distributed table is down.
 * @param mayRepeat - which errors to retry
 */
export async function withRetry<T>(
  limits: RetryLimits,
  attempt: () => Promise<T>,
  onRetry: (error: unknown) => void = () => {},
  mayRepeat: (error: unknown) => boolean = isTransient,
): Promise<T> {
  let deadline: number | undefined;
  let attempts = 0;
  for (let backoff = FIRST_BACKOFF_MS; ;) {
    try {
      return await attempt();
    } catch (error) {
      const now = Date.now();
      deadline ??= now + limits.maxElapsedMs;
      attempts += error instanceof NotConnectedError || isWorkerLoss(error) ? 0 : 1;
      if (!mayRepeat(error) || attempts >= limits.maxAttempts || now >= deadline) {
        throw error;
      }
      onRetry(error);
      backoff = Math.min(LONGEST_BACKOFF_MS, backoff * 2);
      // The last attempt is made at the deadline, not given up before it.
      await delay(Math.min(Math.random() * backoff, deadline - now));
    }
  }
}
