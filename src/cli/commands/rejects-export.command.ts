import { open, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';

import { type Command, Option } from 'commander';

import { errorCode, errorText } from '../../errors/error-text.js';
import { StorageError } from '../../errors/index.js';
import type { ExportFormat } from '../../quarantine/export-lines.js';
import { QuarantineService } from '../../replay/quarantine.service.js';
import { EXIT } from '../exit-codes.js';
import { type GlobalOptions, printJson, printMessage, printResult } from '../output/output.js';
import { addRejectOptions, filterOf, type RejectFlags } from '../flags/reject-flags.js';
import { withStorage } from '../context/storage-context.js';
import { UsageError } from '../usage-error.js';

interface ExportFlags extends RejectFlags {
  readonly all?: boolean;
  readonly format: ExportFormat;
  readonly out?: string;
}

/** `rejects export` */
export function addRejectsExportCommand(rejects: Command): void {
  addRejectOptions(rejects.command('export'))
    .description('Export open rejected records to a file that can be fixed and loaded; they stay in quarantine')
    .option('--all', 'Include replayed records')
    .addOption(
      new Option('--format <format>', 'jsonl for records read as JSON, csv for records read as CSV')
        .choices(['jsonl', 'csv'])
        .default('jsonl'),
    )
    .option('--out <file>', 'Output file; must not exist (default: standard output)')
    .addHelpText('after', '\nExit code 3: some records cannot be exported in this format; stderr gives the reasons.')
    .action(async (_flags: ExportFlags, command: Command) => {
      process.exitCode = await runExport(command.optsWithGlobals<ExportFlags & GlobalOptions>());
    });
}

async function runExport(flags: ExportFlags & GlobalOptions): Promise<number> {
  const { out, format } = flags;
  if (flags.json === true && out === undefined) {
    throw new UsageError('--json and the exported records both go to standard output: add --out <file>');
  }
  const leftOut = new Map<string, number>();
  const exported = await withStorage(flags, async (app) => {
    const filter = { ...filterOf(flags), replayed: flags.all === true ? ('any' as const) : false };
    const lines = app.get(QuarantineService).export(filter, format, (why) => {
      leftOut.set(why, (leftOut.get(why) ?? 0) + 1);
    });
    return writeLines(lines, out);
  });
  if (flags.json === true) {
    printJson({ file: out, exported, leftOut: Object.fromEntries(leftOut) });
  } else {
    printMessage(flags, `Exported: ${exported}${out === undefined ? '' : `, to ${out}`}`);
  }
  // Printed despite --quiet: otherwise the export would look complete.
  leftOut.forEach((count, why) => printResult(`Not exported: ${count}. Reason: ${why}`, process.stderr));
  return leftOut.size > 0 ? EXIT.rejected : EXIT.ok;
}

/** Writes the lines and returns their number. Removes a file that it could not complete. */
async function writeLines(lines: AsyncGenerator<Buffer>, out: string | undefined): Promise<number> {
  let count = 0;
  const counted = async function* (): AsyncGenerator<Buffer> {
    for await (const line of lines) {
      count += 1;
      yield line;
    }
  };
  if (out === undefined) {
    await pipeline(counted, process.stdout, { end: false });
    return count;
  }
  // The file holds rejected records: only its owner may read it, whatever the umask is.
  const file = await open(out, 'wx', 0o600).catch((error: unknown) => {
    throw new StorageError('FILE_NOT_WRITTEN', `Could not write ${out}: ${explain(error)}`, { cause: error });
  });
  try {
    await pipeline(counted, file.createWriteStream());
    return count;
  } catch (error) {
    await rm(out, { force: true });
    throw error;
  }
}

function explain(error: unknown): string {
  return errorCode(error) === 'EEXIST'
    ? 'the file already exists. Remove it or choose another name.'
    : (errorText(error, 'message') ?? 'unknown error');
}
