import type { LoadJob } from './load-job.js';
import { BatchBuilder, type BatchLimits, type PreparedBatch } from './prepare-batch.js';
import { SourceBroken, StopLoad } from './stop-load.js';

/** How a source of records is read. */
export interface BatchOptions extends BatchLimits {
  /** Stops the reading, even of a source that gives nothing more and does not end. */
  readonly signal: AbortSignal;
}

/**
 * Groups records into batches, taking no more from the source than the batch in hand needs.
 * @throws SourceBroken when the source throws
 * @throws StopLoad when the signal is aborted
 */
export async function* inBatches(
  job: LoadJob,
  records: Iterable<unknown> | AsyncIterable<unknown>,
  { signal, ...limits }: BatchOptions,
): AsyncGenerator<PreparedBatch> {
  const source = Symbol.asyncIterator in records ? records[Symbol.asyncIterator]() : records[Symbol.iterator]();
  const next = Symbol.asyncIterator in records ? interruptible(() => source.next(), signal) : () => source.next();
  const batch = new BatchBuilder(job, limits);
  let ended = false;
  try {
    for (;;) {
      const item = await readNext(next);
      if (item.done === true) {
        ended = true;
        break;
      }
      batch.add(item.value);
      if (batch.isFull) {
        yield batch.take();
      }
    }
    if (!batch.isEmpty) {
      yield batch.take();
    }
  } finally {
    if (!ended) {
      // A source that hangs would hang here too, so nobody waits for it; it closes when it can.
      Promise.resolve(source.return?.()).catch(() => {});
    }
  }
}

async function readNext<R>(next: () => R | Promise<R>): Promise<R> {
  try {
    return await next();
  } catch (error) {
    throw error instanceof StopLoad ? error : new SourceBroken(error);
  }
}

/** A promise of its own each time: racing every record against one long-lived promise would pile up listeners. */
function interruptible<R>(next: () => R | Promise<R>, signal: AbortSignal): () => Promise<R> {
  let interrupt: (() => void) | undefined;
  signal.addEventListener('abort', () => interrupt?.(), { once: true });
  return () =>
    new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(new StopLoad('interrupt'));
        return;
      }
      interrupt = () => reject(new StopLoad('interrupt'));
      Promise.resolve(next()).then(resolve, reject);
    });
}
