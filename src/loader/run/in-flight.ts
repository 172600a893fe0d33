import { EveryRowFault } from '../isolate/every-row.js';

/** A running batch and its keys. */
interface Flight {
  readonly keys: ReadonlySet<string>;
  readonly done: Promise<void>;
}

/**
 * Batches of one load that run at the same time, on a connection each. Two batches that share a key never do: the later
 * one waits, so that a record never loses to an earlier one of the load, and the load does not deadlock with itself.
 */
export class InFlight {
  private readonly flights = new Set<Flight>();
  private readonly failed = new AbortController();

  /** @param limit - how many batches may run at the same time */
  constructor(private readonly limit: () => number) {}

  /** Aborted when a batch has thrown; the reason is its error. */
  get failure(): AbortSignal {
    return this.failed.signal;
  }

  /**
   * Starts `work` when there is room and no running batch shares a key; resolves when there is room for another batch.
   * @param work - is given a function that waits for the batches before this one
   * @throws the error of a failed batch, as soon as it is known
   */
  async start(keys: ReadonlySet<string>, work: (untilEarlierEnd: () => Promise<void>) => Promise<void>): Promise<void> {
    while (this.sharesKey(keys) || this.flights.size >= this.limit()) {
      await this.next();
    }
    const earlier = Array.from(this.flights, (flight) => flight.done);
    const done = work(async () => void (await Promise.allSettled(earlier)));
    const flight: Flight = { keys, done };
    this.flights.add(flight);
    // A failed batch stays, so that the next wait throws its error.
    done.then(
      () => this.flights.delete(flight),
      (error: unknown) => this.failed.abort(error),
    );
    while (this.flights.size >= this.limit()) {
      await this.next();
    }
  }

  /** Resolves when all batches are done. @throws the error of the first that failed */
  async finish(): Promise<void> {
    await Promise.all(Array.from(this.flights, ({ done }) => done));
  }

  /** Resolves when no batch runs any more, failed or not. */
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

/**
 * Writes a batch; again when no row of it passed, once the batches before it have ended: only then is it known whether they
 * show that rows pass.
 */
export async function withEarlierBatches<T>(
  attempt: () => Promise<T>,
  untilEarlierEnd: (() => Promise<void>) | undefined,
): Promise<T> {
  try {
    return await attempt();
  } catch (error) {
    if (!(error instanceof EveryRowFault) || untilEarlierEnd === undefined) {
      throw error;
    }
    await untilEarlierEnd();
    return attempt();
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
