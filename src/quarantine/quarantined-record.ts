import type { Reading } from '../records/source-record.js';

/** A rejected record in quarantine. */
export interface QuarantinedRecord {
  readonly id: string;
  /** The load that rejected it. */
  readonly loadId: string;
  /** Its table, `hybrid`, or the name of a combined load. */
  readonly table: string;
  /** Input position in that load, from 0. */
  readonly position: number;
  /** Its key, if known. */
  readonly key: string | null;
  /** SQLSTATE, or the name of the rule; of the last replay, if there was one. */
  readonly reason: string;
  readonly column: string | null;
  readonly message: string;
  /** Size of the record. */
  readonly bytes: number;
  readonly createdAt: Date;
  /** When it was replayed successfully; null while it is open. */
  readonly replayedAt: Date | null;
  /** The record as received, byte for byte; objects as JSON. Only if requested. */
  readonly raw?: Buffer | undefined;
  /** How its bytes were read; null for a record passed as an object. Only if requested. */
  readonly reading?: Reading | null | undefined;
}

/** A rejected record with everything kept of it. */
export interface KeptRecord extends QuarantinedRecord {
  readonly raw: Buffer;
  /** How its bytes were read; null for a record passed as an object. */
  readonly reading: Reading | null;
}

/** SQL columns of a record in table `r`, without its bytes. */
export const RECORD_COLUMNS = `r.id, r.load_id AS "loadId", r.table_name AS "table", r.position::float8 AS position,
  r.record_key AS key, r.reason, r.column_name AS "column", r.message, octet_length(r.raw) AS bytes,
  r.created_at AS "createdAt", r.replayed_at AS "replayedAt"`;
