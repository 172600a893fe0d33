import { Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * One row for each committed batch. It is written in the transaction of the batch, so its presence says that the batch
 * was committed.
 */
@Entity('storage_load_batches')
export class LoadBatchEntity {
  /** `storage_loads.id`. */
  @PrimaryColumn({ name: 'load_id', type: 'uuid', primaryKeyConstraintName: 'storage_load_batches_pkey' })
  loadId: string;

  /** From 0. */
  @PrimaryColumn({ name: 'batch_no', type: 'integer', primaryKeyConstraintName: 'storage_load_batches_pkey' })
  batchNo: number;

  /** The attempt of the load that committed it, from 1. */
  @Column({ name: 'attempt', type: 'integer', default: 1 })
  attempt: number;

  /** Position in the input of the batch's first record, from 0. */
  @Column({ name: 'first_position', type: 'bigint' })
  firstPosition: string;

  /** Position after its last record. */
  @Column({ name: 'end_position', type: 'bigint' })
  endPosition: string;

  /** What the batch did, count by count. */
  @Column({ name: 'counts', type: 'jsonb', nullable: true })
  counts: unknown;

  @Column({ name: 'committed_at', type: 'timestamptz', default: () => 'now()' })
  committedAt: Date;
}
