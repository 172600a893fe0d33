import type { LoadStatus } from '../../entities/index.js';
import type { LoadCounts } from '../../results/load-counts.js';

/** A load, once it is known what it loads. */
export interface ObservedLoadStart {
  readonly loadId: string;
  /** Table name, `hybrid`, or the name of a combined load. */
  readonly table: string;
  /** From 1; incremented when a load with the same load key resumes. */
  readonly attempt: number;
  readonly disposition: string;
  readonly loadKey: string | undefined;
  readonly source: string | undefined;
}

/** Counts of a load by outcome; a load into several tables has `stored`, and not inserted, updated and unchanged. */
export type OutcomeCounts = Readonly<Partial<Record<keyof LoadCounts | 'stored', number>>>;

/** @param stored - of a load into several tables */
export function outcomesOf(counts: LoadCounts, stored: number | undefined): OutcomeCounts {
  if (stored === undefined) {
    return counts;
  }
  const { inserted: _inserted, updated: _updated, unchanged: _unchanged, ...others } = counts;
  return { ...others, stored };
}

/** The end of a load. */
export interface ObservedLoadEnd extends ObservedLoadStart {
  readonly status: Exclude<LoadStatus, 'running'>;
  /** A load of its load key has completed before, so this one did nothing. */
  readonly alreadyCompleted: boolean;
  /** With those of earlier attempts, as `storage_loads` has them. */
  readonly counts: OutcomeCounts;
  /** Batches of this attempt and of earlier ones, committed or failed. */
  readonly batches: number;
  readonly retries: number;
  readonly durationMs: number;
  /** Of the error that ended it. */
  readonly errorCode: string | undefined;
}

/** A batch that is about to be written. */
export interface ObservedBatch {
  /** Table name, `hybrid`, or the name of a combined load. */
  readonly table: string;
  readonly batchNo: number;
  /** Attempt of the load, from 1. Retries of the batch are part of it. */
  readonly attempt: number;
}

/** The end of a batch. */
export interface ObservedBatchEnd extends ObservedBatch {
  /** `restarted`: one statement could not write it, so it begins again in several. */
  readonly outcome: 'committed' | 'failed' | 'restarted';
  /** Of a batch that is committed. */
  readonly counts: OutcomeCounts | undefined;
  readonly durationMs: number;
  /** Why it failed. */
  readonly error: unknown;
}

/** A statement that writes rows. */
export interface ObservedStatement {
  /** A merge is an INSERT; DO finds the rows at fault after Postgres has rejected some. */
  readonly operation: 'COPY' | 'INSERT' | 'UPDATE' | 'DELETE' | 'DO';
  /** The table that the rows are for, which may come by a staging table; undefined where there are several. */
  readonly table: string | undefined;
}

/** Told of one load. By default nothing is done with it. */
export class LoadObservation {
  /** The load is large, or takes several batches: not told of others before their end. */
  began(_load: ObservedLoadStart): void {}

  /** A retry after an error of this SQLSTATE or system code. */
  retried(_table: string, _code: string): void {}

  batchEnded(_end: ObservedBatchEnd): void {}

  ended(_end: ObservedLoadEnd): void {}

  /** The load ended before it was known what it loads. */
  notBegun(_errorCode: string): void {}

  /** Runs the whole load, perhaps in a context of its own. */
  runLoad<T>(work: () => Promise<T>): Promise<T> {
    return work();
  }

  /** Runs a batch, within the load. */
  runBatch<T>(_batch: ObservedBatch, work: () => Promise<T>): Promise<T> {
    return work();
  }
}

/** Told what the loads of a module do. What it throws is lost, except by the work that it runs. */
export abstract class LoadObserver {
  /** A load begins. @param isJoined - in its caller's transaction, which may be rolled back later */
  abstract load(isJoined: boolean): LoadObservation;

  /** Takes what the statistics of this process count. */
  counted(_table: string, _counts: LoadCounts): void {}

  /**
   * Runs a statement, within the batch.
   * @param _errorOf - the error that a result tells
   */
  runStatement<T>(_statement: ObservedStatement, work: () => Promise<T>, _errorOf: (result: T) => unknown): Promise<T> {
    return work();
  }
}
