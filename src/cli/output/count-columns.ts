import type { LoadCounts } from '../../results/load-counts.js';

/** Counts of a table, in print order. */
export const COUNT_COLUMNS: readonly (keyof LoadCounts)[] = [
  'received',
  'inserted',
  'updated',
  'unchanged',
  'duplicates',
  'skipped',
  'rejected',
  'failed',
];
