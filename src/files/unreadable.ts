import { errorCode, errorMessage } from '../errors/error-text.js';
import { StorageError } from '../errors/storage-error.js';

/**
 * The error for a source that cannot be read.
 *
 * @param what - what failed, for example `cannot read posts.csv`
 * @param explanations - what the codes of system errors mean here, and the way out
 */
export function unreadable(what: string, cause: unknown, explanations: ReadonlyMap<string, string>): StorageError {
  const problem = explanations.get(errorCode(cause) ?? '') ?? errorMessage(cause);
  return new StorageError('SOURCE_UNREADABLE', `${what}: ${problem}`, { cause });
}
