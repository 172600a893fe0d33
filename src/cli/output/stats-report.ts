import type { LoadStatistics } from '../../stats/load-stats.service.js';
import { COUNT_COLUMNS } from './count-columns.js';
import { printTable, showShare } from './output.js';

/** Prints the statistics of each table. */
export function printStatistics(tables: Readonly<Record<string, LoadStatistics>>): void {
  printTable(
    ['table', ...COUNT_COLUMNS, 'success'],
    Object.entries(tables).map(([table, statistics]) => [
      table,
      ...COUNT_COLUMNS.map((name) => statistics[name]),
      showShare(statistics.successRate, 1),
    ]),
  );
}
