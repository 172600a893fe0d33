import { type ObservedLoadEnd, type ObservedLoadStart, outcomesOf } from '../../../stats/observe/load-observer.js';
import type { LoadJob } from '../../model/load-job.js';
import { closedLoad } from '../../write/session/closed-load.js';
import type { LoadAccounts } from '../load-accounts.js';
import type { BatchPlace, LedgerEntry } from '../../../stats/load-ledger.js';
import type { LoadTotals } from '../../../stats/load-totals.js';
import type { ObservedLoad } from '../../../stats/observe/load-observers.js';
import { NotPipelinedError } from '../../pipelined/pipelined-load.js';
import type { LoadSession } from '../../write/session/load-session.js';

/** What observers are told of a load at its start. */
export function observedStart({
  loadId,
  table,
  attempt,
  disposition,
  loadKey,
  source,
}: LedgerEntry): ObservedLoadStart {
  return { loadId, table, attempt, disposition, loadKey, source };
}

/** What observers are told of a load at its end: the counts that `storage_loads` has. */
export function observedEnd(
  job: LoadJob,
  entry: LedgerEntry,
  { totals, batches, retries }: LoadAccounts,
  end: Pick<ObservedLoadEnd, 'status' | 'alreadyCompleted' | 'durationMs' | 'errorCode'>,
): ObservedLoadEnd {
  const { counts, stored } = closedLoad(job, end.status, totals);
  return { ...observedStart(entry), ...end, counts: outcomesOf(counts, stored), batches, retries };
}

/** Writes a batch; observers of its load are told. */
export function observedBatch(
  observed: ObservedLoad | undefined,
  { entry: { table, attempt } }: LoadSession,
  { batchNo }: BatchPlace,
  write: () => Promise<LoadTotals>,
): Promise<LoadTotals> {
  return observed === undefined
    ? write()
    : observed.batch({ table, batchNo, attempt }, write, (error) => error instanceof NotPipelinedError);
}
