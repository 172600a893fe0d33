import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import type { ClientBase } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

import { COPY_NULL, copyField } from '../../postgres/copy-text.js';
import type { LoadPlan } from '../model/load-plan.js';
import { MASK_COLUMN, maskedColumns, maskOf, type MergeSpec } from '../merge/merge-spec.js';
import { extraText, type Row } from '../model/row.js';

/** Large enough to spare system calls, small enough not to hold a batch twice. */
const CHUNK_BYTES = 64 * 1024;
const PIECE_CHARACTERS = 16 * 1024;
/** Bytes of UTF-8 a UTF-16 code unit can need. */
const MAX_BYTES_OF_UNIT = 3;
/** A column to copy, and where its field comes from. */
export interface CopiedColumn<T> {
  readonly name: string;
  readonly fieldOf: (item: T) => string;
}

/** The columns of the staging table that rows of this kind fill. */
export function stagedColumns(plan: LoadPlan, spec: MergeSpec): CopiedColumn<Row>[] {
  const columns: CopiedColumn<Row>[] = spec.columns.map(({ column: { quoted, index } }) => ({
    name: quoted,
    fieldOf: ({ values, special }) =>
      special === undefined || !special.includes(index) ? (values[index] ?? COPY_NULL) : copyField(values[index]),
  }));
  const masked = maskedColumns(spec);
  if (masked.length > 0) {
    columns.push({ name: MASK_COLUMN, fieldOf: (row) => maskOf(masked, row) });
  }
  if (plan.extra !== undefined && spec.hasExtra) {
    columns.push({ name: plan.extra, fieldOf: (row) => copyField(extraText(row)) });
  }
  return columns;
}

/**
 * Copies one line an item into a table.
 * @param options - COPY's own, as SQL
 * @returns the rows that the table has taken
 */
export async function copyInto<T>(
  client: ClientBase,
  table: string,
  columns: readonly CopiedColumn<T>[],
  items: readonly T[],
  options = '',
): Promise<number> {
  const names = columns.map(({ name }) => name).join(', ');
  const copy = client.query(copyFrom(`COPY ${table} (${names}) FROM STDIN${options}`));
  await pipeline(Readable.from(encode(items, columns), { objectMode: false }), copy);
  return copy.rowCount;
}

/** Encodes items as lines of COPY's text format. */
function* encode<T>(items: readonly T[], columns: readonly CopiedColumn<T>[]): Generator<Buffer> {
  let chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  let used = 0;
  for (const text of linesOf(items, columns)) {
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

/** One line an item, in pieces where it is long: the large fields of a row together may not fit into a string. */
function* linesOf<T>(items: readonly T[], columns: readonly CopiedColumn<T>[]): Generator<string> {
  for (const item of items) {
    let text = '';
    let separator = '';
    for (const { fieldOf } of columns) {
      text += separator + fieldOf(item);
      separator = '\t';
      if (text.length >= PIECE_CHARACTERS) {
        yield text;
        text = '';
      }
    }
    yield `${text}\n`;
  }
}
