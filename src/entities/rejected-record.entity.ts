import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

import type { Reading } from '../records/source-record.js';

/** One rejected record: table `storage_rejected_records`, the quarantine. */
@Entity('storage_rejected_records')
@Index('storage_rejected_records_load_id_position_idx', ['loadId', 'position', 'id'])
@Index('storage_rejected_records_created_at_idx', ['createdAt'])
export class RejectedRecordEntity {
  @PrimaryColumn({ name: 'id', type: 'uuid', primaryKeyConstraintName: 'storage_rejected_records_pkey' })
  id: string;

  @Column({ name: 'load_id', type: 'uuid' })
  loadId: string;

  /** Table name, or `hybrid`. */
  @Column({ name: 'table_name', type: 'text' })
  tableName: string;

  /** Position in the input of the load, from 0. */
  @Column({ name: 'position', type: 'bigint' })
  position: string;

  @Column({ name: 'record_key', type: 'text', nullable: true })
  recordKey: string | null;

  /** The record as it came; bytes, so that a NUL or a broken surrogate survives. */
  @Column({ name: 'raw', type: 'bytea' })
  raw: Buffer;

  /** How its bytes were read, when it came from a file: format, csv header, renamed fields. Null for an object. */
  @Column({ name: 'reading', type: 'json', nullable: true })
  reading: Reading | null;

  /** SQLSTATE, or the name of the rule that rejected it. */
  @Column({ name: 'reason', type: 'text' })
  reason: string;

  @Column({ name: 'column_name', type: 'text', nullable: true })
  columnName: string | null;

  @Column({ name: 'message', type: 'text' })
  message: string;

  @Column({ name: 'created_at', type: 'timestamptz', default: () => 'now()' })
  createdAt: Date;

  @Column({ name: 'replayed_at', type: 'timestamptz', nullable: true })
  replayedAt: Date | null;
}
