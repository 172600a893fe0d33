import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import type { ClientBase } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

import { copyField } from '../../postgres/copy-text.js';
import { withPipelining } from '../../postgres/pipelining.js';
import { MASK_COLUMN, maskedColumns, maskOf, type MergeSpec } from '../merge/merge-spec.js';
import type { LoadPlan } from '../model/load-plan.js';
import { fieldAt, formOfPacked, isOfForm, type RowForm } from '../model/packed-row.js';
import { extraText, type Row } from '../model/row.js';

/** Large enough to spare system calls, small enough not to hold a batch twice. */
const CHUNK_BYTES = 64 * 1024;
/** For a shorter text the call of Buffer's `write` takes longer than its characters. */
const SHORT_TEXT = 40;
const LAST_ASCII = 0x7f;
const TAB = 0x09;
const LINE_END = 0x0a;
/** Bytes of UTF-8 a UTF-16 code unit can need. */
const MAX_BYTES_OF_UNIT = 3;

/** A column to copy, and where its field comes from. */
export interface CopiedColumn<T> {
  readonly name: string;
  readonly fieldOf: (item: T) => string;
}

/** Packed rows whose fields are, in this order, those of the first columns. */
export interface PackedLines {
  readonly form: RowForm;
  /** The fields of the other columns, the same in all rows. */
  readonly constants: readonly string[];
}

/** The columns of the staging table that rows of this kind fill. */
export function stagedColumns(plan: LoadPlan, spec: MergeSpec): CopiedColumn<Row>[] {
  const columns: CopiedColumn<Row>[] = spec.columns.map(({ column: { quoted, index } }) => ({
    name: quoted,
    fieldOf: (row) => fieldAt(row, index),
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

/** A spec with its columns in the order of the fields of packed rows; without a form where it needs other fields than theirs. */
export function inFormOf(
  spec: MergeSpec,
  rows: readonly Row[],
): { readonly spec: MergeSpec; readonly form: RowForm | undefined } {
  const form = formOfPacked(rows);
  const columns = form?.columns.map(({ index }) => spec.columns.find(({ column }) => column.index === index));
  const fits =
    columns?.length === spec.columns.length &&
    columns.every((carried) => carried !== undefined && carried.mode !== 'byRow') &&
    spec.hasExtra === form?.hasExtra &&
    !spec.extraByRow;
  return fits ? { spec: { ...spec, columns }, form } : { spec, form: undefined };
}

/**
 * Copies one line an item into a table.
 * @param packed - items that need not be encoded
 * @param options - COPY's own, as SQL
 * @returns the rows that the table has taken
 */
export async function copyInto<T>(
  client: ClientBase,
  table: string,
  columns: readonly CopiedColumn<T>[],
  items: readonly T[],
  { packed, options = '' }: { readonly packed?: PackedLines | undefined; readonly options?: string } = {},
): Promise<number> {
  const names = columns.map(({ name }) => name).join(', ');
  // pg takes no COPY on a connection that pipelines.
  return withPipelining(client, false, async () => {
    const copy = client.query(copyFrom(`COPY ${table} (${names}) FROM STDIN${options}`));
    await pipeline(Readable.from(encode(items, columns, packed), { objectMode: false }), copy);
    return copy.rowCount;
  });
}

/** Copies all rows of a table into one of the same name and columns on another connection. */
export async function copyAcross(
  from: ClientBase,
  to: ClientBase,
  table: string,
  names: readonly string[],
): Promise<void> {
  const texts = names.map((name) => `${name}::text`).join(', ');
  const { rows } = await from.query<(string | null)[]>({ text: `SELECT ${texts} FROM ${table}`, rowMode: 'array' });
  const columns = names.map((name, index) => ({
    name,
    fieldOf: (row: readonly (string | null)[]): string => copyField(row[index] ?? null),
  }));
  await copyInto(to, table, columns, rows);
}

/** Encodes items as lines of COPY's text format, a field at a time: the large fields of a row may not fit into a string. */
function* encode<T>(
  items: readonly T[],
  columns: readonly CopiedColumn<T>[],
  packed: PackedLines | undefined,
): Generator<Buffer> {
  const form = packed?.form;
  const rest = Buffer.from(`${(packed?.constants ?? []).map((field) => `\t${field}`).join('')}\n`);
  let chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  let used = 0;
  for (const item of items) {
    if (isOfForm(item, form)) {
      const { bytes, start, end } = item;
      const length = end - start + rest.length;
      if (used + length > chunk.length) {
        yield chunk.subarray(0, used);
        chunk = Buffer.allocUnsafe(Math.max(CHUNK_BYTES, length));
        used = 0;
      }
      used += bytes.copy(chunk, used, start, end);
      used += rest.copy(chunk, used);
      continue;
    }
    for (const { fieldOf } of columns) {
      const field = fieldOf(item);
      const most = field.length * MAX_BYTES_OF_UNIT + 1;
      if (used > 0 && used + most > chunk.length) {
        yield chunk.subarray(0, used);
        chunk = Buffer.allocUnsafe(Math.max(CHUNK_BYTES, most));
        used = 0;
      } else if (most > chunk.length) {
        chunk = Buffer.allocUnsafe(most);
      }
      used = writeText(chunk, field, used);
      chunk[used] = TAB;
      used += 1;
    }
    chunk[used - 1] = LINE_END;
  }
  yield chunk.subarray(0, used);
}

/** Writes a text; returns where it ends. */
function writeText(chunk: Buffer, text: string, start: number): number {
  if (text.length > SHORT_TEXT) {
    return start + chunk.write(text, start);
  }
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit > LAST_ASCII) {
      return start + chunk.write(text, start);
    }
    chunk[start + index] = unit;
  }
  return start + text.length;
}
