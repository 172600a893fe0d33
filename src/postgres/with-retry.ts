import { setTimeout as delay } from 'node:timers/promises';

import { isPassing } from './sqlstate.js';

/** Bounds of the retries of one batch. */
export interface RetryLimits {
  /** Attempts in all, the first included. */
  readonly maxAttempts: number;
  /** No attempt begins later than this after the first, in milliseconds. */
  readonly maxElapsedMs: number;
}

const FIRST_BACKOFF_MS = 50;
const LONGEST_BACKOFF_MS = 5_000;

/**
 * Repeats `attempt` while it fails for a passing reason, with exponential backoff and full jitter: the wait is random
 * between 0 and the backoff, so that many loaders that collided do not collide again.
 * See https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 * @param mayRepeat - which failures are worth another attempt
 */
export async function withRetry<T>(
  limits: RetryLimits,
  attempt: () => Promise<T>,
  onRetry: (error: unknown, attemptsMade: number) => void = () => {},
  mayRepeat: (error: unknown) => boolean = isPassing,
): Promise<T> {
  const deadline = Date.now() + limits.maxElapsedMs;
  for (let made = 1; ; made += 1) {
    try {
      return await attempt();
    } catch (error) {
      const wait = Math.random() * Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** made);
      if (!mayRepeat(error) || made >= limits.maxAttempts || Date.now() + wait > deadline) {
        throw error;
      }
      onRetry(error, made);
      await delay(wait);
    }
  }
}
