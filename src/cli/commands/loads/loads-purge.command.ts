import type { Command } from 'commander';

import { withStorage } from '../../context/storage-context.js';
import { parseMoment } from '../../flags/parse-moment.js';
import { type GlobalOptions, printJson, printResult } from '../../output/output.js';

interface PurgeFlags {
  readonly olderThan: Date;
  readonly keepKeys?: Date;
  readonly dryRun?: boolean;
}

/** `loads purge` */
export function addLoadsPurgeCommand(loads: Command): void {
  loads
    .command('purge')
    .description('Delete old loads from the history; rows of the loaded tables stay')
    .requiredOption('--older-than <when>', 'Loads that ended before: 30d, or a date-time with time zone', parseMoment)
    .option(
      '--keep-keys <when>',
      'Delete completed loads with a load key too, if they ended before: 90d, or a date-time with time zone; their keys ' +
        'can be used again (default: keep them all)',
      parseMoment,
    )
    .option('--dry-run', 'Count what would be deleted')
    .addHelpText(
      'after',
      '\nKept in any case: running loads, loads with open rejected records, and loads that their key can resume.',
    )
    .action(async (_flags: PurgeFlags, command: Command) => {
      await runPurge(command.optsWithGlobals<PurgeFlags & GlobalOptions>());
    });
}

async function runPurge(flags: PurgeFlags & GlobalOptions): Promise<void> {
  const { olderThan, keepKeys } = flags;
  const dryRun = flags.dryRun === true;
  const result = await withStorage(flags, (storage) => storage.stats.purge({ olderThan, keepKeys, dryRun }));
  if (flags.json === true) {
    printJson(dryRun ? { ...result, dryRun } : result);
  } else {
    const { loads, batches } = result;
    printResult(`${dryRun ? 'Dry run, would be deleted' : 'Deleted'}: ${loads} loads, ${batches} batches`);
  }
}
