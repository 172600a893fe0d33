import type { Command } from 'commander';

import { StorageError } from '../../errors/index.js';
import type { QuarantinedRecord } from '../../quarantine/quarantined-record.js';
import { QuarantineService } from '../../replay/quarantine.service.js';
import { type GlobalOptions, printJson, printResult, printTable } from '../output/output.js';
import { parseCount } from '../flags/parse-count.js';
import { parseId } from '../flags/parse-id.js';
import { addRejectOptions, filterOf, type RejectFlags } from '../flags/reject-flags.js';
import { withStorage } from '../context/storage-context.js';
import { addRejectsExportCommand } from './rejects-export.command.js';
import { addRejectsPurgeCommand } from './rejects-purge.command.js';
import { addRejectsReplayCommand } from './rejects-replay.command.js';

interface ListFlags extends RejectFlags {
  readonly all?: boolean;
  readonly limit: number;
}

interface ShowFlags {
  readonly record?: boolean;
}

const HEAD = ['id', 'rejected (UTC)', 'table', 'position (from 0)', 'key', 'reason', 'column', 'why'];

/** `rejects list`, `show`, `export`, `replay`, `purge` */
export function addRejectsCommand(program: Command): void {
  const rejects = program.command('rejects').description('records that were rejected: the quarantine');
  addRejectOptions(rejects.command('list', { isDefault: true }))
    .description('those still open, the last ones first')
    .option('--all', 'those replayed since as well')
    .option('--limit <n>', 'how many', parseCount(1), 20)
    .action(async (_flags: ListFlags, command: Command) => {
      await runList(command.optsWithGlobals<ListFlags & GlobalOptions>());
    });
  rejects
    .command('show')
    .argument('<id>', 'the id of a rejected record, as `rejects list` shows it', parseId)
    .description('everything about one of them')
    .option('--record', 'and the record itself')
    .action(async (id: string, _flags: ShowFlags, command: Command) => {
      await runShow(id, command.optsWithGlobals<ShowFlags & GlobalOptions>());
    });
  addRejectsExportCommand(rejects);
  addRejectsReplayCommand(rejects);
  addRejectsPurgeCommand(rejects);
}

async function runList(flags: ListFlags & GlobalOptions): Promise<void> {
  const filter = { ...filterOf(flags), replayed: flags.all === true ? ('any' as const) : false };
  const [records, total] = await withStorage(flags, async (app) => {
    const quarantine = app.get(QuarantineService);
    return [await quarantine.list({ ...filter, limit: flags.limit }), await quarantine.count(filter)] as const;
  });
  if (flags.json === true) {
    printJson({ records, total });
    return;
  }
  printTable(flags.all === true ? [...HEAD, 'replayed (UTC)'] : HEAD, records.map(toCells));
  if (total > records.length) {
    printResult(`${records.length} of ${total}; --limit shows more`);
  }
}

function toCells(record: QuarantinedRecord): unknown[] {
  const { id, createdAt, table, position, key, reason, column, message, replayedAt } = record;
  return [
    id,
    createdAt,
    table,
    position,
    shorten(key),
    reason,
    column,
    message,
    ...(replayedAt === null ? [] : [replayedAt]),
  ];
}

/** Characters of a key in a table; `show` and --json have more of it. */
const MAX_KEY_SHOWN = 60;

function shorten(key: string | null): string | null {
  return key === null || key.length <= MAX_KEY_SHOWN ? key : `${key.slice(0, MAX_KEY_SHOWN - 1).toWellFormed()}…`;
}

async function runShow(id: string, flags: ShowFlags & GlobalOptions): Promise<void> {
  const found = await withStorage(flags, (app) =>
    app.get(QuarantineService).get(id, { withRaw: flags.record === true }),
  );
  if (found === null) {
    throw new StorageError(
      'REJECT_NOT_FOUND',
      `There is no rejected record ${JSON.stringify(id)}; see \`harbor-storage rejects --all\``,
    );
  }
  const { raw, ...record } = found;
  if (flags.json === true) {
    printJson({ ...record, ...(raw !== undefined && showBytes(raw)) });
    return;
  }
  Object.entries(record)
    .filter(([, value]) => value !== null)
    .forEach(([name, value]) => {
      printResult(`${name.padEnd(11)} ${value instanceof Date ? value.toISOString() : printable(String(value))}`);
    });
  if (raw !== undefined) {
    printResult(`\n${printable(raw.toString())}`);
  }
}

/** As text where the bytes are one; JSON has a form for every character of it. */
function showBytes(raw: Buffer): { readonly record: string } | { readonly recordBase64: string } {
  const text = raw.toString();
  return Buffer.from(text).equals(raw) ? { record: text } : { recordBase64: raw.toString('base64') };
}

/** A control character of a record would steer the terminal. */
function printable(text: string): string {
  return text.replaceAll(/[^\P{Cc}\n\t]/gu, '\u{FFFD}');
}
