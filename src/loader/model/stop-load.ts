import { errorCode } from '../../errors/error-text.js';
import {
  LoadFailedError,
  LoadInterruptedError,
  RejectLimitExceededError,
  SchemaMismatchError,
  StorageError,
  type StorageErrorCode,
} from '../../errors/index.js';
import { CommitUnansweredError } from '../../postgres/faults/connection-error.js';
import { describeFault, PostgresError } from '../../postgres/faults/database-fault.js';
import { isTransient } from '../../postgres/faults/sqlstate.js';
import type { RejectedRecord } from '../../quarantine/rejected-records.js';
import type { RejectSummary } from '../../results/load-result.js';
import type { StoppedResult } from '../../results/stopped-result.js';
import { firstRejects, summarizeRejects } from '../../stats/load-totals.js';
import type { AnySignal } from './any-signal.js';
import type { LoadJob } from './load-job.js';
import type { ResolvedLoadOptions } from './load-options.js';

/** Rolls back a batch's transaction from inside; {@link toPublicError} turns it into the public error. */
export class StopLoad extends Error {
  readonly code: StorageErrorCode;

  /** @param rejects - the records that go beyond the limit, as far as they are known */
  constructor(
    readonly reason: 'rejects' | 'interrupt',
    readonly rejects: readonly RejectSummary[] = [],
  ) {
    super(reason === 'rejects' ? 'more records were rejected than allowed' : 'the load was interrupted');
    this.code = reason === 'rejects' ? 'REJECT_LIMIT_EXCEEDED' : 'LOAD_INTERRUPTED';
  }
}

/** Runs `work` after `rejected` in one transaction: an error that stops the load has these, too. */
export async function afterRejects<T>(rejected: readonly RejectedRecord[], work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof StopLoad)) {
      throw error;
    }
    throw new StopLoad(error.reason, firstRejects([...summarizeRejects(rejected), ...error.rejects]));
  }
}

/** The source of the records threw; `cause` is its error. */
export class SourceBroken extends Error {
  readonly code = 'SOURCE_BROKEN';

  constructor(cause: unknown) {
    // Only the code of a foreign error is known to hold no values.
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
 * The error that ended a batch: the interrupt, where only that kept the batch from a retry. An unknown commit outcome
 * stays what it is.
 */
export function unlessInterrupted(error: unknown, signal: AnySignal): unknown {
  const isRolledBack = !(error instanceof CommitUnansweredError);
  return isRolledBack && signal.aborted && isTransient(error) ? new StopLoad('interrupt') : error;
}

/** The error that ended a load, by the error that ended a batch of it. */
export function endOfLoad(error: unknown, signal: AnySignal): unknown {
  return unlessInterrupted(error instanceof CommitUnansweredError ? error.cause : error, signal);
}

/** Code and message of an error, without values. */
export function faultOf(error: unknown): { readonly code: string; readonly message: string } {
  const own = error instanceof StopLoad || error instanceof SourceBroken || error instanceof StorageError;
  return own ? error : describeFault(error);
}

/** What the message of a load's error tells of its batches. */
interface LoadEnd {
  /** Numbers of the batches with an unknown commit outcome. */
  readonly unanswered: readonly number[];
  /** The load is part of its caller's transaction. */
  readonly isJoined: boolean;
}

/** The error that the caller of a load gets. */
export function toPublicError(error: unknown, job: LoadJob, result: StoppedResult, end: LoadEnd): Error {
  const { name, options } = job;
  if (error instanceof SchemaMismatchError) {
    return new SchemaMismatchError(error.differences, { cause: error, result });
  }
  if (!(error instanceof StopLoad)) {
    const cause = error instanceof SourceBroken ? error.cause : safeCause(error);
    const failure = `The load into ${name} failed: ${faultOf(error).message}`;
    const message = sentences(
      failure,
      options.disposition === 'replace' && ALL_OR_NOTHING,
      unknownOutcome(options, end),
    );
    return new LoadFailedError(message, result, { cause });
  }
  if (error.reason === 'interrupt') {
    const message = sentences(
      `The load into ${name} was interrupted`,
      afterInterrupt(options, end),
      unknownOutcome(options, end),
    );
    return new LoadInterruptedError(message, result);
  }
  const limit = options.maxRejects;
  const [first] = error.rejects;
  const message = sentences(
    `The load into ${name} was stopped: more than ${limit} record${limit === 1 ? ' was' : 's were'} rejected`,
    'The current batch was rolled back',
    first && `Its first rejected record is number ${first.position} (from 0): ${first.message}${inColumn(first)}`,
  );
  return new RejectLimitExceededError(message, result, error.rejects);
}

/** Messages of the database name the column themselves. */
function inColumn({ column, message }: RejectSummary): string {
  return column === undefined || message.includes(`column ${column}`) ? '' : ` (column ${column})`;
}

function sentences(...parts: readonly (string | false | undefined)[]): string {
  return parts
    .filter((part) => typeof part === 'string')
    .map((part) => (part.endsWith('.') ? part : `${part}.`))
    .join(' ');
}

const ALL_OR_NOTHING = 'A replace is one transaction: all of it is committed, or nothing';

function unknownOutcome(
  { disposition, keepsHistory }: ResolvedLoadOptions,
  { unanswered }: LoadEnd,
): string | undefined {
  if (unanswered.length === 0) {
    return undefined;
  }
  const batches = unanswered.map((batchNo) => `batch ${batchNo}`).join(', ');
  if (!keepsHistory) {
    return `Commit outcome unknown: ${batches}. The COMMIT got no reply. Loading again is safe with ${disposition}`;
  }
  return (
    `Commit outcome unknown: ${batches}. The COMMIT got no reply, and the database could not be asked. A committed batch ` +
    'has a row in storage_load_batches. A load of one batch may have none: it is committed if storage_loads shows it as ' +
    'completed. Loading again is safe with merge, with replace, or with the same load key'
  );
}

/** What becomes of a load that has joined a transaction. */
export const WITH_ITS_TRANSACTION = 'What it wrote is committed or rolled back with the transaction it is part of';

/** What is committed, and how to load the rest. */
function afterInterrupt({ disposition, loadKey }: ResolvedLoadOptions, { unanswered, isJoined }: LoadEnd): string {
  if (isJoined) {
    return WITH_ITS_TRANSACTION;
  }
  if (disposition === 'replace') {
    return unanswered.length > 0 ? ALL_OR_NOTHING : 'A replace is one transaction: the table is unchanged';
  }
  if (loadKey !== undefined) {
    return 'Committed batches stay. Run the same load again to resume after them';
  }
  return disposition === 'append'
    ? 'Committed batches stay. The same load again would insert them twice; use a loadKey to resume a load'
    : 'Committed batches stay. Run the same load again: it finds them unchanged and loads the rest';
}

/** Our own errors hold no values; an error of the database is reduced to what may be shown. */
function safeCause(error: unknown): Error {
  return error instanceof StorageError ? error : PostgresError.from(error);
}
