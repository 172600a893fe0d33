import { Readable } from 'node:stream';

import type { AnySignal } from '../model/any-signal.js';
import type { CommittedBatches } from './committed-batches.js';
import type { LoadJob } from '../model/load-job.js';
import { BatchBuilder, type BatchLimits, type PreparedBatch } from './prepare-batch.js';
import { SourceBroken, StopLoad } from '../model/stop-load.js';

/** How a source of records is read. */
export interface BatchOptions extends BatchLimits {
  /** Stops the reading, even of a source that gives nothing more and does not end. */
  readonly signal: AnySignal;
  /** What of the source is in already, and is passed over. */
  readonly committed: CommittedBatches;
}

/**
 * Groups records into batches, taking no more from the source than the batch in hand needs.
 * @throws SourceBroken when the source throws
 * @throws StopLoad when the signal is aborted
 */
export async function* inBatches(
  job: LoadJob,
  records: Iterable<unknown> | AsyncIterable<unknown>,
  { signal, committed, ...limits }: BatchOptions,
): AsyncGenerator<PreparedBatch> {
  const source = Symbol.asyncIterator in records ? records[Symbol.asyncIterator]() : records[Symbol.iterator]();
  const { next, release } =
    Symbol.asyncIterator in records
      ? interruptible(() => source.next(), signal)
      : { next: () => source.next(), release: () => {} };
  const builder = new BatchBuilder(job, limits, committed);
  let ended = false;
  try {
    for (;;) {
      const item = await readNext(next);
      if (item.done === true) {
        ended = true;
        break;
      }
      const batch = builder.add(item.value);
      if (batch !== undefined) {
        yield batch;
      }
    }
    const last = builder.end();
    if (last !== undefined) {
      yield last;
    }
  } finally {
    release();
    if (!ended) {
      // A stream's iterator would wait for the record it was asked for last.
      closeSource(records instanceof Readable ? records : source);
    }
  }
}

/** Closes a source nobody reads on, so that what it holds is let go. One that hangs, nobody waits for. */
export function closeSource(records: object): void {
  if (records instanceof Readable) {
    records.destroy();
  } else if ('return' in records && typeof records.return === 'function') {
    const close = async (): Promise<unknown> => (records as Generator).return(undefined);
    close().catch(() => {});
  }
}

async function readNext<R>(next: () => R | Promise<R>): Promise<R> {
  try {
    return await next();
  } catch (error) {
    throw error instanceof StopLoad ? error : new SourceBroken(error);
  }
}

/**
 * A promise of its own each time: racing every record against one long-lived promise would pile up listeners.
 * @returns also what lets go of the signal, which may outlive the source
 */
function interruptible<R>(
  next: () => R | Promise<R>,
  signal: AnySignal,
): { readonly next: () => Promise<R>; readonly release: () => void } {
  let interrupt: (() => void) | undefined;
  const release = signal.onAbort(() => interrupt?.());
  const interruptibleNext = (): Promise<R> =>
    new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(new StopLoad('interrupt'));
        return;
      }
      interrupt = () => reject(new StopLoad('interrupt'));
      Promise.resolve(next()).then(resolve, reject);
    });
  return { next: interruptibleNext, release };
}
