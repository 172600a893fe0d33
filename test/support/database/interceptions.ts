import type { PassingStatement, Verdict } from './proxy.js';

/** Which statement of a load is meant. */
export interface StatementChoice {
  readonly pattern: RegExp;
  /** Only on a connection that has sent such a statement before. */
  readonly after?: RegExp;
}

/** The first COMMIT of a batch, not of what is only entered in the history. */
export const COMMIT_OF_BATCH: StatementChoice = { pattern: /^COMMIT/, after: /storage_load_batches/ };

/** A judge that does something about the first such statement, and lets all others pass. */
export function aboutTheFirst(
  { pattern, after = /^/ }: StatementChoice,
  act: (statement: PassingStatement) => Verdict | Promise<Verdict>,
): (statement: PassingStatement) => Verdict | Promise<Verdict> {
  const prepared = new Set<number>();
  let found = false;
  return (statement) => {
    const { sql, port } = statement;
    if (after.test(sql)) prepared.add(port);
    if (found || !prepared.has(port) || !pattern.test(sql)) return 'pass';
    found = true;
    return act(statement);
  };
}
