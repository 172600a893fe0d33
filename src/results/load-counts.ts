/**
 * Counts of the records of a load; each record is counted exactly once:
 * `received = inserted + updated + unchanged + deleted + duplicates + skipped + rejected + failed`.
 */
export interface LoadCounts {
  readonly received: number;
  /** Rows that did not exist. */
  readonly inserted: number;
  /** Rows that existed and were changed. */
  readonly updated: number;
  /** Rows that already had these values: nothing was written. */
  readonly unchanged: number;
  /** Records that deleted their row; see the option `deleteWhen`. */
  readonly deleted: number;
  /** Records folded with another record of the same load with the same key. */
  readonly duplicates: number;
  /** Records not meant for this table, and those without a stored row to update or delete. */
  readonly skipped: number;
  /** Records in quarantine. */
  readonly rejected: number;
  /** Records of batches that were rolled back. */
  readonly failed: number;
}

/** The counts of {@link WriteCounts}. */
export const WRITE_COUNTS = ['inserted', 'updated', 'unchanged', 'deleted', 'skipped'] as const;

/** What the database did with a set of rows; an update or delete skips those that are not stored. */
export type WriteCounts = Pick<LoadCounts, (typeof WRITE_COUNTS)[number]>;

/** Makes counts of what each is, by its name and its place in {@link WRITE_COUNTS}. */
export function countsBy(countOf: (name: keyof WriteCounts, place: number) => number): WriteCounts {
  return Object.fromEntries(WRITE_COUNTS.map((name, place) => [name, countOf(name, place)])) as unknown as WriteCounts;
}

/** All counts zero. */
export const NO_COUNTS: LoadCounts = {
  received: 0,
  inserted: 0,
  updated: 0,
  unchanged: 0,
  deleted: 0,
  duplicates: 0,
  skipped: 0,
  rejected: 0,
  failed: 0,
};

/** Adds two sets of counts. */
export function addCounts(a: LoadCounts, b: LoadCounts): LoadCounts {
  const sum = { ...a };
  for (const name of Object.keys(NO_COUNTS) as (keyof LoadCounts)[]) {
    sum[name] = a[name] + b[name];
  }
  return sum;
}

/** Records stored in their own row: written, or unchanged. */
export function storedOf(counts: LoadCounts): number {
  return counts.inserted + counts.updated + counts.unchanged;
}

/** Loaded records: stored, folded into one that is, or carried out as the deletion of a row. */
export function loadedOf(counts: LoadCounts): number {
  return storedOf(counts) + counts.duplicates + counts.deleted;
}

/** loaded / (loaded + failed + rejected); 0 when nothing was attempted. */
export function successRateOf(counts: LoadCounts): number {
  const loaded = loadedOf(counts);
  const attempted = loaded + counts.failed + counts.rejected;
  return attempted === 0 ? 0 : loaded / attempted;
}
