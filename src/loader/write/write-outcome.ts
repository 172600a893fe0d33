import { type DatabaseFault, describeFault } from '../../postgres/database-fault.js';
import type { RejectedRecord } from '../../quarantine/rejected-records.js';
import { sqlstateReason } from '../../records/reject-reasons.js';
import type { LoadJob } from '../model/load-job.js';
import { addTargetTallies, NO_TARGET_COUNTS, type TargetTally } from '../model/load-tally.js';
import { keyValuesOf, type LoadUnit, partsOf, showKey } from '../model/load-unit.js';
import type { WriteCounts } from './write-staged.js';

/** What came of units. */
export interface WriteOutcome {
  readonly stored: number;
  readonly duplicates: number;
  readonly targets: readonly TargetTally[];
  readonly rejected: readonly RejectedRecord[];
}

export function emptyOutcome(job: LoadJob): WriteOutcome {
  return { stored: 0, duplicates: 0, targets: job.targets.map(() => NO_TARGET_COUNTS), rejected: [] };
}

export function addOutcomes(a: WriteOutcome, b: WriteOutcome): WriteOutcome {
  return {
    stored: a.stored + b.stored,
    duplicates: a.duplicates + b.duplicates,
    targets: a.targets.map((target, index) => addTargetTallies(target, b.targets[index] ?? NO_TARGET_COUNTS)),
    rejected: [...a.rejected, ...b.rejected],
  };
}

/** The outcome of units that are stored; `counts` says for each table what became of their rows. */
export function storedOutcome(units: readonly LoadUnit[], counts: readonly WriteCounts[]): WriteOutcome {
  const records = units.reduce((sum, unit) => sum + partsOf(unit).length, 0);
  return {
    stored: units.length,
    duplicates: records - units.length,
    targets: counts.map((count, target) => ({ ...NO_TARGET_COUNTS, ...count, ...countParts(units, target) })),
    rejected: [],
  };
}

/** A record that is kept out of the tables, and why. */
export function rejectUnit(job: LoadJob, unit: LoadUnit, fault: DatabaseFault): RejectedRecord {
  const { code, column, message } = fault;
  const { position, source } = unit;
  const values = keyValuesOf(job, unit.rows);
  const key = values === undefined ? undefined : showKey(values);
  return { position, source, key, rejection: { rule: sqlstateReason(code), column, message } };
}

/** The outcome of one record that Postgres rejected. */
export function rejectedOutcome(job: LoadJob, unit: LoadUnit, error: unknown): WriteOutcome {
  return { ...emptyOutcome(job), rejected: [rejectUnit(job, unit, describeFault(error))] };
}

/** Of the records folded into each unit, all but one that speak of a table are duplicates there. */
function countParts(units: readonly LoadUnit[], target: number): { duplicates: number; notMeant: number } {
  let duplicates = 0;
  let notMeant = 0;
  for (const unit of units) {
    const parts = partsOf(unit);
    const meant = parts.filter((part) => part.rows[target] !== undefined).length;
    duplicates += Math.max(0, meant - 1);
    notMeant += parts.length - meant;
  }
  return { duplicates, notMeant };
}
