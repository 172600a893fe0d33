import { HYBRID } from '../../entities/index.js';
import { NO_COUNTS, storedOf } from '../../results/load-counts.js';
import { type LoadTotals, recordCounts } from '../../stats/load-totals.js';
import { countsByName } from '../../stats/name-counter.js';
import type { LoadJob } from '../model/load-job.js';
import type { CombinedResult, HybridResult, LoadResult, ShardReport } from '../../results/load-result.js';

/** The account of a load, ready to be put into the shape of a result. */
export interface RunReport {
  readonly loadId: string;
  readonly totals: LoadTotals;
  readonly durationMs: number;
  readonly retries: number;
  /** The load reached the end of its records. */
  readonly completed: boolean;
  readonly alreadyCompleted: boolean;
  readonly receivedEarlier: number;
  /** Undefined for a load without shards. */
  readonly shard: ShardReport | undefined;
}

/** Puts the account of a load into the result its caller gets. */
export type ResultShape<Result> = (job: LoadJob, report: RunReport) => Result;

/** The result of a load into one table. */
export function toLoadResult(job: LoadJob, report: RunReport): LoadResult {
  return tableResult(job, report, 0);
}

/** The result of a load into both tables; the job's targets are app_opportunities and submissions, in this order. */
export function toHybridResult(job: LoadJob, report: RunReport): HybridResult {
  return {
    kind: 'hybrid',
    ...recordPart(job, report),
    table: HYBRID,
    opportunities: tableResult(job, report, 0),
    submissions: tableResult(job, report, 1),
  };
}

/** The result of a combined load. */
export function toCombinedResult(job: LoadJob, report: RunReport): CombinedResult {
  return {
    kind: 'combined',
    ...recordPart(job, report),
    table: job.name,
    tables: Object.fromEntries(job.targets.map(({ plan }, target) => [plan.table, tableResult(job, report, target)])),
  };
}

function tableResult(job: LoadJob, report: RunReport, target: number): LoadResult {
  const { tables, removed } = report.totals;
  return {
    kind: 'table',
    ...commonPart(job, report),
    table: job.targets[target]?.plan.table ?? job.name,
    ...(tables[target] ?? NO_COUNTS),
    removed,
  };
}

/** What the result of a load into several tables counts of its records. */
function recordPart(job: LoadJob, report: RunReport) {
  const records = recordCounts(report.totals);
  const { received, duplicates, skipped, rejected, failed } = records;
  return { ...commonPart(job, report), received, stored: storedOf(records), duplicates, skipped, rejected, failed };
}

function commonPart(job: LoadJob, report: RunReport) {
  const { loadId, totals, durationMs, retries, completed, alreadyCompleted, receivedEarlier, shard } = report;
  const { rejected, failed } = recordCounts(totals);
  return {
    loadId,
    disposition: job.options.disposition,
    ok: completed && rejected === 0 && failed === 0,
    alreadyCompleted,
    receivedEarlier,
    ...(shard && { shard }),
    durationMs,
    retries,
    rejects: totals.rejects,
    skippedReasons: totals.skippedReasons,
    unknownFields: totals.unknownFields,
    discardedFields: job.unknownFields === 'discard' ? totals.unknownFields : countsByName(),
  };
}
