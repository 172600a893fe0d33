import type { StorageApp } from './storage-app.js';

/** A row of the quarantine, its raw record as text. */
export interface QuarantinedRow {
  readonly reason: string;
  readonly column: string | null;
  readonly position: number;
  readonly key: string | null;
  readonly table: string;
  readonly message: string;
  readonly raw: Buffer;
}

/** What a load has put into quarantine, in input order. */
export async function quarantined(app: StorageApp, loadId: string): Promise<QuarantinedRow[]> {
  return app.rows<QuarantinedRow>(
    `SELECT reason, column_name AS "column", position::integer AS position, record_key AS "key", table_name AS "table",
            message, raw
       FROM storage_rejected_records WHERE load_id = $1 ORDER BY position`,
    [loadId],
  );
}

const TABLES = [
  'app_opportunities',
  'submissions',
  'storage_loads',
  'storage_load_batches',
  'storage_load_shards',
  'storage_rejected_records',
  'storage_history',
];

/** Empties every table of the module; of few rows in a tenth of the time of TRUNCATE, which makes new files. */
export async function emptyTables(app: Pick<StorageApp, 'rows'>): Promise<void> {
  await app.rows(TABLES.map((table) => `DELETE FROM ${table}`).join(';'));
}
