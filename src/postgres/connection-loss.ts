import { errorCode, errorText } from '../errors/error-text.js';

/** What a lost connection means for the work in hand. Code and message are those of the loss it is made of. */
class ConnectionLoss extends Error {
  readonly code: string | undefined;

  constructor(cause: unknown) {
    super(errorText(cause, 'message') ?? '', { cause });
    this.code = errorCode(cause);
  }
}

/** There was no connection to a server, so nothing was tried. */
export class NotConnectedError extends ConnectionLoss {
  override readonly name = 'NotConnectedError';
}

/** It was lost with the reply to a COMMIT, and the database cannot be asked whether that took place. */
export class CommitUnansweredError extends ConnectionLoss {
  override readonly name = 'CommitUnansweredError';
}
