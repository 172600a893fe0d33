import { StorageError } from '../errors/storage-error.js';

/**
 * The error for a source that cannot be read.
 *
 * @param what - what failed, for example `cannot read posts.csv`
 * @param explanations - what the codes of system errors mean here, and the way out
 */
export function unreadable(what: string, cause: unknown, explanations: ReadonlyMap<string, string>): StorageError {
  const explanation = explanations.get(String(property(cause, 'code')));
  const problem = explanation ?? property(cause, 'message') ?? cause;
  return new StorageError('SOURCE_UNREADABLE', `${what}: ${String(problem)}`, { cause });
}

/** By property rather than by `instanceof Error`, which is false for errors from another realm, such as a vm context. */
function property(error: unknown, name: 'code' | 'message'): unknown {
  return typeof error === 'object' && error !== null ? (error as Record<string, unknown>)[name] : undefined;
}
