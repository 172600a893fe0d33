import { setTimeout as delay } from 'node:timers/promises';

const INTERVAL_MS = 25;

/** Calls `probe` until it returns a value; returns `undefined` after `timeoutMs` without one. */
export async function poll<T>(timeoutMs: number, probe: () => Promise<T | undefined>): Promise<T | undefined> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const value = await probe();
    if (value !== undefined || Date.now() > deadline) return value;
    await delay(INTERVAL_MS);
  }
}
