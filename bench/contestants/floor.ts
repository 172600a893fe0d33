import { createWriteStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { quoteIdentifier } from '../../src/postgres/identifiers.js';
import { copyLines } from '../tables/copy-lines.js';
import { canRun, runChild } from '../process/run-child.js';
import { type BenchTable, columnDefinitions, columnList, quotedValues } from '../report/table.js';
import type { Contestant } from './contestant.js';

/** The server's clock, to exclude the start of psql. */
const NOW = 'SELECT extract(epoch FROM clock_timestamp()) * 1000;';

/** The fastest possible on one connection: a finished file into a temporary table, and a plain merge. */
export const floor: Contestant = {
  name: 'floor',
  how: () => 'psql, \\copy of a finished file and a bare merge, one transaction',
  unavailable: async () => ((await canRun('psql', ['--version'])) ? undefined : 'there is no psql on the PATH'),
  async enter({ url, table, directory, signal }) {
    const data = join(directory, 'floor.copy');
    const script = join(directory, 'floor.sql');
    const address = new URL(url);
    const environment = { PGPASSWORD: decodeURIComponent(address.password) };
    // Command lines are visible to everyone on the machine.
    address.password = '';
    await writeFile(script, floorScript(table, data));
    const args = ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-f', script, address.href];
    return {
      async prepare(records) {
        await pipeline(Readable.from(copyLines(table, records)), createWriteStream(data));
        return async () => {
          const [start, end] = (await runChild('psql', args, { environment, signal })).trim().split('\n').map(Number);
          return (end ?? NaN) - (start ?? NaN);
        };
      },
      close: async () => {},
    };
  },
};

function floorScript(table: BenchTable, file: string): string {
  const columns = columnList(table);
  const assignments = quotedValues(table).map((name) => `${name} = EXCLUDED.${name}`);
  return `${NOW}
BEGIN;
CREATE TEMPORARY TABLE floor_stage (${columnDefinitions(table)}) ON COMMIT DROP;
\\copy pg_temp.floor_stage (${columns}) FROM '${file.replaceAll("'", "''")}'
INSERT INTO ${table.quoted} (${columns})
SELECT ${columns} FROM pg_temp.floor_stage
ON CONFLICT (${quoteIdentifier(table.key)}) DO UPDATE SET ${assignments.join(', ')};
COMMIT;
${NOW}
`;
}
