import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

import type { Reading } from '../records/source-record.js';

/** The quarantine: one row for each rejected record. */
@Entity('storage_rejected_records')
@Index('storage_rejected_records_load_id_position_idx', ['loadId', 'position', 'id'])
@Index('storage_rejected_records_created_at_idx', ['createdAt'])
@Index('storage_rejected_records_open_idx', ['tableName', 'reason', 'createdAt'], { where: 'replayed_at IS NULL' })
@Index('storage_rejected_records_replayed_idx', ['tableName', 'reason', 'createdAt'], {
  where: 'replayed_at IS NOT NULL',
})
export class RejectedRecordEntity {
  @PrimaryColumn({ name: 'id', type: 'uuid', primaryKeyConstraintName: 'storage_rejected_records_pkey' })
  id: string;

  /** `storage_loads.id` of the load that rejected it. */
  @Column({ name: 'load_id', type: 'uuid' })
  loadId: string;

  /** Table name, `hybrid`, or the name of a combined load. */
  @Column({ name: 'table_name', type: 'text' })
  tableName: string;

  /** Input position in the load, from 0. */
  @Column({ name: 'position', type: 'bigint' })
  position: string;

  /** The key of the record, if it is known. */
  @Column({ name: 'record_key', type: 'text', nullable: true })
  recordKey: string | null;

  /** The record as received; bytes, so that a NUL or a broken surrogate survives. */
  @Column({ name: 'raw', type: 'bytea' })
  raw: Buffer;

  /** How a file record was read: format, encoding, csv header and delimiter, renamed fields. Null for an object. */
  @Column({ name: 'reading', type: 'json', nullable: true })
  reading: Reading | null;

  /** SQLSTATE, or the name of the rule that rejected the record. */
  @Column({ name: 'reason', type: 'text' })
  reason: string;

  /** The column at fault, if there is one. */
  @Column({ name: 'column_name', type: 'text', nullable: true })
  columnName: string | null;

  /** For people; never holds a value of the record. */
  @Column({ name: 'message', type: 'text' })
  message: string;

  /** When it was rejected. */
  @Column({ name: 'created_at', type: 'timestamptz', default: () => 'now()' })
  createdAt: Date;

  /** When a replay loaded it; null while it is open. */
  @Column({ name: 'replayed_at', type: 'timestamptz', nullable: true })
  replayedAt: Date | null;
}
