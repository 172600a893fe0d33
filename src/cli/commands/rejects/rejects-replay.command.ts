import type { Command } from 'commander';

import type { ReplayResult } from '../../../results/replay-result.js';
import { EXIT } from '../../exit-codes.js';
import { withInterrupts } from '../../interrupts.js';
import { printLoadResult } from '../../output/load-report.js';
import { type GlobalOptions, printJson, printResult, printTable, showCell } from '../../output/output.js';
import { createProgressDisplay } from '../../output/progress-display.js';
import { addRejectOptions, filterOf, type RejectFlags } from '../../flags/reject-flags.js';
import { checkTableOfRejects } from '../../context/known-table.js';
import { quarantineOf } from '../../context/quarantine.js';
import { withStorage } from '../../context/storage-context.js';

/** `rejects replay` */
export function addRejectsReplayCommand(rejects: Command): void {
  addRejectOptions(rejects.command('replay'))
    .description('Load open rejected records again in one transaction; records rejected again stay open')
    .action(async (_flags: RejectFlags, command: Command) => {
      process.exitCode = await runReplay(command.optsWithGlobals<RejectFlags & GlobalOptions>());
    });
}

async function runReplay(flags: RejectFlags & GlobalOptions): Promise<number> {
  const result = await withInterrupts(flags, ({ signal, begin }) =>
    withStorage(flags, async (storage) => {
      await checkTableOfRejects(storage, flags.table);
      begin();
      const display = await createProgressDisplay(flags, undefined, () => 0);
      try {
        return await quarantineOf(storage).replay(filterOf(flags), {
          signal,
          onProgress: (progress) => display.update(progress),
        });
      } finally {
        display.stop();
      }
    }),
  );
  if (flags.json === true) {
    printJson(result);
  } else {
    report(result);
  }
  return result.rejected > 0 || result.left.length > 0 ? EXIT.rejected : EXIT.ok;
}

function report({ received, loaded, skipped, rejected, loads, rejects, left }: ReplayResult): void {
  left.forEach(({ table, records, message }) =>
    printResult(`Not replayed (still open): ${records} of ${showCell(table)}. ${message}`),
  );
  if (received === 0 && left.length > 0) {
    return;
  }
  if (received === 0) {
    printResult('Nothing to replay: no open record matches');
    return;
  }
  loads.forEach((load) => printLoadResult({ ...load, rejects: [] }));
  printResult(
    `Replayed: ${received}. Loaded: ${loaded}, skipped: ${skipped}, rejected again (still open): ${rejected}`,
  );
  if (rejected > 0) {
    printTable(
      ['id', 'table', 'reason', 'column', 'why'],
      rejects.map(({ id, table, reason, column, message }) => [id, table, reason, column, message]),
    );
  }
}
