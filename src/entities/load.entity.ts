import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

import type { UnknownFields } from './unknown-fields.js';

/** `running` until the load ends; stays so if the process is killed. */
export type LoadStatus = 'running' | 'completed' | 'failed' | 'interrupted';

/** Table name recorded for a hybrid load; a table of this name cannot be loaded. */
export const HYBRID = 'hybrid';

/** One row per load: table `storage_loads`. Counts are bigint, read as strings. */
@Entity('storage_loads')
@Index('storage_loads_started_at_idx', ['startedAt'])
@Index('storage_loads_table_name_started_at_idx', ['tableName', 'startedAt'])
@Index('storage_loads_running_idx', ['startedAt'], { where: `status = 'running'` })
export class LoadEntity {
  /** UUID version 7: ids ascend by the time the load began. */
  @PrimaryColumn({ name: 'id', type: 'uuid', primaryKeyConstraintName: 'storage_loads_pkey' })
  id: string;

  /** Idempotency key given by the caller: a completed load with it is not repeated. */
  @Index('storage_loads_load_key_key', { unique: true })
  @Column({ name: 'load_key', type: 'text', nullable: true })
  loadKey: string | null;

  /** Table name, `hybrid` for a load that feeds both tables, or the name of a combined load. */
  @Column({ name: 'table_name', type: 'text' })
  tableName: string;

  /** `merge`, `insert`, `update`, `append` or `replace`. */
  @Column({ name: 'disposition', type: 'text' })
  disposition: string;

  /**
   * Options that distinguish loads into tables of the same name: `primaryKey`, `newerBy`, `updateColumns`, `keepColumns`,
   * `deleteWhen`, the entity's schema, the tables of a combined load and their keys (`primaryKeys`), the form of the source,
   * the number of its `shards`.
   */
  @Column({ name: 'options', type: 'jsonb', nullable: true })
  options: {
    readonly primaryKey?: readonly string[];
    readonly newerBy?: string;
    readonly updateColumns?: readonly string[];
    readonly keepColumns?: readonly string[];
    readonly deleteWhen?: string;
    readonly schema?: string;
    readonly tables?: readonly string[];
    readonly primaryKeys?: Readonly<Record<string, readonly string[]>>;
    readonly sourceForm?: Readonly<Record<string, string>>;
    readonly shards?: number;
  } | null;

  /** Source of the records, as named by the caller. */
  @Column({ name: 'source', type: 'text', nullable: true })
  source: string | null;

  /** `running`, `completed`, `failed` or `interrupted`; a process that was killed leaves `running`. */
  @Column({ name: 'status', type: 'text' })
  status: LoadStatus;

  /**
   * From 1, incremented when a load with the same key resumes. Only the latest attempt can commit a batch. Of a load with
   * shards, the highest attempt at one of them.
   */
  @Column({ name: 'attempt', type: 'integer', default: 1 })
  attempt: number;

  @Column({ name: 'received', type: 'bigint', default: 0 })
  received: string;

  /** Hybrid and combined loads only: records stored, instead of inserted, updated and unchanged. */
  @Column({ name: 'stored', type: 'bigint', nullable: true })
  stored: string | null;

  @Column({ name: 'inserted', type: 'bigint', default: 0 })
  inserted: string;

  @Column({ name: 'updated', type: 'bigint', default: 0 })
  updated: string;

  @Column({ name: 'unchanged', type: 'bigint', default: 0 })
  unchanged: string;

  /** Records that deleted their row; rows that a replace removed are not counted here. */
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

  /** Hybrid and combined loads only: the counts of each table, by table name. */
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
