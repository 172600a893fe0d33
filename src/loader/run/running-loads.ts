import { setTimeout } from 'node:timers/promises';

/** The loads of a module that run, and how they end when the application shuts down. */
export class RunningLoads {
  private readonly active = new Set<Promise<unknown>>();
  private readonly shutdown = new AbortController();
  private readonly drainTimeout = new AbortController();

  /** Aborted when the application shuts down. */
  get interrupt(): AbortSignal {
    return this.shutdown.signal;
  }

  /** Aborted when loads that the shutdown waits for have taken too long. */
  get lateInterrupt(): AbortSignal {
    return this.drainTimeout.signal;
  }

  /** Waits for a load, as the shutdown does. */
  async track<T>(load: Promise<T>): Promise<T> {
    this.active.add(load);
    try {
      return await load;
    } finally {
      this.active.delete(load);
    }
  }

  /**
   * Interrupts all loads but those of `drain`, which may begin others for at most `maxMs`, and waits for all of them.
   * @param drain - begins at once
   */
  async end(drain: () => Promise<void>, maxMs: number): Promise<void> {
    const draining = drain();
    this.shutdown.abort();
    await Promise.race([draining, setTimeout(maxMs, undefined, { ref: false })]);
    this.drainTimeout.abort();
    await Promise.allSettled([draining, ...this.active]);
  }
}
