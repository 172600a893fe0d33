import { HYBRID } from '../../entities/index.js';
import type { LoadProgress } from '../../stats/load-progress.js';
import type { LedgerAccount } from '../../stats/load-ledger.js';
import { countsOf } from '../model/field-counts.js';
import type { LoadJob } from '../model/load-job.js';
import type { HybridResult, LoadResult } from '../../results/load-result.js';
import { countsOfTarget, type LoadTally, skippedOf } from '../model/load-tally.js';

/** A load's account, ready to be put into the shape of a result. */
export interface RunReport {
  readonly loadId: string;
  readonly tally: LoadTally;
  readonly durationMs: number;
  readonly retries: number;
  /** The load went through to the end of its records. */
  readonly completed: boolean;
  readonly replayed: boolean;
  readonly receivedEarlier: number;
}

/** Puts the account of a load into the result its caller gets. */
export type ResultShape<Result> = (job: LoadJob, report: RunReport) => Result;

/** The result of a load into one table. */
export function toLoadResult(job: LoadJob, report: RunReport): LoadResult {
  return tableResult(job, report, 0);
}

/** The result of a load into both tables; the job's targets are app_opportunities and submissions, in this order. */
export function toHybridResult(job: LoadJob, report: RunReport): HybridResult {
  const { tally } = report;
  const { received, stored, duplicates, rejected, failed } = tally;
  return {
    kind: 'hybrid',
    ...commonPart(job, report),
    table: HYBRID,
    received,
    stored,
    duplicates,
    skipped: skippedOf(tally),
    rejected,
    failed,
    opportunities: tableResult(job, report, 0),
    submissions: tableResult(job, report, 1),
  };
}

/** The account as the ledger keeps it. */
export function accountOf(job: LoadJob, tally: LoadTally): Omit<LedgerAccount, 'status' | 'error'> {
  const met = Object.keys(tally.unknownFields).length > 0;
  const unknown = met ? { policy: job.unknownFields, fields: tally.unknownFields } : undefined;
  if (job.targets.length === 1) {
    return { counts: countsOfTarget(tally, 0), unknown };
  }
  const { received, stored, duplicates, rejected, failed } = tally;
  const skipped = skippedOf(tally);
  return {
    counts: { received, inserted: 0, updated: 0, unchanged: 0, duplicates, skipped, rejected, failed },
    stored,
    unknown,
    tables: Object.fromEntries(job.targets.map(({ plan }, index) => [plan.table, countsOfTarget(tally, index)])),
  };
}

export function progressOf(
  loadId: string,
  table: string,
  status: LoadProgress['status'],
  tally: LoadTally,
): Omit<LoadProgress, 'batches' | 'retries' | 'receivedEarlier'> {
  const { received, stored, duplicates, rejected, failed } = tally;
  return {
    loadId,
    table,
    status,
    received,
    loaded: stored + duplicates,
    skipped: skippedOf(tally),
    rejected,
    failed,
  };
}

function tableResult(job: LoadJob, report: RunReport, target: number): LoadResult {
  return {
    kind: 'table',
    ...commonPart(job, report),
    table: job.targets[target]?.plan.table ?? job.name,
    ...countsOfTarget(report.tally, target),
    deleted: report.tally.targets[target]?.deleted ?? 0,
  };
}

function commonPart(job: LoadJob, report: RunReport) {
  const { loadId, tally, durationMs, retries, completed, replayed, receivedEarlier } = report;
  return {
    loadId,
    disposition: job.options.disposition,
    ok: completed && tally.rejected === 0 && tally.failed === 0,
    replayed,
    receivedEarlier,
    durationMs,
    retries,
    rejects: tally.rejects,
    skippedReasons: tally.skippedReasons,
    unknownFields: tally.unknownFields,
    discardedFields: job.unknownFields === 'discard' ? tally.unknownFields : countsOf([]),
  };
}
