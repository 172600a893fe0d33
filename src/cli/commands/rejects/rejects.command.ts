import type { Command } from 'commander';

import { StorageError } from '../../../errors/index.js';
import { decode, UTF_8 } from '../../../files/encoding.js';
import type { QuarantinedRecord } from '../../../quarantine/quarantined-record.js';
import { commandFor } from '../../../schema/table/migrate-command.js';
import { type GlobalOptions, printJson, printResult, printTable } from '../../output/output.js';
import { printRecord } from '../../output/rejected-record.js';
import { visibleInLine } from '../../../errors/visible.js';
import { parseCount } from '../../flags/parse-count.js';
import { parseId } from '../../flags/parse-id.js';
import { addRejectOptions, filterOf, type RejectFlags } from '../../flags/reject-flags.js';
import { checkTableOfRejects } from '../../context/known-table.js';
import { quarantineOf } from '../../context/quarantine.js';
import { withStorage } from '../../context/storage-context.js';
import { addRejectsExportCommand } from './rejects-export.command.js';
import { addRejectsPurgeCommand } from './rejects-purge.command.js';
import { addRejectsReasonsCommand } from './rejects-reasons.command.js';
import { addRejectsReplayCommand } from './rejects-replay.command.js';

interface ListFlags extends RejectFlags {
  readonly all?: boolean;
  readonly limit: number;
}

interface ShowFlags {
  readonly record?: boolean;
}

const HEAD = ['id', 'rejected (UTC)', 'table', 'position (from 0)', 'key', 'reason', 'column', 'why'];

/** `rejects list`, `show`, `reasons`, `export`, `replay`, `purge` */
export function addRejectsCommand(program: Command): void {
  const rejects = program.command('rejects').description('Manage rejected records (the quarantine)');
  addRejectOptions(rejects.command('list', { isDefault: true }))
    .description('List open rejected records, newest first')
    .option('--all', 'Include replayed records')
    .option('--limit <n>', 'Maximum number of records', parseCount(1), 20)
    .action(async (_flags: ListFlags, command: Command) => {
      await runList(command.optsWithGlobals<ListFlags & GlobalOptions>());
    });
  rejects
    .command('show')
    .argument('<id>', 'Id of a rejected record, as in `rejects list`', parseId)
    .description('Show one rejected record')
    .option('--record', 'Include the record itself')
    .action(async (id: string, _flags: ShowFlags, command: Command) => {
      await runShow(id, command.optsWithGlobals<ShowFlags & GlobalOptions>());
    });
  addRejectsReasonsCommand(rejects);
  addRejectsExportCommand(rejects);
  addRejectsReplayCommand(rejects);
  addRejectsPurgeCommand(rejects);
}

async function runList(flags: ListFlags & GlobalOptions): Promise<void> {
  const filter = { ...filterOf(flags), replayed: flags.all === true ? ('any' as const) : false };
  const [records, total] = await withStorage(flags, async (storage) => {
    await checkTableOfRejects(storage, flags.table);
    const quarantine = quarantineOf(storage);
    return [await quarantine.list({ ...filter, limit: flags.limit }), await quarantine.count(filter)] as const;
  });
  if (flags.json === true) {
    printJson({ records, total });
    return;
  }
  printTable(flags.all === true ? [...HEAD, 'replayed (UTC)'] : HEAD, records.map(toCells));
  if (total > records.length) {
    printResult(`${records.length} of ${total} shown; use --limit for more`);
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

/** Length of a key in the list; `show` and --json print more. */
const MAX_KEY_SHOWN = 60;

function shorten(key: string | null): string | null {
  return key === null || key.length <= MAX_KEY_SHOWN ? key : `${key.slice(0, MAX_KEY_SHOWN - 1).toWellFormed()}…`;
}

async function runShow(id: string, flags: ShowFlags & GlobalOptions): Promise<void> {
  const found = await withStorage(flags, (storage) =>
    quarantineOf(storage).get(id, { withRaw: flags.record === true }),
  );
  if (found === null) {
    throw new StorageError(
      'REJECT_NOT_FOUND',
      `Rejected record ${JSON.stringify(id)} not found. List them with \`${commandFor('rejects --all', flags.dataSource)}\`.`,
    );
  }
  const { raw, reading, ...record } = found;
  if (flags.json === true) {
    const header = reading?.header;
    printJson({ ...record, ...(raw !== undefined && { ...showBytes(raw, reading?.encoding), header }) });
    return;
  }
  Object.entries(record)
    .filter(([, value]) => value !== null)
    .forEach(([name, value]) => {
      printResult(`${name.padEnd(11)} ${value instanceof Date ? value.toISOString() : visibleInLine(String(value))}`);
    });
  if (raw !== undefined) {
    printResult('');
    printRecord(raw, reading ?? null);
  }
}

/** As text if the bytes are valid text, because JSON can express every character; otherwise as base64. */
function showBytes(raw: Buffer, encoding = UTF_8): { readonly record: string } | { readonly recordBase64: string } {
  const text = decode(raw, encoding);
  return text === undefined ? { recordBase64: raw.toString('base64') } : { record: text };
}
