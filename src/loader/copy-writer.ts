import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import type { ClientBase } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

import { copyField } from '../postgres/copy-text.js';
import type { LoadPlan } from './load-plan.js';
import { MASK_COLUMN, maskedColumns, maskOf, type MergeSpec, specOf } from './merge-spec.js';
import { extraText, type Row } from './row.js';
import { type WriteCounts, type WriteOrder, writeStaged } from './write-staged.js';

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
  const spec = specOf(order.plan, order.onConflict, order.key, rows);
  const stage = stageOf(order.plan, spec);
  const definitions = stage.map(({ name, type }) => `${name} ${type}`);
  await client.query(
    // The default of 4 MB would sort a batch of wide rows on disk.
    `SET LOCAL work_mem = '64MB'; CREATE TEMPORARY TABLE harbor_stage (${definitions.join(', ')}) ON COMMIT DROP`,
  );
  const copy = client.query(copyFrom(`COPY ${STAGE} (${stage.map(({ name }) => name).join(', ')}) FROM STDIN`));
  await pipeline(Readable.from(encode(rows, stage), { objectMode: false }), copy);
  const counts = await writeStaged(client, order, spec, rows, { select: `SELECT * FROM ${STAGE}`, parameters: [] });
  // Several batches may share a caller's transaction, and a hybrid batch writes two tables in one.
  await client.query(`DROP TABLE ${STAGE}`);
  return counts;
}

/** A column of the staging table. */
interface StageColumn {
  readonly name: string;
  readonly type: string;
  readonly textOf: (row: Row) => string | null | undefined;
}

function stageOf(plan: LoadPlan, spec: MergeSpec): StageColumn[] {
  const stage: StageColumn[] = spec.columns.map(({ column: { quoted, type, index } }) => ({
    name: quoted,
    type,
    textOf: ({ values }) => values[index],
  }));
  const masked = maskedColumns(spec);
  if (masked.length > 0) {
    stage.push({ name: MASK_COLUMN, type: 'bit varying', textOf: (row) => maskOf(masked, row) });
  }
  if (plan.extra !== undefined && spec.hasExtra) {
    stage.push({ name: plan.extra, type: 'jsonb', textOf: extraText });
  }
  return stage;
}

function* encode(rows: readonly Row[], stage: readonly StageColumn[]): Generator<Buffer> {
  let chunk = '';
  for (const row of rows) {
    let separator = '';
    for (const { textOf } of stage) {
      chunk += separator + copyField(textOf(row));
      separator = '\t';
      // Looked at after each field: the large fields of one row together may be longer than a string can be.
      if (chunk.length >= CHUNK_CHARACTERS) {
        yield Buffer.from(chunk);
        chunk = '';
      }
    }
    chunk += '\n';
  }
  if (chunk !== '') {
    yield Buffer.from(chunk);
  }
}
