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
  await client.query(
    `INSERT INTO ${quotedTable}
       (id, load_id, table_name, position, record_key, raw, reading, reason, column_name, message)
     SELECT r.id, $1, $2, r.position, r.record_key, r.raw, r.reading::json, r.reason, r.column_name, r.message
       FROM unnest($3::uuid[], $4::bigint[], $5::text[], $6::bytea[], $7::text[], $8::text[], $9::text[],
                   $10::text[]) AS r(id, position, record_key, raw, reading, reason, column_name, message)`,
    [
      load.loadId,
      load.table,
      rejected.map(() => randomUUID()),
      rejected.map(({ position }) => position),
      rejected.map(({ key }) => key ?? null),
      rejected.map(({ raw }) => raw),
      rejected.map(({ reading }) => reading),
      rejected.map(({ rejection }) => rejection.rule),
      rejected.map(({ rejection }) => rejection.column ?? null),
      rejected.map(({ rejection }) => rejection.message),
    ],
  );
}
