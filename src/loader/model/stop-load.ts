import { errorCode } from '../../errors/error-text.js';
import {
  LoadFailedError,
  LoadInterruptedError,
  RejectLimitExceededError,
  SchemaMismatchError,
  StorageError,
  type StorageErrorCode,
} from '../../errors/index.js';
import { CommitUnansweredError } from '../../postgres/connection-loss.js';
import { describeFault, PostgresError } from '../../postgres/database-fault.js';
import { isPassing } from '../../postgres/sqlstate.js';
import type { StoppedResult } from '../../results/stopped-result.js';
import type { AnySignal } from './any-signal.js';
import type { LoadJob } from './load-job.js';
import type { ResolvedLoadOptions } from './load-options.js';

/** Raised inside a batch's transaction to roll it back; turned into the public error at the edge of the load. */
export class StopLoad extends Error {
  readonly code: StorageErrorCode;

  constructor(readonly reason: 'rejects' | 'interrupt') {
    super(reason === 'rejects' ? 'more records were rejected than allowed' : 'the load was interrupted');
    this.code = reason === 'rejects' ? 'REJECT_LIMIT_EXCEEDED' : 'LOAD_INTERRUPTED';
  }
}

/** The source of the records broke off; `cause` is its own error. */
export class SourceBroken extends Error {
  readonly code = 'SOURCE_BROKEN' satisfies StorageErrorCode;

  constructor(cause: unknown) {
    // Of an error that is not ours only the code is known to hold no values.
    const code = errorCode(cause);
    const why = cause instanceof StorageError ? cause.message : code === undefined ? undefined : `[${code}]`;
    super(`reading its records failed${why === undefined ? '' : `: ${why}`}`, { cause });
  }
}

/** @throws StopLoad once the signal is aborted */
export function checkInterrupt(signal: AnySignal): void {
  if (signal.aborted) {
    throw new StopLoad('interrupt');
  }
}

/**
 * What has ended a batch: the interrupt, where it would have been tried again but for that. Where nobody knows whether
 * the batch is in, that stays what is said of it.
 */
export function unlessInterrupted(error: unknown, signal: AnySignal): unknown {
  const isRolledBack = !(error instanceof CommitUnansweredError);
  return isRolledBack && signal.aborted && isPassing(error) ? new StopLoad('interrupt') : error;
}

/** What has ended a load, by what has ended a batch of it. */
export function endOfLoad(error: unknown, signal: AnySignal): unknown {
  return unlessInterrupted(error instanceof CommitUnansweredError ? error.cause : error, signal);
}

/** What may be said of the end of a load or batch. */
export function faultOf(error: unknown): { readonly code: string; readonly message: string } {
  const own = error instanceof StopLoad || error instanceof SourceBroken || error instanceof StorageError;
  return own ? error : describeFault(error);
}

/**
 * The error the caller of a load gets.
 * @param end - `unanswered`: numbers of the batches that nobody knows to be in or not; `isJoined`: the load is part of
 * its caller's transaction
 */
export function toPublicError(
  error: unknown,
  job: LoadJob,
  result: StoppedResult,
  end: { readonly unanswered: readonly number[]; readonly isJoined: boolean },
): Error {
  const { name, options } = job;
  const { unanswered, isJoined } = end;
  if (error instanceof SchemaMismatchError) {
    return new SchemaMismatchError(error.differences, { cause: error, result });
  }
  if (!(error instanceof StopLoad)) {
    const cause = error instanceof SourceBroken ? error.cause : safeCause(error);
    const extent = options.disposition === 'replace' ? ALL_OR_NOTHING : '';
    const message = `The load into ${name} failed: ${faultOf(error).message}${extent}${doubtOf(unanswered)}`;
    return new LoadFailedError(message, result, { cause });
  }
  if (error.reason === 'interrupt') {
    const extent = isJoined
      ? '; what it wrote goes with the transaction it is part of'
      : afterInterrupt(options, unanswered);
    const message = `The load into ${name} was interrupted${extent}${doubtOf(unanswered)}`;
    return new LoadInterruptedError(message, result);
  }
  const limit = options.maxRejects;
  return new RejectLimitExceededError(
    `The load into ${name} was stopped: more than ${limit} record${limit === 1 ? ' was' : 's were'} rejected. ` +
      'The batch in hand was rolled back.',
    result,
  );
}

/** What is not known, and how to learn it. */
function doubtOf(unanswered: readonly number[]): string {
  if (unanswered.length === 0) {
    return '';
  }
  const batches = unanswered.map((batchNo) => `batch ${batchNo}`).join(', ');
  return (
    `. Not known to be in or not, because the COMMIT got no reply and the database could not be asked: ${batches}. ` +
    'What is in has its row in storage_load_batches; loading again is safe by merge, by replace, or with the load key'
  );
}

const ALL_OR_NOTHING = '. A replace is one transaction: all of it is in, or nothing';

/** What is in, and how to go on. */
function afterInterrupt({ disposition, loadKey }: ResolvedLoadOptions, unanswered: readonly number[]): string {
  if (disposition === 'replace') {
    return unanswered.length > 0 ? ALL_OR_NOTHING : '. A replace is one transaction: the table is as it was before';
  }
  const rest =
    loadKey !== undefined
      ? 'the same load again goes on after that'
      : disposition === 'merge'
        ? 'the same load again finds that in and loads the rest'
        : 'the same load again would bring that twice, where one with a loadKey goes on after it';
  return `; what was committed before stays, and ${rest}`;
}

/** Our own errors say nothing they should not; the database's are reduced to what may be said. */
function safeCause(error: unknown): Error {
  return error instanceof StorageError ? error : PostgresError.from(error);
}
