import type { HistoryPeriod } from '../../stats/load-history.js';
import type { LoadStatistics } from '../../stats/load-stats.js';
import { countColumnsOf } from './count-columns.js';
import { printResult, printTable, showShare } from './output.js';

/** Prints the statistics of each table. */
export function printStatistics(tables: Readonly<Record<string, LoadStatistics>>): void {
  const columns = countColumnsOf(Object.values(tables));
  printTable(
    ['table', ...columns, 'success'],
    Object.entries(tables).map(([table, statistics]) => [
      table,
      ...columns.map((name) => statistics[name]),
      showShare(statistics.successRate, 1),
    ]),
  );
}

/** Prints which loads the totals may lack. */
export function printPeriod({ completeFrom, incompleteFrom }: HistoryPeriod): void {
  if (completeFrom !== null) {
    printResult(`Loads that ended before ${completeFrom.toISOString()} may be missing: old loads were purged`);
  }
  if (incompleteFrom !== null) {
    printResult(`Loads that ended after ${incompleteFrom.toISOString()} may be missing: some have history: 'off'`);
  }
}
