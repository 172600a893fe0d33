import { setTimeout as delay } from 'node:timers/promises';

import { isPassing } from './sqlstate.js';
import { NotConnectedError } from './connection-loss.js';

/** Bounds of the retries of one batch. */
export interface RetryLimits {
  /** Attempts in all, the first included. One that got no connection has tried nothing, and is not counted. */
  readonly maxAttempts: number;
  /** No attempt begins later than this after the first failure, in milliseconds. */
  readonly maxElapsedMs: number;
}

const FIRST_BACKOFF_MS = 50;
const LONGEST_BACKOFF_MS = 5_000;

/**
 * Repeats `attempt` while it fails for a passing reason, with exponential backoff and full jitter: the wait is random
 * between 0 and the backoff, so that many loaders that collided do not collide again.
 * See https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 *
 * While the server is away an attempt fails within a millisecond, and as many as are allowed would be used up before a
 * restart is over: as long as there is no connection, only the time is bounded.
 * @param mayRepeat - which failures are worth another attempt
 */
export async function withRetry<T>(
  limits: RetryLimits,
  attempt: () => Promise<T>,
  onRetry: (error: unknown) => void = () => {},
  mayRepeat: (error: unknown) => boolean = isPassing,
): Promise<T> {
  let deadline: number | undefined;
  let attempts = 0;
  for (let backoff = FIRST_BACKOFF_MS; ;) {
    try {
      return await attempt();
    } catch (error) {
      const now = Date.now();
      deadline ??= now + limits.maxElapsedMs;
      attempts += error instanceof NotConnectedError ? 0 : 1;
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
