import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import type { ClientBase } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

import { copyField } from '../postgres/copy-text.js';
import { GROUP_COLUMN, groupRows, type RowGroup } from './group-rows.js';
import type { PlanColumn } from './load-plan.js';
import type { Row } from './row.js';
import { carriedColumns, extraText, type WriteCounts, type WriteOrder, writeStaged } from './write-staged.js';

/** Name of the staging table; a temporary one, so each transaction has its own. */
const STAGE = 'pg_temp.harbor_stage';
/** Large enough to spare system calls, small enough not to hold a batch twice. */
const CHUNK_CHARACTERS = 64 * 1024;

/**
 * Writes rows by COPY into a temporary table and INSERT … SELECT … ON CONFLICT from there: the same statements, and the
 * same text of the same values, as {@link writeByUpsert} sends, for many rows at a fraction of the time.
 * @throws pg's DatabaseError when Postgres refuses one of the rows; the caller's savepoint takes everything back
 */
export async function writeByCopy(client: ClientBase, order: WriteOrder, rows: readonly Row[]): Promise<WriteCounts> {
  const groups = groupRows(order.plan, order.onConflict, order.key, rows);
  const { columns, extra } = carriedColumns(order.plan, rows);
  await client.query(createStage(columns, extra));
  const names = [GROUP_COLUMN, ...columns.map(({ quoted }) => quoted), ...(extra === undefined ? [] : [extra])];
  const copy = client.query(copyFrom(`COPY ${STAGE} (${names.join(', ')}) FROM STDIN`));
  await pipeline(Readable.from(encode(groups, columns, extra !== undefined), { objectMode: false }), copy);
  const counts = await writeStaged(client, order, groups, { select: `SELECT * FROM ${STAGE}`, parameters: [] });
  // Several batches may share a caller's transaction, and a hybrid batch writes two tables in one.
  await client.query(`DROP TABLE ${STAGE}`);
  return counts;
}

function createStage(columns: readonly PlanColumn[], extra: string | undefined): string {
  const definitions = [`${GROUP_COLUMN} integer`, ...columns.map(({ quoted, type }) => `${quoted} ${type}`)];
  if (extra !== undefined) {
    definitions.push(`${extra} jsonb`);
  }
  // The default of 4 MB would sort a batch of wide rows on disk.
  return `SET LOCAL work_mem = '64MB'; CREATE TEMPORARY TABLE harbor_stage (${definitions.join(', ')}) ON COMMIT DROP`;
}

function* encode(groups: readonly RowGroup[], columns: readonly PlanColumn[], withExtra: boolean): Generator<Buffer> {
  let chunk = '';
  for (const [number, { rows }] of groups.entries()) {
    for (const row of rows) {
      chunk += String(number);
      for (const { index } of columns) {
        chunk += `\t${copyField(row.values[index])}`;
        // Looked at after each field: the large fields of one row together may be longer than a string can be.
        if (chunk.length >= CHUNK_CHARACTERS) {
          yield Buffer.from(chunk);
          chunk = '';
        }
      }
      chunk += withExtra ? `\t${copyField(extraText(row))}\n` : '\n';
    }
  }
  if (chunk !== '') {
    yield Buffer.from(chunk);
  }
}
