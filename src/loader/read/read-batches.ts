import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';

import type { AnySignal } from '../model/any-signal.js';
import type { CommittedBatches } from './committed-batches.js';
import type { LoadJob } from '../model/load-job.js';
import { BatchBuilder, type PreparedBatch } from './batch-builder.js';
import { BatchCutter, type BatchLimits, type Following } from './batch-cutter.js';
import { UnitPacker } from './unit-packer.js';
import { SourceBroken, StopLoad } from '../model/stop-load.js';

/** A batch of large records ends early, so that memory is bounded by their size as well as by their number. */
export const BATCH_BYTES = 8 * 1024 * 1024;

/** After so many records the batches that are being written get their turn: reading them is one piece of work otherwise. */
const RECORDS_A_TURN = 100;

const UNLIMITED: BatchLimits = { records: Infinity, bytes: Infinity };

/** How a source of records is read. */
export interface ReadOptions extends BatchLimits, Following {
  /** Stops the reading, even of a source that gives no more records and does not end. */
  readonly signal: AnySignal;
}

/**
 * Reads records into batches, taking no more from the source than the next batch needs.
 * @param current - the job by the plans of now
 * @throws SourceBroken when the source throws
 * @throws StopLoad when the signal is aborted
 */
export function readBatches(
  current: () => LoadJob,
  records: Iterable<unknown> | AsyncIterable<unknown>,
  { signal, records: most, bytes, ...following }: ReadOptions,
): AsyncGenerator<PreparedBatch> {
  return readInto(
    new BatchCutter({ records: most, bytes }, following, () => packingBuilder(current())),
    records,
    signal,
  );
}

function packingBuilder(job: LoadJob): BatchBuilder {
  // Rows that records share are compared.
  return new BatchBuilder(job, job.hasKeysApart ? undefined : new UnitPacker(job.targets));
}

/** The same for batches of any kind. */
export async function* readInto<Batch>(
  cutter: BatchCutter<Batch>,
  records: Iterable<unknown> | AsyncIterable<unknown>,
  signal: AnySignal,
): AsyncGenerator<Batch> {
  const source = openSource(records);
  const { next, release } =
    Symbol.asyncIterator in records
      ? interruptible(() => source.next(), signal)
      : { next: () => source.next(), release: () => {} };
  let ended = false;
  let left = RECORDS_A_TURN;
  try {
    for (;;) {
      left -= 1;
      if (left === 0) {
        left = RECORDS_A_TURN;
        await nextTurn();
      }
      const reading = readNext(next);
      // A wait a record would cost as much as reading it.
      const item = 'then' in reading ? await reading.then(undefined, throwBroken) : reading;
      if (item.done === true) {
        ended = true;
        break;
      }
      const batch = cutter.add(item.value);
      if (batch !== undefined) {
        yield batch;
      }
    }
    const last = cutter.end();
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

function openSource(records: Iterable<unknown> | AsyncIterable<unknown>): Iterator<unknown> | AsyncIterator<unknown> {
  try {
    return Symbol.asyncIterator in records ? records[Symbol.asyncIterator]() : records[Symbol.iterator]();
  } catch (error) {
    throw new SourceBroken(error);
  }
}

/**
 * Reads all records into one batch; undefined when there are none.
 * @throws SourceBroken when the source throws
 */
export function readAll(
  current: () => LoadJob,
  records: Iterable<unknown>,
  committed: CommittedBatches,
): PreparedBatch | undefined {
  const cutter = new BatchCutter(UNLIMITED, { committed }, () => packingBuilder(current()));
  try {
    for (const record of records) {
      cutter.add(record);
    }
  } catch (error) {
    throw new SourceBroken(error);
  }
  return cutter.end();
}

/** Closes a source that is not read to its end, so that it frees what it holds. Does not wait for it. */
export function closeSource(records: object): void {
  if (records instanceof Readable) {
    records.destroy();
  } else if ('return' in records && typeof records.return === 'function') {
    const close = async (): Promise<unknown> => (records as Generator).return(undefined);
    close().catch(() => {});
  }
}

function readNext<R>(next: () => R): R {
  try {
    return next();
  } catch (error) {
    return throwBroken(error);
  }
}

function throwBroken(error: unknown): never {
  throw error instanceof StopLoad ? error : new SourceBroken(error);
}

/**
 * Makes a wait for a record end when the signal aborts. Each wait is a promise of its own: racing every record against
 * one long-lived promise would pile up listeners.
 * @returns also a function that removes the listener from the signal, which may outlive the source
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
