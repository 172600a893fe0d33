import type { LoadCounts } from '../../results/load-counts.js';

/** Counts of a table, in print order; `deleted` only where there are some. */
const COUNT_COLUMNS: readonly (keyof LoadCounts)[] = [
  'received',
  'inserted',
  'updated',
  'unchanged',
  'duplicates',
  'skipped',
  'rejected',
  'failed',
];

/** The counts to print of these tables. */
export function countColumnsOf(tables: readonly Pick<LoadCounts, 'deleted'>[]): readonly (keyof LoadCounts)[] {
  return tables.some(({ deleted }) => deleted > 0) ? [...COUNT_COLUMNS, 'deleted'] : COUNT_COLUMNS;
}
