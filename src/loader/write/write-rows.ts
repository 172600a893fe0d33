import type { ClientBase } from 'pg';

import { writeByCopy } from './copy-writer.js';
import type { Target } from '../model/load-job.js';
import { charactersOf, type Row } from '../model/row.js';
import { writeByUpsert } from './upsert-writer.js';
import type { WriteCounts, WriteOrder } from './write-staged.js';

/**
 * From this number of rows on, COPY is faster. `npm run bench:writers` measures it: on the server's machine COPY is slower
 * for 100 rows, because a temporary table costs round trips, and faster for 200.
 */
export const COPY_FROM_ROWS = 200;

/** A parameter of {@link writeByUpsert} holds a column of all rows as one text, of at most 512 MiB. */
const COPY_FROM_CHARACTERS = 16 * 1024 * 1024;

/** Writes rows with different keys into one table, by the writer that is faster for their number. */
export async function writeRows(
  client: ClientBase,
  target: Target,
  order: WriteOrder,
  rows: readonly Row[],
): Promise<WriteCounts> {
  if (rows.length === 0) {
    return { inserted: 0, updated: 0, unchanged: 0 };
  }
  const write = rows.length >= COPY_FROM_ROWS || isLarge(rows) ? writeByCopy : writeByUpsert;
  return write(client, target, order, rows);
}

function isLarge(rows: readonly Row[]): boolean {
  return rows.reduce((characters, row) => characters + charactersOf(row), 0) > COPY_FROM_CHARACTERS;
}
