/**
 * Where the records of a load went, each to exactly one place:
 * `received = inserted + updated + unchanged + duplicates + skipped + rejected + failed`.
 */
export interface LoadCounts {
  readonly received: number;
  /** Rows that did not exist. */
  readonly inserted: number;
  /** Rows that existed and were changed. */
  readonly updated: number;
  /** Rows that said so already: nothing was written. */
  readonly unchanged: number;
  /** Records folded into a later record of the same load with the same key. */
  readonly duplicates: number;
  /** Records not meant for this table. */
  readonly skipped: number;
  /** Records in quarantine. */
  readonly rejected: number;
  /** Records of batches that were rolled back. */
  readonly failed: number;
}

/** An account before anything came in. */
export const NO_COUNTS: LoadCounts = {
  received: 0,
  inserted: 0,
  updated: 0,
  unchanged: 0,
  duplicates: 0,
  skipped: 0,
  rejected: 0,
  failed: 0,
};

/** Sums two accounts. */
export function addCounts(a: LoadCounts, b: LoadCounts): LoadCounts {
  const sum = { ...a };
  for (const name of Object.keys(NO_COUNTS) as (keyof LoadCounts)[]) {
    sum[name] = a[name] + b[name];
  }
  return sum;
}

/** Records that are in: written, or the row said so already, or folded into one that is. */
export function loadedOf(counts: LoadCounts): number {
  return counts.inserted + counts.updated + counts.unchanged + counts.duplicates;
}

/** loaded / (loaded + failed + rejected); 0 when nothing was attempted. */
export function successRateOf(loaded: number, { failed, rejected }: Pick<LoadCounts, 'failed' | 'rejected'>): number {
  const attempted = loaded + failed + rejected;
  return attempted === 0 ? 0 : loaded / attempted;
}
