import { Column, Entity, PrimaryColumn } from 'typeorm';

import type { LoadStatus } from './load.entity.js';
import type { UnknownFields } from './unknown-fields.js';

/**
 * One row per shard that has begun, of a load that several loaders share: table `storage_load_shards`. Counts are bigint,
 * read as strings; they are 0 until the shard ends.
 */
@Entity('storage_load_shards')
export class LoadShardEntity {
  /** `storage_loads.id`. */
  @PrimaryColumn({ name: 'load_id', type: 'uuid', primaryKeyConstraintName: 'storage_load_shards_pkey' })
  loadId: string;

  /** From 0. */
  @PrimaryColumn({ name: 'shard', type: 'integer', primaryKeyConstraintName: 'storage_load_shards_pkey' })
  shard: number;

  /** From 1, incremented when the shard is started again. Only the latest attempt can commit a batch of the shard. */
  @Column({ name: 'attempt', type: 'integer', default: 1 })
  attempt: number;

  /** As that of a load. */
  @Column({ name: 'status', type: 'text' })
  status: LoadStatus;

  /** Records of the whole input, as this shard has read it; null until it has read it to its end. */
  @Column({ name: 'input_records', type: 'bigint', nullable: true })
  inputRecords: string | null;

  /** Records of the input that are this shard's. */
  @Column({ name: 'received', type: 'bigint', default: 0 })
  received: string;

  /** Hybrid loads only: records stored, instead of inserted, updated and unchanged. */
  @Column({ name: 'stored', type: 'bigint', nullable: true })
  stored: string | null;

  @Column({ name: 'inserted', type: 'bigint', default: 0 })
  inserted: string;

  @Column({ name: 'updated', type: 'bigint', default: 0 })
  updated: string;

  @Column({ name: 'unchanged', type: 'bigint', default: 0 })
  unchanged: string;

  @Column({ name: 'deleted', type: 'bigint', default: 0 })
  deleted: string;

  @Column({ name: 'duplicates', type: 'bigint', default: 0 })
  duplicates: string;

  @Column({ name: 'skipped', type: 'bigint', default: 0 })
  skipped: string;

  @Column({ name: 'rejected', type: 'bigint', default: 0 })
  rejected: string;

  @Column({ name: 'failed', type: 'bigint', default: 0 })
  failed: string;

  /** Hybrid loads only: the counts of each table, by table name. */
  @Column({ name: 'tables', type: 'jsonb', nullable: true })
  tables: Record<string, Record<string, number>> | null;

  /** Occurrences of each field without a column, in committed batches; null if there were none. */
  @Column({ name: 'unknown_fields', type: 'jsonb', nullable: true })
  unknownFields: Record<string, number> | null;

  /** How these fields were handled: `capture` or `discard`. */
  @Column({ name: 'unknown_fields_policy', type: 'text', nullable: true })
  unknownFieldsPolicy: UnknownFields | null;

  /** SQLSTATE, or the error's own code. */
  @Column({ name: 'error_code', type: 'text', nullable: true })
  errorCode: string | null;

  /** Never contains row values. */
  @Column({ name: 'error_message', type: 'text', nullable: true })
  errorMessage: string | null;

  @Column({ name: 'started_at', type: 'timestamptz', default: () => 'now()' })
  startedAt: Date;

  @Column({ name: 'finished_at', type: 'timestamptz', nullable: true })
  finishedAt: Date | null;
}
