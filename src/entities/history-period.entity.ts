import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The period whose loads are all in the history: table `storage_history`, at most one row. Without it, there is no limit. */
@Entity('storage_history')
export class HistoryPeriodEntity {
  /** Always 1. */
  @PrimaryColumn({ name: 'id', type: 'integer', primaryKeyConstraintName: 'storage_history_pkey' })
  id: number;

  /** A purge has deleted loads that ended before it. */
  @Column({ name: 'complete_from', type: 'timestamptz', nullable: true })
  completeFrom: Date | null;

  /** From here on, loads with `history: 'off'` may be missing. */
  @Column({ name: 'incomplete_from', type: 'timestamptz', nullable: true })
  incompleteFrom: Date | null;
}
