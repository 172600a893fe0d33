import { createWriteStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { quoteTable } from '../../src/postgres/identifiers.js';
import type { BenchRecord } from '../tables/data.js';
import { canRun, runChild } from '../process/run-child.js';
import { runStatement } from '../tables/connection.js';
import type { BenchTable } from '../report/table.js';
import type { Arena, Contestant } from './contestant.js';

const SCRIPT = join(import.meta.dirname, 'dlt_load.py');

/** dlt's names of the types: https://dlthub.com/docs/general-usage/schema#data-types */
const DATA_TYPES: Readonly<Record<string, string>> = {
  boolean: 'bool',
  bigint: 'bigint',
  'double precision': 'double',
  jsonb: 'json',
  'timestamp with time zone': 'timestamp',
};

/** Python's dlt, merge disposition, in its own dataset in the same database. */
export const dltContestants: readonly Contestant[] = [dlt('dlt', null), dlt('dlt-csv', 'csv')];

/** @param format - `loader_file_format`; null for dlt's default */
function dlt(name: string, format: string | null): Contestant {
  return {
    name,
    how: () =>
      format === null
        ? 'merge, default file format (insert_values), a dataset of its own'
        : `merge, file format ${format}, a dataset of its own; stores '' as NULL`,
    maxRows: format === null ? 10_000 : 50_000,
    isSlow: format === null,
    // Its COPY of a csv file has FORCE_NULL for every column.
    storesEmptyAsNull: format === 'csv',
    unavailable: async () =>
      (await canRun('python3', ['-c', 'import dlt, psycopg2'])) ? undefined : 'python3 has no dlt (see --help)',
    async enter(arena) {
      const { table } = arena;
      const dataset = `bench_${name.replace('-', '_')}`;
      const directory = join(arena.directory, dataset);
      await mkdir(directory, { recursive: true });
      const order = { table: table.name, key: table.key, columns: hintsOf(table), dataset, directory, format };
      const prepare = async (records: readonly BenchRecord[]): Promise<() => Promise<number>> => {
        const file = join(directory, 'records.jsonl');
        await pipeline(Readable.from(jsonLines(records)), createWriteStream(file));
        return () => runDlt(arena, directory, { ...order, records: file });
      };
      const own = quoteTable(dataset, table.name);
      // Without records it only creates its table; the defaults allow filling it from outside.
      await (
        await prepare([])
      )();
      await runStatement(
        arena.url,
        `ALTER TABLE ${own} ALTER _dlt_load_id SET DEFAULT 'before', ALTER _dlt_id SET DEFAULT gen_random_uuid()::text`,
      );
      return { table: own, prepare, close: async () => {} };
    },
  };
}

async function runDlt({ url, signal }: Arena, directory: string, order: object): Promise<number> {
  const file = join(directory, 'order.json');
  await writeFile(file, JSON.stringify(order));
  const environment = { DESTINATION__POSTGRES__CREDENTIALS: url, RUNTIME__DLTHUB_TELEMETRY: 'false' };
  const printed = await runChild('python3', [SCRIPT, file], { environment, signal });
  const { milliseconds } = JSON.parse(printed.trim().split('\n').at(-1) ?? '') as { milliseconds: number };
  return milliseconds;
}

function hintsOf({ columns, key }: BenchTable): object[] {
  return columns.map(({ name, type }) => ({ name, data_type: DATA_TYPES[type] ?? 'text', nullable: name !== key }));
}

function* jsonLines(records: readonly BenchRecord[]): Generator<string> {
  for (const record of records) {
    yield `${JSON.stringify(record)}\n`;
  }
}
