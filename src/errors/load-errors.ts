import type { StorageErrorCode } from './error-codes.js';
import { StorageError } from './storage-error.js';

/** The call itself is wrong (options, key, entity). Thrown before anything happens. */
export class InvalidLoadError extends StorageError {
  override readonly name = 'InvalidLoadError';

  constructor(message: string, options?: ErrorOptions) {
    super('INVALID_LOAD', message, options);
  }
}

/** Base of the errors that end a load which had already begun: each carries what was reached so far. */
export class LoadStoppedError<Result = unknown> extends StorageError {
  override readonly name: string = 'LoadStoppedError';

  constructor(
    code: StorageErrorCode,
    message: string,
    /** The accounting up to the point of failure; what it counts as loaded is committed. */
    readonly result: Result,
    options?: ErrorOptions,
  ) {
    super(code, message, options);
  }
}

/** The database would not take the load. `cause` is the database's error without row values. */
export class LoadFailedError<Result = unknown> extends LoadStoppedError<Result> {
  override readonly name = 'LoadFailedError';

  constructor(message: string, result: Result, options?: ErrorOptions) {
    super('LOAD_FAILED', message, result, options);
  }
}

/** More records were rejected than `maxRejects` (or `onReject: 'fail'`) allows. */
export class RejectLimitExceededError<Result = unknown> extends LoadStoppedError<Result> {
  override readonly name = 'RejectLimitExceededError';

  constructor(message: string, result: Result) {
    super('REJECT_LIMIT_EXCEEDED', message, result);
  }
}

/** The load was stopped from outside: an AbortSignal, or the shutdown of the application. */
export class LoadInterruptedError<Result = unknown> extends LoadStoppedError<Result> {
  override readonly name = 'LoadInterruptedError';

  constructor(message: string, result: Result, options?: ErrorOptions) {
    super('LOAD_INTERRUPTED', message, result, options);
  }
}
