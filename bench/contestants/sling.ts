import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { runChild } from '../process/run-child.js';
import { CSV_NULL, csvLines } from '../tables/csv-lines.js';
import type { BenchTable } from '../report/table.js';
import type { Contestant } from './contestant.js';

const FIND = 'from sling_linux_amd64 import SLING_BIN; print(SLING_BIN)';
const TARGET = 'HARBOR_BENCH_TARGET';

/**
 * The loader sling, mode incremental with a primary key: https://docs.slingdata.io/concepts/replication/modes. A csv file
 * took it half the time of JSON lines.
 */
export const sling: Contestant = {
  name: 'sling',
  how: () => 'incremental by primary key, of a finished csv file; its whole process',
  maxRows: 50_000,
  unavailable: async () =>
    (await findBinary()) === undefined ? 'python3 has no sling_linux_amd64 (see --help)' : undefined,
  async enter({ url, table, directory, signal }) {
    const home = join(directory, 'sling');
    await mkdir(home, { recursive: true });
    const data = join(home, 'records.csv');
    const binary = (await findBinary()) ?? '';
    const environment = {
      [TARGET]: withoutTls(url),
      SLING_HOME_DIR: home,
      SLING_DISABLE_TELEMETRY: 'true',
      // The table has no such column.
      SLING_LOADED_AT_COLUMN: 'false',
    };
    const args = argsOf(table, data);
    return {
      async prepare(records) {
        await pipeline(Readable.from(csvLines(table, records)), createWriteStream(data));
        return async () => {
          const start = performance.now();
          await runChild(binary, args, { environment, signal });
          return performance.now() - start;
        };
      },
      close: async () => {},
    };
  },
};

function argsOf({ name, key, columns }: BenchTable, file: string): string[] {
  // It finds the other types by itself, but takes a time for one without a zone.
  const times = columns.filter(({ type }) => type === 'timestamp with time zone');
  const casts = Object.fromEntries(times.map((column) => [column.name, 'timestampz']));
  const flags = {
    'src-stream': `file://${file}`,
    'src-options': JSON.stringify({ format: 'csv', empty_as_null: false, null_if: CSV_NULL }),
    columns: JSON.stringify(casts),
    'tgt-conn': TARGET,
    'tgt-object': `public.${name}`,
    'tgt-options': JSON.stringify({ add_new_columns: false, adjust_column_type: false }),
    mode: 'incremental',
    'primary-key': key,
  };
  return ['run', ...Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, value])];
}

async function findBinary(): Promise<string | undefined> {
  return runChild('python3', ['-c', FIND]).then(
    (printed) => printed.trim() || undefined,
    () => undefined,
  );
}

/** Its client asks for TLS unless told otherwise; the others do not. */
function withoutTls(url: string): string {
  const target = new URL(url);
  if (!target.searchParams.has('sslmode')) {
    target.searchParams.set('sslmode', 'disable');
  }
  return target.href;
}
