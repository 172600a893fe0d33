import { errorCode, errorMessage } from '../errors/error-text.js';
import { StorageError } from '../errors/storage-error.js';

/**
 * An error for a source that cannot be read.
 *
 * @param what - what failed, for example `Could not read posts.csv`
 * @param explanations - system error code → what it means here and what to do
 */
export function unreadable(what: string, cause: unknown, explanations: ReadonlyMap<string, string>): StorageError {
  const problem = explanations.get(errorCode(cause) ?? '') ?? errorMessage(cause);
  return new StorageError('SOURCE_UNREADABLE', `${what}: ${problem}`, { cause });
}
