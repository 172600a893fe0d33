import type { ClientBase } from 'pg';

import { poolSizeOf } from '../../postgres/data-source.js';
import { withTransaction } from '../../postgres/with-transaction.js';
import { insertRejectedRecords } from '../../quarantine/rejected-records.js';
import { addTotals, type LoadTotals, summarizeRejects } from '../../stats/load-totals.js';
import { writeUnits } from '../isolate/write-units.js';
import { createMirrors } from '../isolate/create-mirrors.js';
import { isDistributed } from '../distributed/mirror-table.js';
import { identifyKeys } from '../merge/identify-keys.js';
import { Evidence } from '../model/evidence.js';
import type { WriteContext } from '../model/load-context.js';
import type { LoadJob } from '../model/load-job.js';
import { isDeletion } from '../model/load-unit.js';
import { staysInHistory } from '../model/load-options.js';
import { afterRejects, StopLoad } from '../model/stop-load.js';
import { type PreparedBatch, unwrittenTotals } from '../read/batch-builder.js';
import type { BatchAttempt } from '../write/session/commit-watch.js';
import { withImmediateConstraints } from '../write/immediate-constraints.js';
import type { LoadSession } from '../write/session/load-session.js';
import { lockPlannedTables } from '../write/planned-tables.js';
import { totalsOfOutcome } from '../write/write-outcome.js';
import type { BatchReport } from './row-report.js';

/** How one attempt at a batch writes it. */
export interface AttemptHow extends BatchAttempt {
  readonly taken: readonly boolean[];
  /** Takes what became of each record. */
  readonly report: BatchReport;
}

/**
 * Writes one batch in the transaction of `client`: claims it, writes its rows, puts rejected records into quarantine,
 * notes its totals. A batch that is committed already, because the reply to its COMMIT was lost, is not written again.
 * @param how.rejectedBefore - records of the load that earlier batches have rejected
 * @param how.pieces - the least number of statements for the rows
 * @param how.taken - for each table, whether earlier batches have stored records in it
 * @param how.hasDeadlocked - so a batch that deletes rows lets no other transaction write its table meanwhile
 * @param how.sharesTables - see {@link WriteContext}
 */
export async function writeBatch(
  client: ClientBase,
  { context, entry, isJoined }: LoadSession,
  job: LoadJob,
  batch: PreparedBatch,
  how: AttemptHow & Pick<WriteContext, 'sharesTables'> & { readonly rejectedBefore: number },
): Promise<LoadTotals> {
  const { ledger, rejectedTable } = context;
  const { rejectedBefore, pieces, taken, sharesTables } = how;
  const { keepsHistory } = job.options;
  const committed = keepsHistory ? await ledger.claimBatch(client, entry, batch) : undefined;
  if (committed !== undefined) {
    return committed;
  }
  // Rows that are deleted, and others that are written, are locked by several statements: not in the order of all keys. Four
  // loads that delete and write the same keys met deadlocks until no attempt was left. So a retry keeps other writers out
  // until it commits; it waits for those before it, at most lockTimeoutMs. Readers do not wait. Nor do shards, which work side
  // by side, lock the rows of a statement in one order.
  const deletes = batch.units.some(isDeletion);
  const isOrdered = !deletes && !job.targets.some(isDistributed);
  await lockPlannedTables(client, job, how.hasDeadlocked && !isOrdered);
  await createMirrors(client, job);
  const { loadId } = entry;
  const maxRejects = job.options.maxRejects - rejectedBefore - batch.rejected.length;
  if (maxRejects < 0) {
    throw new StopLoad('rejects', summarizeRejects(batch.rejected));
  }
  const units = await identifyKeys(client, job, batch.units);
  const { observers } = context.stats;
  const { dataSource, limits, parallelism } = context;
  const aside: WriteContext['aside'] =
    poolSizeOf(dataSource) > parallelism ? (work) => withTransaction(dataSource, limits, work) : undefined;
  const evidence = new Evidence(taken);
  const write: WriteContext = { job, loadId, maxRejects, sharesTables, evidence, observers, aside };
  const outcome = await afterRejects(batch.rejected, () =>
    withImmediateConstraints(client, job.targets, { deletes, isJoined }, () =>
      writeUnits(client, write, units, pieces),
    ),
  );
  const rejected = [...batch.rejected, ...outcome.rejected].sort((a, b) => a.position - b.position);
  const isKept = staysInHistory(job.options, rejected.length);
  if (isKept && !keepsHistory) {
    // Quarantine refers to the load. The rows may be written twice, rejected records may not.
    await ledger.open(client, entry);
    const earlier = await ledger.claimBatch(client, entry, batch);
    if (earlier !== undefined) {
      return earlier;
    }
  }
  await insertRejectedRecords(client, rejectedTable, { loadId, table: job.name }, rejected);
  const totals = addTotals(unwrittenTotals(batch, job), totalsOfOutcome(outcome));
  if (isKept) {
    await ledger.recordBatch(client, entry, batch.batchNo, totals);
  }
  how.report.note(job, batch, outcome.stored, rejected);
  return totals;
}
