import type { Command } from 'commander';

import { isNarrowed } from '../../quarantine/reject-filter.js';
import { QuarantineService } from '../../replay/quarantine.service.js';
import { type GlobalOptions, printJson, printResult } from '../output/output.js';
import { parseMoment } from '../flags/parse-moment.js';
import { addRejectOptions, filterOf, type RejectFlags } from '../flags/reject-flags.js';
import { withStorage } from '../context/storage-context.js';
import { UsageError } from '../usage-error.js';

interface PurgeFlags extends RejectFlags {
  readonly olderThan?: Date;
  readonly replayed?: boolean;
}

/** `rejects purge` */
export function addRejectsPurgeCommand(rejects: Command): void {
  addRejectOptions(rejects.command('purge'))
    .description('remove them for good, open or replayed; at least one option must say which')
    .option('--older-than <when>', 'only those rejected before: 30d, or a date-time with its zone', parseMoment)
    .option('--replayed', 'only those that were replayed')
    .action(async (_flags: PurgeFlags, command: Command) => {
      await runPurge(command.optsWithGlobals<PurgeFlags & GlobalOptions>());
    });
}

async function runPurge(flags: PurgeFlags & GlobalOptions): Promise<void> {
  const replayed = flags.replayed === true ? true : ('any' as const);
  const filter = { ...filterOf(flags), until: flags.olderThan, replayed };
  if (!isNarrowed(filter)) {
    throw new UsageError('a purge of everything is not meant: say which, for example --older-than 30d or --replayed');
  }
  const result = await withStorage(flags, (app) => app.get(QuarantineService).purge(filter));
  if (flags.json === true) {
    printJson(result);
  } else {
    printResult(`Removed: ${result.purged}, of which never loaded: ${result.open}`);
  }
}
