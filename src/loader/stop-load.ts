import {
  LoadFailedError,
  LoadInterruptedError,
  RejectLimitExceededError,
  SchemaMismatchError,
  StorageError,
} from '../errors/index.js';
import { describeFault, PostgresError } from '../postgres/database-fault.js';
import { errorCode, isPassing } from '../postgres/sqlstate.js';
import type { LoadJob } from './load-job.js';

/** Raised inside a batch's transaction to roll it back; turned into the public error at the edge of the load. */
export class StopLoad extends Error {
  readonly code: string;

  constructor(readonly reason: 'rejects' | 'interrupt') {
    super(reason === 'rejects' ? 'more records were refused than allowed' : 'the load was interrupted');
    this.code = reason === 'rejects' ? 'REJECT_LIMIT_EXCEEDED' : 'LOAD_INTERRUPTED';
  }
}

/** The source of the records broke off; `cause` is its own error. */
export class SourceBroken extends Error {
  readonly code = 'SOURCE_BROKEN';

  constructor(cause: unknown) {
    // Of an error that is not ours only the code is known to hold no values.
    const code = errorCode(cause);
    const why = cause instanceof StorageError ? cause.message : code === undefined ? undefined : `[${code}]`;
    super(`reading its records failed${why === undefined ? '' : `: ${why}`}`, { cause });
  }
}

/** @throws StopLoad once the signal is aborted */
export function checkInterrupt(signal: AbortSignal): void {
  if (signal.aborted) {
    throw new StopLoad('interrupt');
  }
}

/** What has ended a batch: the interrupt, where it would have been tried again but for that. */
export function unlessInterrupted(error: unknown, signal: AbortSignal): unknown {
  return signal.aborted && isPassing(error) ? new StopLoad('interrupt') : error;
}

/** What may be said of the end of a load or batch. */
export function faultOf(error: unknown): { readonly code: string; readonly message: string } {
  const own = error instanceof StopLoad || error instanceof SourceBroken || error instanceof StorageError;
  return own ? error : describeFault(error);
}

/** The error the caller of a load gets. */
export function toPublicError(error: unknown, job: LoadJob, result: object): Error {
  const { name, options } = job;
  if (error instanceof SchemaMismatchError) {
    return new SchemaMismatchError(error.differences, { cause: error, result });
  }
  if (!(error instanceof StopLoad)) {
    const cause = error instanceof SourceBroken ? error.cause : safeCause(error);
    const extent =
      options.disposition === 'replace' ? '. A replace is one transaction: all of it is in, or nothing' : '';
    return new LoadFailedError(`The load into ${name} failed: ${faultOf(error).message}${extent}`, result, { cause });
  }
  if (error.reason === 'interrupt') {
    return new LoadInterruptedError(`The load into ${name} was interrupted; what was committed before stays`, result);
  }
  const limit = options.maxRejects;
  return new RejectLimitExceededError(
    `The load into ${name} was stopped: more than ${limit} record${limit === 1 ? ' was' : 's were'} refused. ` +
      'The batch in hand was rolled back.',
    result,
  );
}

/** Our own errors say nothing they should not; the database's are reduced to what may be said. */
function safeCause(error: unknown): Error {
  return error instanceof StorageError ? error : PostgresError.from(error);
}
