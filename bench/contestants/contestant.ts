import { performance } from 'node:perf_hooks';

import type { BenchRecord } from '../tables/data.js';
import type { BenchTable } from '../report/table.js';

/** Environment of a match. */
export interface Arena {
  /** Connection URL including the password: not for output. */
  readonly url: string;
  readonly table: BenchTable;
  /** A directory of this run for files. */
  readonly directory: string;
  /** Aborted when the user interrupts; this ends child processes. */
  readonly signal: AbortSignal;
}

/** A way to merge records into a table by key. */
export interface Contestant {
  readonly name: string;
  /** How it is used, in a few words. */
  readonly how: (table: BenchTable) => string;
  /** Maximum number of rows, because it is slow. */
  readonly maxRows?: number;
  /** Too slow for every case: unless it is chosen by name, it takes part in the first only. */
  readonly isSlow?: boolean;
  /** Does not distinguish an empty text from null, so the check does not either. */
  readonly storesEmptyAsNull?: boolean;
  /** Why it cannot run here, and what to do; undefined if it can. */
  unavailable(): Promise<string | undefined>;
  enter(arena: Arena): Promise<Session>;
}

/** A contestant with open connections. */
export interface Session {
  /** Quoted name of its own table, if it has one. */
  readonly table?: string;
  /** Converts the records into its own form; not measured. */
  prepare(records: readonly BenchRecord[]): Promise<Run>;
  close(): Promise<void>;
}

/** Merges the prepared records once; resolves to the milliseconds it took. */
export type Run = () => Promise<number>;

/** Measures work done in this process. */
export function timed(work: () => Promise<unknown>): Run {
  return async () => {
    const start = performance.now();
    await work();
    return performance.now() - start;
  };
}

/** For contestants that need only this repository. */
export async function alwaysAvailable(): Promise<undefined> {
  return undefined;
}
