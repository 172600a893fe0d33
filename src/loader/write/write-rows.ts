import type { ClientBase } from 'pg';

import { writeByCopy } from './copy-writer.js';
import type { Target } from '../model/load-job.js';
import type { Row } from '../model/row.js';
import { writeByUpsert } from './upsert-writer.js';
import type { WriteCounts } from './write-staged.js';

/**
 * From so many rows on COPY is the faster way: `npm run bench:writers`, on the same machine as the server, has it behind
 * for 100 rows, where the round trips of a temporary table still cost more than they spare, and ahead for 200.
 */
export const COPY_FROM_ROWS = 200;

/** A parameter of {@link writeByUpsert} holds a column of all rows as one text, which may not pass 512 MiB. */
const COPY_FROM_CHARACTERS = 16 * 1024 * 1024;

/** Writes rows with different keys into one table, by whichever of the two writers is faster for so many. */
export async function writeRows(
  client: ClientBase,
  target: Target,
  loadId: string,
  rows: readonly Row[],
): Promise<WriteCounts> {
  if (rows.length === 0) {
    return { inserted: 0, updated: 0, unchanged: 0 };
  }
  const write = rows.length >= COPY_FROM_ROWS || isLarge(rows) ? writeByCopy : writeByUpsert;
  return write(client, target, loadId, rows);
}

function isLarge(rows: readonly Row[]): boolean {
  let characters = 0;
  for (const { values, extra } of rows) {
    values.forEach((value) => (characters += value?.length ?? 0));
    extra?.forEach((json) => (characters += json.length));
  }
  return characters > COPY_FROM_CHARACTERS;
}
