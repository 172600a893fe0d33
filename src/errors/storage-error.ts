import type { StorageErrorCode } from './error-codes.js';

/**
 * Base of all errors thrown by this package. `code` is stable and meant for programs; `message` is meant for people and
 * never contains row values, connection strings or passwords.
 */
export class StorageError extends Error {
  override readonly name: string = 'StorageError';

  /**
   * @param code - stable upper-case identifier, for example `EMBEDDED_POSTGRES_MISSING`
   * @param message - what happened, where, and what to do
   */
  constructor(
    readonly code: StorageErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
