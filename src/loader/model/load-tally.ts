import type { RejectedRecord } from '../../quarantine/rejected-records.js';
import type { LoadCounts } from '../../results/load-counts.js';
import { addByName, type Counts, countsOf } from './field-counts.js';
import { MAX_REJECTS_SHOWN, type RejectSummary } from '../../results/load-result.js';

/** Counts of one of a load's tables that differ from table to table. */
export interface TargetTally {
  readonly inserted: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly duplicates: number;
  /** Records that say nothing for this table. */
  readonly notMeant: number;
  /** Rows a replace has removed. */
  readonly deleted: number;
}

/** The account of a load or of one of its batches, in records and for each table. Plain data: a batch keeps it as JSON. */
export interface LoadTally {
  readonly received: number;
  /** Records written, or found to be in already. */
  readonly stored: number;
  readonly duplicates: number;
  readonly rejected: number;
  readonly failed: number;
  readonly targets: readonly TargetTally[];
  readonly rejects: readonly RejectSummary[];
  readonly skippedReasons: Readonly<Record<string, number>>;
  readonly unknownFields: Counts;
}

export const NO_TARGET_COUNTS: TargetTally = {
  inserted: 0,
  updated: 0,
  unchanged: 0,
  duplicates: 0,
  notMeant: 0,
  deleted: 0,
};

export function emptyTally(targets: number): LoadTally {
  return {
    received: 0,
    stored: 0,
    duplicates: 0,
    rejected: 0,
    failed: 0,
    targets: Array.from({ length: targets }, () => NO_TARGET_COUNTS),
    rejects: [],
    skippedReasons: countsOf([]),
    unknownFields: countsOf([]),
  };
}

export function addTallies(a: LoadTally, b: LoadTally): LoadTally {
  return {
    received: a.received + b.received,
    stored: a.stored + b.stored,
    duplicates: a.duplicates + b.duplicates,
    rejected: a.rejected + b.rejected,
    failed: a.failed + b.failed,
    targets: a.targets.map((target, index) => addTargetTallies(target, b.targets[index] ?? NO_TARGET_COUNTS)),
    rejects: firstRejects([...a.rejects, ...b.rejects]),
    skippedReasons: addByName(a.skippedReasons, b.skippedReasons),
    unknownFields: addByName(a.unknownFields, b.unknownFields),
  };
}

export function addTargetTallies(a: TargetTally, b: TargetTally): TargetTally {
  return {
    inserted: a.inserted + b.inserted,
    updated: a.updated + b.updated,
    unchanged: a.unchanged + b.unchanged,
    duplicates: a.duplicates + b.duplicates,
    notMeant: a.notMeant + b.notMeant,
    deleted: a.deleted + b.deleted,
  };
}

/** What a batch comes to when it is rolled back: all is failed but what was never meant to be stored. */
export function failedTally(
  received: number,
  skippedReasons: Readonly<Record<string, number>>,
  targets: number,
): LoadTally {
  return { ...emptyTally(targets), received, skippedReasons, failed: received - sumOf(skippedReasons) };
}

export function skippedOf(tally: LoadTally): number {
  return sumOf(tally.skippedReasons);
}

/** The account of one table of the load. */
export function countsOfTarget(tally: LoadTally, target: number): LoadCounts {
  const { notMeant, deleted: _, ...written } = tally.targets[target] ?? NO_TARGET_COUNTS;
  return {
    ...written,
    received: tally.received,
    skipped: skippedOf(tally) + notMeant,
    rejected: tally.rejected,
    failed: tally.failed,
  };
}

export function summarizeRejects(rejected: readonly RejectedRecord[]): RejectSummary[] {
  return firstRejects(rejected).map(({ position, rejection }) => ({
    position,
    reason: rejection.rule,
    column: rejection.column,
    message: rejection.message,
  }));
}

/** Those a result names: the first of the input, while batches end, and faults are found, in whatever order. */
export function firstRejects<T extends Pick<RejectSummary, 'position'>>(rejects: readonly T[]): T[] {
  return rejects.toSorted((a, b) => a.position - b.position).slice(0, MAX_REJECTS_SHOWN);
}

function sumOf(counters: Readonly<Record<string, number>>): number {
  return Object.values(counters).reduce((sum, count) => sum + count, 0);
}
