import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import type { PoolClient } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

import { quoteIdentifier } from '../../src/postgres/identifiers.js';
import { copyLines } from '../tables/copy-lines.js';
import type { BenchRecord } from '../tables/data.js';
import { type BenchTable, columnDefinitions, columnList, quotedValues } from '../report/table.js';
import { chunksOf } from './shared/chunks.js';
import { alwaysAvailable, type Contestant, timed } from './contestant.js';
import { createPool } from './shared/pool.js';

/** The defaults of `loader.batchSize` and `loader.parallelism`. */
const BATCH_ROWS = 5_000;
const PARALLELISM = 2;

/**
 * This package without its guarantees: the same batches on as many connections, COPY and the same merge, but without
 * validation, counts, quarantine or history.
 */
export const bareCopy: Contestant = {
  name: 'bare-copy',
  how: () => `COPY and merge by hand, ${BATCH_ROWS.toLocaleString('en-US')} rows a batch, ${PARALLELISM} connections`,
  unavailable: alwaysAvailable,
  async enter({ url, table }) {
    const pool = createPool(url, PARALLELISM);
    return {
      prepare: async (records) =>
        timed(async () => {
          const batches = chunksOf(records, BATCH_ROWS);
          // Both read from one generator, whichever is free.
          await Promise.all(
            Array.from({ length: PARALLELISM }, async () => {
              for (const batch of batches) {
                await writeBatch(await pool.connect(), table, batch);
              }
            }),
          );
        }),
      close: () => pool.end(),
    };
  },
};

async function writeBatch(client: PoolClient, table: BenchTable, batch: readonly BenchRecord[]): Promise<void> {
  let failure: Error | undefined;
  try {
    await client.query(
      `BEGIN; SET LOCAL work_mem = '64MB';
       CREATE TEMPORARY TABLE bare_stage (${columnDefinitions(table)}) ON COMMIT DROP`,
    );
    const copy = client.query(copyFrom(`COPY pg_temp.bare_stage (${columnList(table)}) FROM STDIN`));
    await pipeline(Readable.from(copyLines(table, batch), { objectMode: false }), copy);
    await client.query(mergeStatement(table));
    await client.query('COMMIT');
  } catch (error) {
    failure = error as Error;
    throw error;
  } finally {
    client.release(failure);
  }
}

function mergeStatement(table: BenchTable): string {
  const columns = columnList(table);
  const key = quoteIdentifier(table.key);
  const values = quotedValues(table);
  return `
    INSERT INTO ${table.quoted} AS t (${columns})
    SELECT ${columns} FROM pg_temp.bare_stage ORDER BY ${key} COLLATE "C"
    ON CONFLICT (${key}) DO UPDATE
    SET ${values.map((name) => `${name} = EXCLUDED.${name}`).join(', ')}
    WHERE ${values.map((name) => `t.${name} IS DISTINCT FROM EXCLUDED.${name}`).join(' OR ')}`;
}
