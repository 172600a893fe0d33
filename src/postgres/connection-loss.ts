import { errorCode, errorText } from '../errors/error-text.js';

/** Base of errors about a lost connection; code and message are those of the original error. */
class ConnectionLoss extends Error {
  readonly code: string | undefined;

  constructor(cause: unknown) {
    super(errorText(cause, 'message') ?? '', { cause });
    this.code = errorCode(cause);
  }
}

/** No connection could be opened, so nothing was executed. */
export class NotConnectedError extends ConnectionLoss {
  override readonly name = 'NotConnectedError';
}

/** Commit outcome unknown: the connection was lost during COMMIT, and the database cannot be asked. */
export class CommitUnansweredError extends ConnectionLoss {
  override readonly name = 'CommitUnansweredError';
}
