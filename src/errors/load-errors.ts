import type { RejectSummary } from '../results/load-result.js';
import type { StoppedResult } from '../results/stopped-result.js';
import type { StorageErrorCode } from './error-codes.js';
import { StorageError } from './storage-error.js';

/** The call is wrong (options, key, entity). Thrown before anything is executed. */
export class InvalidLoadError extends StorageError {
  override readonly name = 'InvalidLoadError';

  constructor(message: string, options?: ErrorOptions) {
    super('INVALID_LOAD', message, options);
  }
}

/** An option, or a name that the caller gave, is wrong: on the command line, a usage error. */
export class InvalidOptionError extends InvalidLoadError {}

/** Base of errors that stop a running load; carries the result so far. */
export class LoadStoppedError extends StorageError {
  override readonly name: string = 'LoadStoppedError';

  constructor(
    code: StorageErrorCode,
    message: string,
    /** Counts up to the failure; records counted as loaded are committed. */
    readonly result: StoppedResult,
    options?: ErrorOptions,
  ) {
    super(code, message, options);
  }
}

/** The database rejected the load as a whole. `cause` is the database error without row values. */
export class LoadFailedError extends LoadStoppedError {
  override readonly name = 'LoadFailedError';

  constructor(message: string, result: StoppedResult, options?: ErrorOptions) {
    super('LOAD_FAILED', message, result, options);
  }
}

/** More records were rejected than `maxRejects` (or `onReject: 'fail'`) allows. */
export class RejectLimitExceededError extends LoadStoppedError {
  override readonly name = 'RejectLimitExceededError';

  constructor(
    message: string,
    result: StoppedResult,
    /**
     * The first rejected records of the batch that was rolled back, at most 20. They are not in quarantine. `result.rejects`
     * has those of committed batches.
     */
    readonly rejects: readonly RejectSummary[],
  ) {
    super('REJECT_LIMIT_EXCEEDED', message, result);
  }
}

/** The load was interrupted by an AbortSignal or the shutdown of the application. */
export class LoadInterruptedError extends LoadStoppedError {
  override readonly name = 'LoadInterruptedError';

  constructor(message: string, result: StoppedResult, options?: ErrorOptions) {
    super('LOAD_INTERRUPTED', message, result, options);
  }
}
