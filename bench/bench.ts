import type { Arena } from './contestants/contestant.js';
import type { BenchRecord } from './tables/data.js';
import type { Goal } from './report/goals.js';
import type { Contestant } from './contestants/index.js';

/** Context of every case. */
export interface Bench extends Arena {
  readonly records: readonly BenchRecord[];
  /** Number of records asked for, also for cases that make their own. */
  readonly rows: number;
  readonly rounds: number;
  /** Numbers of rows of the case `length`. */
  readonly lengths: readonly number[];
  /** Selected contestants that can run here. */
  readonly contestants: readonly Contestant[];
  readonly onProgress: (text: string) => void;
}

/** A printed table. */
export interface ReportTable {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
}

/** Outcome of a case. */
export interface CaseReport extends ReportTable {
  /** Further tables. */
  readonly more?: readonly ReportTable[];
  readonly notes: readonly string[];
  /** Contestants that failed, and how. */
  readonly faults: readonly string[];
  readonly goals: readonly Goal[];
  /** For `--json`. */
  readonly figures: unknown;
}
