import { type Command, Option } from 'commander';

import type { LoadStatus } from '../../../entities/index.js';
import { StorageError } from '../../../errors/index.js';
import { commandFor } from '../../../schema/table/migrate-command.js';
import type { HistoryEntry } from '../../../stats/load-history.js';
import { countColumnsOf } from '../../output/count-columns.js';
import { checkTableOfLoads } from '../../context/known-table.js';
import { findRejects } from '../../context/find-rejects.js';
import { printRejects, printUnknownFields } from '../../output/load-report.js';
import { printShards } from '../../output/shard-report.js';
import { type GlobalOptions, printJson, printResult, printTable } from '../../output/output.js';
import { visibleInLine } from '../../../errors/visible.js';
import { withStorage } from '../../context/storage-context.js';
import { parseCount } from '../../flags/parse-count.js';
import { parseId } from '../../flags/parse-id.js';
import { parseLoadKey } from '../../flags/parse-load-key.js';
import { parseMoment } from '../../flags/parse-moment.js';
import { parseName } from '../../flags/parse-name.js';
import { addLoadsPurgeCommand } from './loads-purge.command.js';

interface ListFlags {
  readonly table?: string;
  readonly status?: LoadStatus;
  readonly source?: string;
  readonly loadKey?: string;
  readonly since?: Date;
  readonly until?: Date;
  readonly limit: number;
}

const HEAD = [
  'id',
  'started (UTC)',
  'table',
  'status',
  'received',
  'stored',
  'rejected',
  'failed',
  'source',
  'load key',
];

/** `loads list`, `loads show <id>` */
export function addLoadsCommand(program: Command): void {
  const loads = program.command('loads').description('Show and purge the history of loads');
  loads
    .command('list', { isDefault: true })
    .description('List loads, newest first')
    .option('--table <table>', 'Only loads into this table (or hybrid)', parseName)
    .addOption(
      new Option('--status <status>', 'Only loads with this status').choices([
        'running',
        'completed',
        'failed',
        'interrupted',
      ]),
    )
    .option('--source <source>', 'Only loads of this source, as `loads` shows it', parseName)
    .option('--load-key <key>', 'Only the load with this load key', parseLoadKey)
    .option('--since <when>', 'Only loads that started since: 12h, 30d, or a date-time with time zone', parseMoment)
    .option('--until <when>', 'Only loads that started before: 12h, 30d, or a date-time with time zone', parseMoment)
    .option('--limit <n>', 'Maximum number of loads', parseCount(1), 20)
    .action(async (_flags: ListFlags, command: Command) => {
      const flags = command.optsWithGlobals<ListFlags & GlobalOptions>();
      const { table, status, source, loadKey, since, until, limit } = flags;
      const rows = await withStorage(flags, async (storage) => {
        await checkTableOfLoads(storage, table);
        return storage.stats.history({
          table,
          status,
          source,
          loadKey,
          startedFrom: since,
          startedUntil: until,
          limit,
        });
      });
      if (flags.json === true) {
        printJson({ loads: rows });
      } else {
        printTable(HEAD, rows.map(toCells));
      }
    });
  loads
    .command('show')
    .argument('<id>', 'Load id, as in `loads list`', parseId)
    .description('Show one load, its shards and the first records it rejected')
    .action(async (id: string, _flags: object, command: Command) => {
      const flags = command.optsWithGlobals<GlobalOptions>();
      const [load, rejects, shardList] = await withStorage(flags, async (storage) => {
        const found = await storage.stats.findLoad(id);
        return found === null
          ? ([found, [], []] as const)
          : ([found, await findRejects(storage, id), await storage.stats.shards(id)] as const);
      });
      if (load === null) {
        throw new StorageError(
          'LOAD_NOT_FOUND',
          `Load ${JSON.stringify(id)} not found. List loads with \`${commandFor('loads', flags.dataSource)}\`.`,
        );
      }
      if (flags.json === true) {
        printJson({ ...load, rejects, ...(load.shards !== null && { shardList }) });
      } else {
        printLoad(load);
        printShards(shardList);
        printRejects({ rejects, rejected: load.rejected });
      }
    });
  addLoadsPurgeCommand(loads);
}

function toCells(load: HistoryEntry): unknown[] {
  const stored = load.stored ?? load.inserted + load.updated + load.unchanged;
  const counts = [load.received, stored, load.rejected, load.failed];
  return [load.loadId, load.startedAt, load.table, load.status, ...counts, load.source, load.loadKey];
}

function printLoad({ tables, unknownFields, unknownFieldsPolicy, error, options, ...load }: HistoryEntry): void {
  // A hybrid load has these counts for each table only, not in total.
  const elsewhere = new Set(tables === null ? [] : ['inserted', 'updated', 'unchanged']);
  const shown = {
    ...load,
    options: options && JSON.stringify(options),
    error: error && `${error.code}: ${error.message}`,
  };
  const fields = Object.entries(shown).filter(
    ([name, value]) => value !== null && value !== '' && !elsewhere.has(name),
  );
  fields.forEach(([name, value]) => {
    printResult(`${name.padEnd(14)} ${value instanceof Date ? value.toISOString() : visibleInLine(String(value))}`);
  });
  if (unknownFields !== null && unknownFieldsPolicy !== null) {
    printUnknownFields(unknownFields, unknownFieldsPolicy);
  }
  if (tables !== null) {
    const columns = countColumnsOf(Object.values(tables));
    printTable(
      ['table', ...columns],
      Object.entries(tables).map(([table, counts]) => [table, ...columns.map((name) => counts[name])]),
    );
  }
}
