import { type Command, Option } from 'commander';

import { LoadStoppedError } from '../../errors/index.js';
import { type OpenedSource, openSource } from '../../files/open-source.js';
import { readRecords } from '../../files/read-records.js';
import { DISPOSITIONS, MAX_BATCH_SIZE } from '../../loader/model/load-options.js';
import type { BatchLoadResult, Disposition, HybridBatchResult, Shard, ShardReport } from '../../results/load-result.js';
import type { HistoryEntry } from '../../stats/load-history.js';
import { EXIT } from '../exit-codes.js';
import { withInterrupts } from '../interrupts.js';
import { sourceFormOf, readingOfFile } from '../load/file-reading.js';
import { checkOwnTarget, checkTarget } from '../load/load-target.js';
import { fieldNames, type LoadRequest, loadInto } from '../load/load-into.js';
import {
  printLoadResult,
  printAlreadyCompleted,
  printQuarantineHint,
  warnOfOtherSource,
} from '../output/load-report.js';
import { type GlobalOptions, printJson, printResult, printWarning } from '../output/output.js';
import { parseCount } from '../flags/parse-count.js';
import { parseLoadKey } from '../flags/parse-load-key.js';
import { parseShard } from '../flags/parse-shard.js';
import { printShard } from '../output/shard-report.js';
import { parseName, parseNames } from '../flags/parse-name.js';
import { addReadingOptions, type ReadingFlags } from '../flags/reading-flags.js';
import { createProgressDisplay } from '../output/progress-display.js';
import { warnOfUnknownTargets, warnOfUnmetRenames } from '../load/rename-warnings.js';
import { resumeKey } from '../load/resume-key.js';
import { skippedEverything, warnOfNullText, warnWhenNothingLoaded } from '../load/source-warnings.js';
import { withStorage } from '../context/storage-context.js';
import { UsageError } from '../usage-error.js';

interface LoadFlags extends ReadingFlags {
  readonly into: string;
  readonly disposition?: Disposition;
  readonly updateColumns?: readonly string[];
  readonly keepColumns?: readonly string[];
  readonly deleteWhen?: string;
  readonly batchSize?: number;
  readonly maxRejects?: number;
  readonly allowEmpty?: boolean;
  readonly syncSequences?: boolean;
  readonly dryRun?: boolean;
  readonly loadKey?: string;
  readonly resume?: boolean;
  readonly shard?: Shard;
  readonly workers?: number;
}

/** `load <file|->` */
export function addLoadCommand(program: Command): void {
  const load = program
    .command('load')
    .argument('<file>', 'File in jsonl, json or csv, plain, gzip or zstd; - reads standard input and needs --format')
    .description('Load records from a file into a table, or into both tables (hybrid)')
    .requiredOption(
      '--into <table>',
      'Target: app_opportunities, submissions or hybrid; with --data-source any table or entity',
    )
    .addOption(
      new Option(
        '--disposition <how>',
        'Merge by key, only insert new rows, only update stored rows, append, or replace the table content (default: merge)',
      ).choices(DISPOSITIONS),
    )
    .option('--update-columns <names>', 'Update only these columns of stored rows, for example title,score', parseNames)
    .addOption(
      new Option('--keep-columns <names>', 'Update all columns of stored rows but these')
        .argParser(parseNames)
        .conflicts('updateColumns'),
    )
    .option('--delete-when <field>', 'Delete the rows of records that carry this field as true', parseName);
  addReadingOptions(load)
    .option('--batch-size <n>', 'Records per transaction', parseCount(1, MAX_BATCH_SIZE))
    .option(
      '--max-rejects <n>',
      'Stop after more than n rejected records (default: no limit; replace: 0)',
      parseCount(0),
    )
    .option('--allow-empty', 'Allow a replace without rows to empty the table')
    .option('--sync-sequences', 'Move sequences past the values that records bring')
    .option('--dry-run', 'Run the load in one transaction and roll it back')
    .addOption(
      new Option('--load-key <key>', 'Idempotency key: a completed load is not repeated, an interrupted one resumes')
        .argParser(parseLoadKey)
        .conflicts(['resume', 'dryRun']),
    )
    .addOption(
      new Option(
        '--resume',
        'Use an idempotency key made from the file (path, size, time) and the load options',
      ).conflicts('dryRun'),
    )
    .addOption(
      new Option(
        '--shard <index/count>',
        'Load one share of the file, for example 0/4, while other loaders load the others; with the same --load-key or --resume',
      )
        .argParser(parseShard)
        .conflicts('dryRun'),
    )
    .option('--workers <n>', 'Threads that parse and check the records (default: 1)', parseCount(1))
    .action(async (file: string, _flags: LoadFlags, command: Command) => {
      process.exitCode = await runLoad(file, command.optsWithGlobals<LoadFlags & GlobalOptions>());
    });
}

