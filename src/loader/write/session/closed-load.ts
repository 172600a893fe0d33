import type { LoadStatus } from '../../../entities/index.js';
import { storedOf } from '../../../results/load-counts.js';
import type { ClosedLoad } from '../../../stats/load-ledger.js';
import { type LoadTotals, recordCounts } from '../../../stats/load-totals.js';
import type { LoadJob } from '../../model/load-job.js';
import { faultOf } from '../../model/stop-load.js';

/** The end of a load as `storage_loads` keeps it. */
export function closedLoad(job: LoadJob, status: LoadStatus, totals: LoadTotals, error?: unknown): ClosedLoad {
  const hasUnknown = Object.keys(totals.unknownFields).length > 0;
  const records = recordCounts(totals);
  const common = {
    status,
    unknown: hasUnknown ? { policy: job.unknownFields, fields: totals.unknownFields } : undefined,
    error: error === undefined ? undefined : faultOf(error),
  };
  if (job.targets.length === 1 && !job.hasKeysApart) {
    return { ...common, counts: records };
  }
  return {
    ...common,
    counts: { ...records, inserted: 0, updated: 0, unchanged: 0 },
    stored: storedOf(records),
    tables: Object.fromEntries(job.targets.map(({ plan }, index) => [plan.table, totals.tables[index] ?? records])),
  };
}
