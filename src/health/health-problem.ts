/** What is wrong. */
export type HealthCause =
  /** no connection, or no answer in time: down */
  | 'connection'
  /** down */
  | 'pending_migration'
  /** a table differs from its entity so that its loads fail: down */
  | 'schema_difference'
  /** degraded */
  | 'open_rejects'
  /** degraded */
  | 'stalled_load'
  /** degraded */
  | 'stale_table'
  /** a question that a database which does answer did not answer in time: degraded */
  | 'unanswered';

/** One problem in the details of a check: plain data without values of rows, hosts, users or connection strings. */
export interface HealthProblem {
  readonly cause: HealthCause;
  /** A sentence for people. */
  readonly message: string;
  /** The table concerned, if it is a single one. */
  readonly table?: string;
}

/** Causes for which loads fail. */
const DOWN: ReadonlySet<HealthCause> = new Set(['connection', 'pending_migration', 'schema_difference']);

/** Whether the storage is down because of a problem. */
export function isDown({ cause }: HealthProblem): boolean {
  return DOWN.has(cause);
}
