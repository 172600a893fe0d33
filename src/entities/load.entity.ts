import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

import type { UnknownFields } from './unknown-fields.js';

/** `running` until it ends; a process that was killed leaves it so. */
export type LoadStatus = 'running' | 'completed' | 'failed' | 'interrupted';

/** Stands in the place of the table name of a load that feeds both tables; so no table of that name can be loaded. */
export const HYBRID = 'hybrid';

/** The history: one row for each load. The counts are bigint, which TypeORM reads as strings. */
@Entity('storage_loads')
@Index('storage_loads_started_at_idx', ['startedAt'])
export class LoadEntity {
  @PrimaryColumn({ name: 'id', type: 'uuid', primaryKeyConstraintName: 'storage_loads_pkey' })
  id: string;

  /** The idempotency key that the caller gave. */
  @Index('storage_loads_load_key_key', { unique: true })
  @Column({ name: 'load_key', type: 'text', nullable: true })
  loadKey: string | null;

  /** Table name, or `hybrid` for a load that feeds both tables. */
  @Column({ name: 'table_name', type: 'text' })
  tableName: string;

  /** `merge`, `append` or `replace`. */
  @Column({ name: 'disposition', type: 'text' })
  disposition: string;

  /** Options that are part of the identity of the load: `primaryKey`, `newerBy`, the schema of the entity. */
  @Column({ name: 'options', type: 'jsonb', nullable: true })
  options: { readonly primaryKey?: readonly string[]; readonly newerBy?: string; readonly schema?: string } | null;

  /** Where the records came from, as the caller named it. */
  @Column({ name: 'source', type: 'text', nullable: true })
  source: string | null;

  /** `running`, `completed`, `failed` or `interrupted`; a process that was killed leaves `running`. */
  @Column({ name: 'status', type: 'text' })
  status: LoadStatus;

  /** From 1, and one more each time a load with a load key resumes. Only the latest attempt can commit. */
  @Column({ name: 'attempt', type: 'integer', default: 1 })
  attempt: number;

  @Column({ name: 'received', type: 'bigint', default: 0 })
  received: string;

  /** Hybrid loads only: hybrid records stored, in place of inserted, updated and unchanged. */
  @Column({ name: 'stored', type: 'bigint', nullable: true })
  stored: string | null;

  @Column({ name: 'inserted', type: 'bigint', default: 0 })
  inserted: string;

  @Column({ name: 'updated', type: 'bigint', default: 0 })
  updated: string;

  @Column({ name: 'unchanged', type: 'bigint', default: 0 })
  unchanged: string;

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

  /** How often each field without a column occurred in what was committed; null if there was none. */
  @Column({ name: 'unknown_fields', type: 'jsonb', nullable: true })
  unknownFields: Record<string, number> | null;

  /** What became of those fields: `capture` or `discard`. */
  @Column({ name: 'unknown_fields_policy', type: 'text', nullable: true })
  unknownFieldsPolicy: UnknownFields | null;

  /** SQLSTATE, or the code of the error that ended the load. */
  @Column({ name: 'error_code', type: 'text', nullable: true })
  errorCode: string | null;

  /** The message of that error. It never holds values of a row. */
  @Column({ name: 'error_message', type: 'text', nullable: true })
  errorMessage: string | null;

  @Column({ name: 'started_at', type: 'timestamptz', default: () => 'now()' })
  startedAt: Date;

  @Column({ name: 'finished_at', type: 'timestamptz', nullable: true })
  finishedAt: Date | null;
}
