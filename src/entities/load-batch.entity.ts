import { Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * One row per committed batch: table `storage_load_batches`. It is written in the transaction of the batch, so the batch
 * is committed exactly if the row exists. A small load without a load key is one statement and has none: its row in
 * `storage_loads` tells.
 */
@Entity('storage_load_batches')
export class LoadBatchEntity {
  /** `storage_loads.id`. */
  @PrimaryColumn({ name: 'load_id', type: 'uuid', primaryKeyConstraintName: 'storage_load_batches_pkey' })
  loadId: string;

  /** From 0. Those of shard i of n are i, i + n, i + 2 n and so on. */
  @PrimaryColumn({ name: 'batch_no', type: 'integer', primaryKeyConstraintName: 'storage_load_batches_pkey' })
  batchNo: number;

  /** Attempt of the load, or of its shard, that committed the batch, from 1. */
  @Column({ name: 'attempt', type: 'integer', default: 1 })
  attempt: number;

  /** Input position of the first record of the batch, from 0. */
  @Column({ name: 'first_position', type: 'bigint' })
  firstPosition: string;

  /** Input position after its last record. Records of other shards may lie between. */
  @Column({ name: 'end_position', type: 'bigint' })
  endPosition: string;

  /** The counts of the batch. */
  @Column({ name: 'counts', type: 'jsonb', nullable: true })
  counts: unknown;

  @Column({ name: 'committed_at', type: 'timestamptz', default: () => 'now()' })
  committedAt: Date;
}
