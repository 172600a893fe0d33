import { randomUUID } from 'node:crypto';

import type { ClientBase } from 'pg';

import { errorCode } from '../errors/error-text.js';
import { withSavepoint } from '../postgres/with-transaction.js';
import type { Rejection } from '../records/source-record.js';
import { inRawChunks, type KeptForm } from './raw-chunks.js';

const UNTRANSLATABLE = '22P05';
const NOT_ASCII = /[^\0-\x7f]/;
const NOT_ASCII_UNITS = /[^\0-\x7f]/g;

/** A rejected record to be quarantined. */
export interface RejectedRecord {
  readonly position: number;
  readonly source: unknown;
  readonly key: string | undefined;
  readonly rejection: Rejection;
}

/** Inserts rejected records into `storage_rejected_records`, in the transaction of `client`. */
export async function insertRejectedRecords(
  client: ClientBase,
  quotedTable: string,
  load: { readonly loadId: string; readonly table: string },
  rejected: readonly RejectedRecord[],
): Promise<void> {
  for (const chunk of inRawChunks(rejected)) {
    const insert = (records: readonly (RejectedRecord & KeptForm)[]): Promise<void> =>
      insertChunk(client, quotedTable, load, records);
    await (chunk.every(isAscii) ? insert(chunk) : insertOrEscape(client, chunk, insert));
  }
}

/** A database that is not in UTF8 may lack a character of a key or a field name; the bytes of the record are kept anyway. */
async function insertOrEscape<Record extends RejectedRecord>(
  client: ClientBase,
  records: readonly Record[],
  insert: (records: readonly Record[]) => Promise<void>,
): Promise<void> {
  try {
    await withSavepoint(client, () => insert(records));
  } catch (error) {
    if (errorCode(error) !== UNTRANSLATABLE) {
      throw error;
    }
    await insert(records.map((record) => escapeTexts(record)));
  }
}

/** As in JSON. */
function escape(text: string): string {
  return text.replaceAll(NOT_ASCII_UNITS, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function isAscii({ key = '', rejection }: RejectedRecord): boolean {
  return !NOT_ASCII.test(key + rejection.message);
}

function escapeTexts<Record extends RejectedRecord>(record: Record): Record {
  const { key, rejection } = record;
  const escaped = { ...rejection, message: escape(rejection.message) };
  return { ...record, key: key === undefined ? undefined : escape(key), rejection: escaped };
}

async function insertChunk(
  client: ClientBase,
  quotedTable: string,
  load: { readonly loadId: string; readonly table: string },
  rejected: readonly (RejectedRecord & KeptForm)[],
): Promise<void> {
  const parameters: unknown[] = [];
  const insert = insertOfChunk(quotedTable, load, rejected, (value) => `$${parameters.push(value)}`);
  await client.query(insert, parameters);
}

/**
 * The statement that inserts rejected records, as they are, for a statement that does more. Undefined when there are too
 * many bytes for one.
 * @param bind - takes a parameter, and returns its name in the statement
 */
export function insertOfRejected(
  quotedTable: string,
  load: { readonly loadId: string; readonly table: string },
  rejected: readonly RejectedRecord[],
  bind: (value: unknown) => string,
): string | undefined {
  const [chunk, ...others] = inRawChunks(rejected);
  return chunk === undefined || others.length > 0 ? undefined : insertOfChunk(quotedTable, load, chunk, bind);
}

function insertOfChunk(
  quotedTable: string,
  load: { readonly loadId: string; readonly table: string },
  rejected: readonly (RejectedRecord & KeptForm)[],
  bind: (value: unknown) => string,
): string {
  const columns: readonly (readonly [string, unknown[]])[] = [
    ['uuid', rejected.map(() => randomUUID())],
    ['bigint', rejected.map(({ position }) => position)],
    ['text', rejected.map(({ key }) => key ?? null)],
    ['bytea', rejected.map(({ raw }) => raw)],
    ['text', rejected.map(({ reading }) => reading)],
    ['text', rejected.map(({ rejection }) => rejection.rule)],
    ['text', rejected.map(({ rejection }) => rejection.column ?? null)],
    ['text', rejected.map(({ rejection }) => rejection.message)],
  ];
  const arrays = columns.map(([type, values]) => `${bind(values)}::${type}[]`);
  return `INSERT INTO ${quotedTable}
       (id, load_id, table_name, position, record_key, raw, reading, reason, column_name, message)
     SELECT r.id, ${bind(load.loadId)}::uuid, ${bind(load.table)}::text, r.position, r.record_key, r.raw, r.reading::json, r.reason,
            r.column_name, r.message
       FROM unnest(${arrays.join(', ')})
         AS r(id, position, record_key, raw, reading, reason, column_name, message)`;
}
