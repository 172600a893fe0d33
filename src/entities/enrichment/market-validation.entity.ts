import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

import { MarketValidationRecord } from '../../records/enrichment/market-validation.record.js';
import { LoadsFrom } from '../../records/record-decorators.js';
import { LoadedRow } from '../loaded-row.js';

/** Evidence of the market of a submission: one row a source. */
@Entity('market_validations')
@LoadsFrom(() => MarketValidationRecord)
@Index('market_validations_load_id_idx', ['loadId'], { type: 'brin' })
export class MarketValidationEntity extends LoadedRow {
  @PrimaryColumn({ name: 'submission_id', type: 'text', primaryKeyConstraintName: 'market_validations_pkey' })
  submissionId: string;

  /** Where the evidence is from. */
  @PrimaryColumn({ name: 'source', type: 'text', primaryKeyConstraintName: 'market_validations_pkey' })
  source: string;

  @Column({ name: 'score', type: 'double precision', nullable: true })
  score: number | null;

  @Column({ name: 'competitor_count', type: 'integer', nullable: true })
  competitorCount: number | null;

  @Column({ name: 'market_size', type: 'text', nullable: true })
  marketSize: string | null;

  @Column({ name: 'evidence', type: 'jsonb', nullable: true })
  evidence: unknown;

  @Column({ name: 'validated_at', type: 'timestamptz', nullable: true })
  validatedAt: Date | null;
}
