import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

import type { UnknownFields } from './unknown-fields.js';

/** `running` until it ends; a process that was killed leaves it so. */
export type LoadStatus = 'running' | 'completed' | 'failed' | 'interrupted';

/** Stands in the place of the table name of a load that feeds both tables; so no table of that name can be loaded. */
export const HYBRID = 'hybrid';

/** One row a load: table `storage_loads`. Counts are bigint, read as strings. */
@Entity('storage_loads')
@Index('storage_loads_started_at_idx', ['startedAt'])
export class LoadEntity {
  @PrimaryColumn({ name: 'id', type: 'uuid', primaryKeyConstraintName: 'storage_loads_pkey' })
  id: string;

  /** The load key given by the caller: a load that has it is done once. */
  @Index('storage_loads_load_key_key', { unique: true })
  @Column({ name: 'load_key', type: 'text', nullable: true })
  loadKey: string | null;

  /** Table name, or `hybrid` for a load that feeds both tables. */
  @Column({ name: 'table_name', type: 'text' })
  tableName: string;

  @Column({ name: 'disposition', type: 'text' })
  disposition: string;

  /** What else makes it another load than one into a table of this name: `primaryKey`, `newerBy`, the entity's schema. */
  @Column({ name: 'options', type: 'jsonb', nullable: true })
  options: { readonly primaryKey?: readonly string[]; readonly newerBy?: string; readonly schema?: string } | null;

  /** Where the records came from, as the caller named it. */
  @Column({ name: 'source', type: 'text', nullable: true })
  source: string | null;

  @Column({ name: 'status', type: 'text' })
  status: LoadStatus;

  /** From 1; each time a load of the same key goes on, one more. Only the latest can commit a batch. */
  @Column({ name: 'attempt', type: 'integer', default: 1 })
  attempt: number;

  @Column({ name: 'received', type: 'bigint', default: 0 })
  received: string;

  /** Hybrid loads only: hybrid records stored, in the place of inserted, updated and unchanged. */
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

  /** How often a field no column knows came in, by field, in what was committed; null where there was none. */
  @Column({ name: 'unknown_fields', type: 'jsonb', nullable: true })
  unknownFields: Record<string, number> | null;

  /** What became of them: `capture` or `discard`. */
  @Column({ name: 'unknown_fields_policy', type: 'text', nullable: true })
  unknownFieldsPolicy: UnknownFields | null;

  /** SQLSTATE or the error's own code. */
  @Column({ name: 'error_code', type: 'text', nullable: true })
  errorCode: string | null;

  /** Never holds row values. */
  @Column({ name: 'error_message', type: 'text', nullable: true })
  errorMessage: string | null;

  @Column({ name: 'started_at', type: 'timestamptz', default: () => 'now()' })
  startedAt: Date;

  @Column({ name: 'finished_at', type: 'timestamptz', nullable: true })
  finishedAt: Date | null;
}
