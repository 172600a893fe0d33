import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import type { ClientBase } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

import { COPY_NULL, copyField } from '../postgres/copy-text.js';
import type { LoadPlan } from './load-plan.js';
import { MASK_COLUMN, maskedColumns, maskOf, type MergeSpec, specOf } from './merge-spec.js';
import { extraText, type Row } from './row.js';
import { type WriteCounts, type WriteOrder, writeStaged } from './write-staged.js';

/** Name of the staging table; a temporary one, so each transaction has its own. */
const STAGE = 'pg_temp.harbor_stage';
/** Large enough to spare system calls, small enough not to hold a batch twice. */
const CHUNK_BYTES = 64 * 1024;
const PIECE_CHARACTERS = 16 * 1024;
/** Bytes of UTF-8 a UTF-16 code unit can need. */
const MAX_BYTES_OF_UNIT = 3;
/** Types whose text, as the converters write it, never needs an escape. */
const PLAIN_TYPES: ReadonlySet<string> = new Set([
  'boolean',
  'smallint',
  'integer',
  'bigint',
  'real',
  'double precision',
  'numeric',
  'uuid',
  'date',
  'timestamp with time zone',
  'timestamp without time zone',
]);

/**
 * Writes rows by COPY into a temporary table and INSERT … SELECT … ON CONFLICT from there: the same statements, and the
 * same text of the same values, as {@link writeByUpsert} sends, for many rows at a fraction of the time.
 * @throws pg's DatabaseError when Postgres refuses one of the rows; the caller's savepoint takes everything back
 */
export async function writeByCopy(client: ClientBase, order: WriteOrder, rows: readonly Row[]): Promise<WriteCounts> {
  const spec = specOf(order.plan, order.onConflict, order.key, rows);
  const stage = stageOf(order.plan, spec);
  const table = order.stage ?? STAGE;
  if (order.stage === undefined) {
    const definitions = stage.map(({ name, type }) => `${name} ${type}`);
    await client.query(
      // The default of 4 MB would sort a batch of wide rows on disk.
      `SET LOCAL work_mem = '64MB'; CREATE TEMPORARY TABLE harbor_stage (${definitions.join(', ')}) ON COMMIT DROP`,
    );
  }
  const copy = client.query(copyFrom(`COPY ${table} (${stage.map(({ name }) => name).join(', ')}) FROM STDIN`));
  await pipeline(Readable.from(encode(rows, stage), { objectMode: false }), copy);
  const counts = await writeStaged(client, order, spec, rows, { select: `SELECT * FROM ${table}`, parameters: [] });
  // Several batches may share a caller's transaction, and a hybrid batch writes two tables in one.
  await client.query(order.stage === undefined ? `DROP TABLE ${table}` : `DELETE FROM ${table}`);
  return counts;
}

/** A column of the staging table. */
interface StageColumn {
  readonly name: string;
  readonly type: string;
  readonly fieldOf: (row: Row) => string;
}

function stageOf(plan: LoadPlan, spec: MergeSpec): StageColumn[] {
  const stage: StageColumn[] = spec.columns.map(({ column: { quoted, type, index } }) => ({
    name: quoted,
    type,
    fieldOf: PLAIN_TYPES.has(type)
      ? ({ values }) => values[index] ?? COPY_NULL
      : ({ values }) => copyField(values[index]),
  }));
  const masked = maskedColumns(spec);
  if (masked.length > 0) {
    stage.push({ name: MASK_COLUMN, type: 'bit varying', fieldOf: (row) => maskOf(masked, row) });
  }
  if (plan.extra !== undefined && spec.hasExtra) {
    stage.push({ name: plan.extra, type: 'jsonb', fieldOf: (row) => copyField(extraText(row)) });
  }
  return stage;
}

/** Encodes rows as lines of COPY's text format. */
function* encode(rows: readonly Row[], stage: readonly StageColumn[]): Generator<Buffer> {
  let chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  let used = 0;
  for (const text of linesOf(rows, stage)) {
    const most = text.length * MAX_BYTES_OF_UNIT;
    if (used > 0 && used + most > chunk.length) {
      yield chunk.subarray(0, used);
      chunk = Buffer.allocUnsafe(Math.max(CHUNK_BYTES, most));
      used = 0;
    }
    used += chunk.write(text, used);
  }
  yield chunk.subarray(0, used);
}

/** One line a row, in pieces where it is long: the large fields of a row together may not fit into a string. */
function* linesOf(rows: readonly Row[], stage: readonly StageColumn[]): Generator<string> {
  for (const row of rows) {
    let text = '';
    let separator = '';
    for (const { fieldOf } of stage) {
      text += separator + fieldOf(row);
      separator = '\t';
      if (text.length >= PIECE_CHARACTERS) {
        yield text;
        text = '';
      }
    }
    yield `${text}\n`;
  }
}
