import { rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';

import { type Command, Option } from 'commander';

import { errorCode, errorText } from '../../../errors/error-text.js';
import { StorageError } from '../../../errors/index.js';
import { detectFormat } from '../../../files/open-source.js';
import type { CsvDialect, ExportFormat } from '../../../quarantine/export-lines.js';
import { EXIT } from '../../exit-codes.js';
import { type GlobalOptions, printJson, printMessage, printResult } from '../../output/output.js';
import { addRejectOptions, filterOf, type RejectFlags } from '../../flags/reject-flags.js';
import { checkTableOfRejects } from '../../context/known-table.js';
import { quarantineOf } from '../../context/quarantine.js';
import { withStorage } from '../../context/storage-context.js';
import { UsageError } from '../../usage-error.js';

interface ExportFlags extends RejectFlags {
  readonly all?: boolean;
  readonly format?: ExportFormat;
  readonly out?: string;
}

/** `rejects export` */
export function addRejectsExportCommand(rejects: Command): void {
  addRejectOptions(rejects.command('export'))
    .description('Export open rejected records to a file that can be fixed and loaded; they stay in quarantine')
    .option('--all', 'Include replayed records')
    .addOption(
      new Option(
        '--format <format>',
        'jsonl for records read as JSON, csv for records read as CSV (default: from the file name, or from the first record)',
      ).choices(['jsonl', 'csv']),
    )
    .option('--out <file>', 'Output file; must not exist (default: standard output)')
    .addHelpText('after', '\nExit code 3: some records cannot be exported in this format; stderr gives the reasons.')
    .action(async (_flags: ExportFlags, command: Command) => {
      process.exitCode = await runExport(command.optsWithGlobals<ExportFlags & GlobalOptions>());
    });
}

async function runExport(flags: ExportFlags & GlobalOptions): Promise<number> {
  const { out } = flags;
  if (flags.json === true && out === undefined) {
    throw new UsageError('--json and the exported records both go to standard output: add --out <file>');
  }
  const leftOut = new Map<string, number>();
  let dialect: CsvDialect = {};
  const exported = await withStorage(flags, async (storage) => {
    await checkTableOfRejects(storage, flags.table);
    const filter = { ...filterOf(flags), replayed: flags.all === true ? ('any' as const) : false };
    const lines = quarantineOf(storage).export(
      filter,
      flags.format ?? formatOf(out),
      (why) => leftOut.set(why, (leftOut.get(why) ?? 0) + 1),
      (found) => (dialect = found),
    );
    return writeLines(lines, out);
  });
  const file = exported > 0 ? out : undefined;
  if (flags.json === true) {
    printJson({ file, exported, leftOut: Object.fromEntries(leftOut), ...dialect });
  } else {
    const where = file === undefined ? '; no file was written' : `, to ${file}`;
    printMessage(flags, `Exported: ${exported}${out === undefined ? '' : where}`);
    const loadFlags = loadFlagsOf(dialect);
    if (loadFlags.length > 0) {
      printMessage(flags, `To load it, add ${loadFlags.join(' ')}`);
    }
  }
  // Printed despite --quiet: otherwise the export would look complete.
  leftOut.forEach((count, why) => printResult(`Not exported: ${count}. Reason: ${why}`, process.stderr));
  return leftOut.size > 0 ? EXIT.rejected : EXIT.ok;
}

function formatOf(out: string | undefined): ExportFormat | undefined {
  const format = out === undefined ? undefined : detectFormat(out);
  return format === 'json' ? 'jsonl' : format;
}

/** Options of `load` for the exported file, quoted for a shell. */
function loadFlagsOf({ delimiter, nullText }: CsvDialect): string[] {
  const flags = { '--delimiter': delimiter === '\t' ? 'tab' : delimiter, '--null': nullText };
  return Object.entries(flags).flatMap(([flag, text]) =>
    text === undefined ? [] : [`${flag} '${text.replaceAll("'", String.raw`'\''`)}'`],
  );
}

/** Writes the lines and returns their number. Without lines, there is no file; nor is there a part of one. */
async function writeLines(lines: AsyncGenerator<Buffer>, out: string | undefined): Promise<number> {
  let count = 0;
  const first = await lines.next();
  const counted = async function* (): AsyncGenerator<Buffer> {
    for (let line = first; line.done !== true; line = await lines.next()) {
      count += 1;
      yield line.value;
    }
  };
  if (first.done === true) {
    return 0;
  }
  if (out === undefined) {
    await pipeline(counted, process.stdout, { end: false }).catch((error: unknown) => {
      // Whoever reads the pipe has enough.
      if (errorCode(error) !== 'EPIPE') {
        throw error;
      }
    });
    return count;
  }
  // The file holds rejected records: only its owner may read it, whatever the umask is.
  const file = await open(out, 'wx', 0o600).catch((error: unknown) => {
    throw new StorageError('FILE_NOT_WRITTEN', `Could not write ${out}: ${explain(error)}`, { cause: error });
  });
  const remove = (): void => rmSync(out, { force: true });
  // An interrupt exits at once.
  process.once('exit', remove);
  try {
    await pipeline(counted, file.createWriteStream());
    return count;
  } catch (error) {
    remove();
    throw error;
  } finally {
    process.off('exit', remove);
  }
}

function explain(error: unknown): string {
  return errorCode(error) === 'EEXIST'
    ? 'the file already exists. Remove it or choose another name.'
    : (errorText(error, 'message') ?? 'unknown error');
}