async function runLoad(file: string, flags: LoadFlags & GlobalOptions): Promise<number> {
  if (flags.allowEmpty === true && flags.disposition !== 'replace') {
    throw new UsageError('--allow-empty requires --disposition replace');
  }
  if (flags.shard !== undefined && flags.loadKey === undefined && flags.resume !== true) {
    throw new UsageError('--shard needs --load-key, the same for all shards of the load, or --resume');
  }
  if (flags.dataSource === undefined) {
    checkOwnTarget(flags.into);
  } else if ((flags.workers ?? 1) > 1) {
    throw new UsageError('--workers cannot be used with --data-source: worker threads do not import its entities');
  }
  const source = await openSource(file);
  try {
    return await loadSource(source, file, flags);
  } finally {
    source.stream.destroy();
  }
}

async function loadSource(source: OpenedSource, path: string, flags: LoadFlags & GlobalOptions): Promise<number> {
  const { into, disposition = 'merge', updateColumns, keepColumns, deleteWhen } = flags;
  const { stream, name, sizeBytes } = source;
  const file = readingOfFile(path, flags);
  const sourceForm = sourceFormOf(file);
  const { format, rename = new Map<string, string>() } = file;
  const meaning = { into, disposition, format, sourceForm, updateColumns, keepColumns, deleteWhen };
  const loadKey = flags.resume === true ? resumeKey(source, meaning) : flags.loadKey;
  const [result, completedBefore, known, findings] = await withInterrupts(flags, ({ signal, begin }) =>
    withStorage(flags, async (storage) => {
      checkTarget(storage, into);
      const fields = await fieldNames(storage, into);
      const names = deleteWhen === undefined ? fields : new Set([...fields, deleteWhen]);
      warnOfUnknownTargets(flags, rename, into, names);
      const bytesRead = (): number => ('bytesRead' in stream ? Number(stream.bytesRead) : 0);
      const display = await createProgressDisplay(flags, sizeBytes, bytesRead);
      const knownNames = new Set([...names, ...rename.keys()]);
      const records = readRecords(stream, {
        ...file,
        csv: file.csv && { ...file.csv, knownNames },
        name,
      });
      const request: LoadRequest = {
        into,
        records,
        dryRun: flags.dryRun === true,
        options: {
          disposition,
          updateColumns,
          keepColumns,
          deleteWhen,
          loadKey,
          shard: flags.shard,
          sourceForm,
          batchSize: flags.batchSize,
          maxRejects: flags.maxRejects,
          allowEmpty: flags.allowEmpty,
          syncSequences: flags.syncSequences,
          source: name,
          signal,
          onProgress: (progress) => display.update(progress),
        },
      };
      begin();
      try {
        const loaded = await loadInto(storage, request);
        const before = loaded.alreadyCompleted ? await storage.stats.findLoad(loaded.loadId) : null;
        return [loaded, before, knownNames, records.findings.csv] as const;
      } catch (error) {
        if (flags.dryRun === true && error instanceof LoadStoppedError) {
          printWarning(flags, 'dry run: everything was rolled back, also what is counted as inserted or updated');
        }
        throw error;
      } finally {
        display.stop();
        warnOfUnmetRenames(flags, rename, records.findings.unmetRenames);
      }
    }),
  );
  if (completedBefore !== null) {
    reportCompleted(completedBefore, name, flags, result.shard);
  }
  report(result, flags);
  warnWhenNothingLoaded(flags, result, into, known, findings);
  warnOfNullText(flags, findings);
  if (result.failed > 0) {
    return EXIT.failed;
  }
  return result.rejected > 0 || skippedEverything(result) ? EXIT.rejected : EXIT.ok;
}

function reportCompleted(
  completedBefore: HistoryEntry,
  name: string,
  flags: LoadFlags & GlobalOptions,
  shard: ShardReport | undefined,
): void {
  if (flags.json !== true) {
    printAlreadyCompleted(completedBefore, shard);
  }
  // The key of --resume identifies the file itself, whatever its path.
  if (flags.resume !== true) {
    warnOfOtherSource(flags, completedBefore, name);
  }
}

function report(result: BatchLoadResult | HybridBatchResult, flags: LoadFlags & GlobalOptions): void {
  if (flags.json === true) {
    printJson(flags.dryRun === true ? { ...result, dryRun: true } : result);
  } else {
    if (flags.dryRun === true) {
      printResult('Dry run: rolled back. A real load would do this:');
    }
    printLoadResult(result);
    printShard(result, flags);
    if (flags.dryRun !== true) {
      printQuarantineHint(result, flags);
    }
  }
}
