/** A batch at work, and the keys nobody else may touch meanwhile. */
interface Flight {
  readonly keys: ReadonlySet<string>;
  readonly done: Promise<void>;
}

/**
 * Batches of one load at work at the same time, on a connection each. Two that share a key never are: the later one
 * waits, so that a record never loses to an earlier one of the same load, and the load does not deadlock with itself.
 */
export class InFlight {
  private readonly flights = new Set<Flight>();
  private readonly failed = new AbortController();

  /** @param limit - how many batches may be at work */
  constructor(private readonly limit: number) {}

  /** Aborted when a batch has thrown; its reason is what it threw. */
  get failure(): AbortSignal {
    return this.failed.signal;
  }

  /**
   * Starts `work` as soon as it may; resolves when there is room for another batch.
   * @throws what a batch has thrown, as soon as it is known
   */
  async start(keys: ReadonlySet<string>, work: () => Promise<void>): Promise<void> {
    while (this.sharesKey(keys)) {
      await this.next();
    }
    const done = work();
    const flight: Flight = { keys, done };
    this.flights.add(flight);
    // A failed flight stays, so that whoever waits next learns of it.
    done.then(
      () => this.flights.delete(flight),
      (error: unknown) => this.failed.abort(error),
    );
    while (this.flights.size >= this.limit) {
      await this.next();
    }
  }

  /** Resolves when all are done. @throws what the first of them has thrown */
  async finish(): Promise<void> {
    await Promise.all(Array.from(this.flights, ({ done }) => done));
  }

  /** Resolves when none is at work any more, however it ended. */
  async settle(): Promise<void> {
    await Promise.allSettled(Array.from(this.flights, ({ done }) => done));
  }

  private async next(): Promise<void> {
    await Promise.race(Array.from(this.flights, ({ done }) => done));
  }

  private sharesKey(keys: ReadonlySet<string>): boolean {
    for (const flight of this.flights) {
      if (haveCommon(flight.keys, keys)) {
        return true;
      }
    }
    return false;
  }
}

/** Whether two sets share a member. */
export function haveCommon(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  const [small, large] = a.size < b.size ? [a, b] : [b, a];
  for (const key of small) {
    if (large.has(key)) {
      return true;
    }
  }
  return false;
}
