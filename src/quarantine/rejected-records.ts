import { randomUUID } from 'node:crypto';

import type { ClientBase } from 'pg';

import type { Rejection } from '../records/source-record.js';
import { inRawChunks, type KeptForm } from './raw-chunks.js';

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
    await insertChunk(client, quotedTable, load, chunk);
  }
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
