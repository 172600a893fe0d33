import type { ClientBase } from 'pg';

import { insertRejectedRecords } from '../../quarantine/rejected-records.js';
import type { LedgerEntry, LoadLedger } from '../../stats/load-ledger.js';
import { identifyKeys } from '../merge/identify-keys.js';
import type { LoadJob } from '../model/load-job.js';
import { type LoadTally, summarizeRejects } from '../model/load-tally.js';
import type { PreparedBatch } from '../read/prepare-batch.js';
import { StopLoad } from '../model/stop-load.js';
import { writeUnits } from '../isolate/write-units.js';

/** The load a batch belongs to. */
export interface BatchContext {
  readonly job: LoadJob;
  readonly entry: LedgerEntry;
  readonly ledger: LoadLedger;
  /** Quoted name of the quarantine table. */
  readonly rejectedTable: string;
  /** Records of the load that were rejected in earlier batches. */
  readonly rejectedBefore: number;
  /** In how many statements at least the rows are written. */
  readonly pieces: number;
}

/**
 * Writes one batch in the transaction of `client`: claims it, writes its rows, keeps what was rejected, notes what was
 * done. A batch that is in already, because the reply to its COMMIT was lost, is not written again.
 */
export async function writeBatch(client: ClientBase, context: BatchContext, batch: PreparedBatch): Promise<LoadTally> {
  const { job, entry, ledger } = context;
  const earlier = await ledger.claimBatch(client, entry, batch);
  if (earlier !== undefined) {
    return earlier as LoadTally;
  }
  if (job.targets.some(({ plan }) => plan.hasDeferredConstraints)) {
    // At COMMIT nobody could tell any more which row is at fault.
    await client.query('SET CONSTRAINTS ALL IMMEDIATE');
  }
  const { loadId } = entry;
  const maxRejected = job.options.maxRejects - context.rejectedBefore - batch.rejected.length;
  if (maxRejected < 0) {
    throw new StopLoad('rejects');
  }
  const units = await identifyKeys(client, job, batch.units);
  const outcome = await writeUnits(client, { job, loadId, maxRejected }, units, context.pieces);
  const rejected = [...batch.rejected, ...outcome.rejected].sort((a, b) => a.position - b.position);
  await insertRejectedRecords(client, context.rejectedTable, { loadId, table: job.name }, rejected);
  const tally: LoadTally = {
    received: batch.received,
    stored: outcome.stored,
    duplicates: outcome.duplicates,
    rejected: rejected.length,
    failed: 0,
    targets: outcome.targets,
    rejects: summarizeRejects(rejected),
    skippedReasons: batch.skippedReasons,
    unknownFields: batch.unknownFields,
  };
  await ledger.recordBatch(client, entry, batch.batchNo, tally);
  return tally;
}
