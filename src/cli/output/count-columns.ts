import type { LoadCounts } from '../../results/load-counts.js';

/** The counts of a table, in the order they are printed. */
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
