import type { Command } from 'commander';

import { isNarrowed } from '../../../quarantine/reject-filter.js';
import { type GlobalOptions, printJson, printResult } from '../../output/output.js';
import { parseMoment } from '../../flags/parse-moment.js';
import { addRejectOptions, filterOf, type RejectFlags } from '../../flags/reject-flags.js';
import { checkTableOfRejects } from '../../context/known-table.js';
import { quarantineOf } from '../../context/quarantine.js';
import { withStorage } from '../../context/storage-context.js';
import { UsageError } from '../../usage-error.js';

interface PurgeFlags extends RejectFlags {
  readonly olderThan?: Date;
  readonly replayed?: boolean;
}

/** `rejects purge` */
export function addRejectsPurgeCommand(rejects: Command): void {
  addRejectOptions(rejects.command('purge'))
    .description('Delete rejected records permanently, open or replayed; needs at least one option')
    .option('--older-than <when>', 'Only records rejected before: 30d, or a date-time with time zone', parseMoment)
    .option('--replayed', 'Only replayed records')
    .action(async (_flags: PurgeFlags, command: Command) => {
      await runPurge(command.optsWithGlobals<PurgeFlags & GlobalOptions>());
    });
}

async function runPurge(flags: PurgeFlags & GlobalOptions): Promise<void> {
  const replayed = flags.replayed === true ? true : ('any' as const);
  const filter = { ...filterOf(flags), until: flags.olderThan, replayed };
  if (!isNarrowed(filter)) {
    throw new UsageError('A purge needs a filter, for example --older-than 30d or --replayed');
  }
  const result = await withStorage(flags, async (storage) => {
    await checkTableOfRejects(storage, flags.table);
    return quarantineOf(storage).purge(filter);
  });
  if (flags.json === true) {
    printJson(result);
  } else {
    printResult(`Deleted: ${result.purged}, of which open: ${result.open}`);
  }
}
