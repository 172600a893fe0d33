import type { ClientBase } from 'pg';

import type { Target } from '../model/load-job.js';

/**
 * Does `work` with the deferrable constraints of the load's tables checked at once: at COMMIT it would be too late to find
 * the row at fault. Constraints of other tables, which the caller may have deferred, stay as they are.
 * @param isJoined - the transaction is the caller's: those that are deferred by declaration are deferred again. When `work`
 * fails, the rollback to its savepoint does that
 */
export async function withImmediateConstraints<T>(
  client: ClientBase,
  targets: readonly Target[],
  isJoined: boolean,
  work: () => Promise<T>,
): Promise<T> {
  const constraints = targets.flatMap(({ plan }) => plan.live.deferrable);
  if (constraints.length === 0) {
    return work();
  }
  await client.query(`SET CONSTRAINTS ${constraints.map(({ quoted }) => quoted).join(', ')} IMMEDIATE`);
  const result = await work();
  const deferred = constraints.filter(({ initiallyDeferred, sharesName }) => initiallyDeferred && !sharesName);
  if (isJoined && deferred.length > 0) {
    await client.query(`SET CONSTRAINTS ${deferred.map(({ quoted }) => quoted).join(', ')} DEFERRED`);
  }
  return result;
}
