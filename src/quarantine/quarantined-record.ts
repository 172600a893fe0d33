import type { Reading } from '../records/source-record.js';

/** A rejected record as quarantine knows it. */
export interface QuarantinedRecord {
  readonly id: string;
  /** The load that rejected it. */
  readonly loadId: string;
  /** The table it was meant for, or `hybrid`. */
  readonly table: string;
  /** Position in the input of that load, from 0. */
  readonly position: number;
  /** Its key, where it could be told. */
  readonly key: string | null;
  /** SQLSTATE, or the name of the rule; of the last replay, when there was one. */
  readonly reason: string;
  readonly column: string | null;
  readonly message: string;
  /** Size of the record. */
  readonly bytes: number;
  readonly createdAt: Date;
  /** When a replay took it in; null as long as it is open. */
  readonly replayedAt: Date | null;
  /** The record as it came, byte for byte; an object that was handed over as JSON. Only where it was asked for. */
  readonly raw?: Buffer | undefined;
}

/** A rejected record with all that is kept of it. */
export interface KeptRecord extends QuarantinedRecord {
  readonly raw: Buffer;
  /** How its bytes were read; null for a record that was handed over as an object. */
  readonly reading: Reading | null;
}

/** Its columns in SQL, of the table `r`, without the record itself. */
export const RECORD_COLUMNS = `r.id, r.load_id AS "loadId", r.table_name AS "table", r.position::float8 AS position,
  r.record_key AS key, r.reason, r.column_name AS "column", r.message, octet_length(r.raw) AS bytes,
  r.created_at AS "createdAt", r.replayed_at AS "replayedAt"`;
