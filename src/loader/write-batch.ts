import type { ClientBase } from 'pg';

import { InvalidLoadError } from '../errors/index.js';
import { insertRejectedRecords } from '../quarantine/rejected-records.js';
import type { LoadLedger } from '../stats/load-ledger.js';
import { identifyKeys } from './identify-keys.js';
import type { LoadJob } from './load-job.js';
import { type LoadTally, summarizeRejects } from './load-tally.js';
import type { PreparedBatch } from './prepare-batch.js';
import { beginReplace, endReplace } from './replace-rows.js';
import { StopLoad } from './stop-load.js';
import { writeUnits } from './write-units.js';

/** The load a batch belongs to. */
export interface BatchContext {
  readonly job: LoadJob;
  readonly loadId: string;
  readonly ledger: LoadLedger;
  /** Quoted name of the quarantine table. */
  readonly rejectedTable: string;
  /** Records of the load that were refused in earlier batches. */
  readonly rejectedBefore: number;
  /** In how many statements at least the rows are written. */
  readonly pieces: number;
}

/**
 * Writes one batch in the transaction of `client`: claims it, writes its rows, keeps what was refused, notes what was
 * done. A batch that is in already, because the reply to its COMMIT was lost, is not written again.
 */
export async function writeBatch(client: ClientBase, context: BatchContext, batch: PreparedBatch): Promise<LoadTally> {
  const { job, loadId, ledger } = context;
  const earlier = await ledger.claimBatch(client, { loadId, ...batch });
  if (earlier !== undefined) {
    return earlier as LoadTally;
  }
  if (job.targets.some(({ plan }) => plan.hasDeferredConstraints)) {
    // At COMMIT nobody could tell any more which row is at fault.
    await client.query('SET CONSTRAINTS ALL IMMEDIATE');
  }
  const units = await identifyKeys(client, job, batch.units);
  const replaces = job.options.disposition === 'replace';
  const removed = replaces ? await beginReplace(client, job, units) : [];
  const outcome = await writeUnits(client, job, loadId, units, context.pieces);
  const rejected = [...batch.refused, ...outcome.rejected].sort((a, b) => a.position - b.position);
  if (context.rejectedBefore + rejected.length > job.options.maxRejects) {
    throw new StopLoad('rejects');
  }
  const alsoRemoved = replaces ? await endReplace(client, job, units, rejected) : [];
  await insertRejectedRecords(client, context.rejectedTable, { loadId, table: job.name }, rejected);
  const tally: LoadTally = {
    received: batch.received,
    stored: outcome.stored,
    duplicates: outcome.duplicates,
    rejected: rejected.length,
    failed: 0,
    targets: outcome.targets.map((target, index) => ({
      ...target,
      deleted: (removed[index] ?? 0) + (alsoRemoved[index] ?? 0),
    })),
    rejects: summarizeRejects(rejected),
    skippedReasons: batch.skippedReasons,
    discardedFields: batch.discardedFields,
  };
  await ledger.recordBatch(client, loadId, batch.batchNo, tally);
  return tally;
}

/** Whether a load without a single row may leave its table empty. */
export function mayEmptyTable({ options }: LoadJob): boolean {
  return options.disposition === 'replace' && options.allowEmpty;
}

/**
 * A replace without a row is almost certainly a mistake.
 * @throws InvalidLoadError unless `allowEmpty` was given
 */
export function checkNotEmpty(job: LoadJob, batch: PreparedBatch): void {
  if (job.options.disposition === 'replace' && batch.units.length === 0 && !mayEmptyTable(job)) {
    throw new InvalidLoadError(
      `None of the ${batch.received} records is a row of ${job.name}, so the replace would empty the table. ` +
        'Pass allowEmpty: true if that is meant.',
    );
  }
}
