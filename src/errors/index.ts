export { ERROR_CODES, type ErrorCodeEntry, type StorageErrorCode } from './error-codes.js';
export { StorageError } from './storage-error.js';
export {
  InvalidLoadError,
  InvalidOptionError,
  LoadFailedError,
  LoadInterruptedError,
  LoadStoppedError,
  RejectLimitExceededError,
} from './load-errors.js';
export { SchemaMismatchError, type SchemaDifference, type SchemaDifferenceKind } from './schema-mismatch.error.js';
