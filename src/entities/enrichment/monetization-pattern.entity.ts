import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

import { MonetizationPatternRecord } from '../../records/enrichment/monetization-pattern.record.js';
import { LoadsFrom } from '../../records/record-decorators.js';
import { LoadedRow } from '../loaded-row.js';

/** Ways in which a submission may earn money: one row a model. */
@Entity('monetization_patterns')
@LoadsFrom(() => MonetizationPatternRecord)
@Index('monetization_patterns_load_id_idx', ['loadId'], { type: 'brin' })
export class MonetizationPatternEntity extends LoadedRow {
  @PrimaryColumn({ name: 'submission_id', type: 'text', primaryKeyConstraintName: 'monetization_patterns_pkey' })
  submissionId: string;

  /** How money is made, for example `subscription`. */
  @PrimaryColumn({ name: 'model', type: 'text', primaryKeyConstraintName: 'monetization_patterns_pkey' })
  model: string;

  @Column({ name: 'willingness_to_pay_score', type: 'double precision', nullable: true })
  willingnessToPayScore: number | null;

  @Column({ name: 'price_point', type: 'text', nullable: true })
  pricePoint: string | null;

  @Column({ name: 'customer_segment', type: 'text', nullable: true })
  customerSegment: string | null;

  @Column({ name: 'confidence', type: 'double precision', nullable: true })
  confidence: number | null;
}
