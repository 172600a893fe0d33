import type { Command } from 'commander';

import { type GlobalOptions, printJson } from '../output/output.js';
import { printPeriod, printStatistics } from '../output/stats-report.js';
import { withStorage } from '../context/storage-context.js';

/** `stats` */
export function addStatsCommand(program: Command): void {
  program
    .command('stats')
    .description('Show totals of all loads for each table')
    .action(async (_flags: object, command: Command) => {
      const flags = command.optsWithGlobals<GlobalOptions>();
      const [tables, period] = await withStorage(
        flags,
        async ({ stats }) => [await stats.totals(), await stats.historyPeriod()] as const,
      );
      if (flags.json === true) {
        printJson({ tables, ...period });
      } else {
        printStatistics(tables);
        printPeriod(period);
      }
    });
}
