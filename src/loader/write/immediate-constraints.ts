import type { ClientBase } from 'pg';

import type { Target } from '../model/load-job.js';

/** Deferrable foreign keys of other tables. The plan of a table does not know who refers to it. */
const REFERRING = `
  SELECT DISTINCT pg_catalog.format('%I.%I', n.nspname, k.conname) AS quoted
    FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_namespace n ON n.oid = k.connamespace
   WHERE k.contype = 'f' AND k.condeferrable AND k.confrelid = ANY ($1::pg_catalog.regclass[])`;

/**
 * Does `work` with the deferrable constraints of the load's tables checked at once: at COMMIT it would be too late to find
 * the row at fault. So are foreign keys of other tables where rows are deleted, but not in a caller's transaction: the caller
 * may have deferred them, and need it still.
 * @param deletes - some rows are deleted
 * @param isJoined - the transaction is the caller's: those that are deferred by declaration are deferred again. When `work`
 * fails, the rollback to its savepoint does that
 */
export async function withImmediateConstraints<T>(
  client: ClientBase,
  targets: readonly Target[],
  { deletes, isJoined }: { readonly deletes: boolean; readonly isJoined: boolean },
  work: () => Promise<T>,
): Promise<T> {
  const constraints = targets.flatMap(({ plan }) => plan.live.deferrable);
  const tables = targets.map(({ plan }) => plan.quotedTable);
  const referring = deletes && !isJoined ? (await client.query<{ quoted: string }>(REFERRING, [tables])).rows : [];
  const immediate = [...constraints, ...referring].map(({ quoted }) => quoted);
  if (immediate.length === 0) {
    return work();
  }
  await client.query(`SET CONSTRAINTS ${immediate.join(', ')} IMMEDIATE`);
  const result = await work();
  const deferred = constraints.filter(({ initiallyDeferred, sharesName }) => initiallyDeferred && !sharesName);
  if (isJoined && deferred.length > 0) {
    await client.query(`SET CONSTRAINTS ${deferred.map(({ quoted }) => quoted).join(', ')} DEFERRED`);
  }
  return result;
}
