import type { Command } from 'commander';

import { checkTableOfRejects } from '../../context/known-table.js';
import { quarantineOf } from '../../context/quarantine.js';
import { withStorage } from '../../context/storage-context.js';
import { addRejectOptions, filterOf, type RejectFlags } from '../../flags/reject-flags.js';
import { type GlobalOptions, printJson, printTable } from '../../output/output.js';

interface ReasonsFlags extends RejectFlags {
  readonly all?: boolean;
}

/** `rejects reasons` */
export function addRejectsReasonsCommand(rejects: Command): void {
  addRejectOptions(rejects.command('reasons'))
    .description('Count open rejected records by reason')
    .option('--all', 'Include replayed records')
    .action(async (_flags: ReasonsFlags, command: Command) => {
      const flags = command.optsWithGlobals<ReasonsFlags & GlobalOptions>();
      const filter = { ...filterOf(flags), replayed: flags.all === true ? ('any' as const) : false };
      const reasons = await withStorage(flags, async (storage) => {
        await checkTableOfRejects(storage, flags.table);
        return quarantineOf(storage).countByReason(filter);
      });
      if (flags.json === true) {
        printJson({ reasons });
      } else {
        printTable(
          ['reason', 'records'],
          reasons.map(({ reason, count }) => [reason, count]),
        );
      }
    });
}
