import { performance } from 'node:perf_hooks';

import type { BenchRecord } from '../tables/data.js';
import type { BenchTable } from '../report/table.js';

/** Where a match takes place. */
export interface Arena {
  /** Connection string, password included: not for output. */
  readonly url: string;
  readonly table: BenchTable;
  /** A directory of this run for files. */
  readonly directory: string;
  /** Aborted when the user interrupts; child processes end by it. */
  readonly signal: AbortSignal;
}

/** A way to merge records into a table by its key. */
export interface Contestant {
  readonly name: string;
  /** How it is used, in a few words. */
  readonly how: (table: BenchTable) => string;
  /** So slow that it is measured on this many rows at most. */
  readonly maxRows?: number;
  /** It does not tell an empty text from null, so neither does the check of what it wrote. */
  readonly storesEmptyAsNull?: boolean;
  /** Why it cannot run here, and what to do about it; undefined when it can. */
  unavailable(): Promise<string | undefined>;
  enter(arena: Arena): Promise<Session>;
}

/** A contestant with its connections open. */
export interface Session {
  /** Quoted name of the table it writes, where that is one of its own. */
  readonly table?: string;
  /** Brings the records into the form it takes, outside of the measured time. */
  prepare(records: readonly BenchRecord[]): Promise<Run>;
  close(): Promise<void>;
}

/** Merges the prepared records, once; resolves to the milliseconds it took. */
export type Run = () => Promise<number>;

/** Measures work done in this process. */
export function timed(work: () => Promise<unknown>): Run {
  return async () => {
    const start = performance.now();
    await work();
    return performance.now() - start;
  };
}

/** For those that need nothing but this repository. */
export async function alwaysAvailable(): Promise<undefined> {
  return undefined;
}
