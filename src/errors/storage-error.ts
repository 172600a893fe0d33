import type { StorageErrorCode } from './error-codes.js';

/**
 * Base of every error this package throws. `code` is stable and meant for programs; `message` is meant for people
 * and never holds a row's values, a connection string or a password.
 */
export class StorageError extends Error {
  override readonly name: string = 'StorageError';

  /**
   * @param code - stable identifier, for example `EMBEDDED_POSTGRES_MISSING`; ERROR_CODES has all of them
   * @param message - names the thing, the place and the way out
   */
  constructor(
    readonly code: StorageErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
