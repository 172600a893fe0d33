import { LoadedRow, LoadsFrom, NewerBy } from 'harbor-storage';
import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

import { FeedbackRecord } from './feedback.record.js';

/** Table `feedback`. `LoadedRow` adds `extra`, `load_id`, `created_at` and `updated_at`. */
@Entity('feedback')
@LoadsFrom(() => FeedbackRecord)
@Index('feedback_newest', ['sentAt', 'id'])
@Index('feedback_newest_of_product', ['product', 'sentAt', 'id'])
export class Feedback extends LoadedRow {
  @PrimaryColumn({ type: 'text' })
  id!: string;

  @Column({ type: 'text' })
  product!: string;

  @Column({ type: 'smallint' })
  rating!: number;

  @Column({ type: 'text', nullable: true })
  comment!: string | null;

  /** Feedback that was sent before the stored one of the same id changes nothing. */
  @NewerBy()
  @Column({ name: 'sent_at', type: 'timestamptz' })
  sentAt!: Date;
}
