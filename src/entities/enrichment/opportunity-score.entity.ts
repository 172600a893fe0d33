import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';

import { OpportunityScoreRecord } from '../../records/enrichment/opportunity-score.record.js';
import { LoadsFrom } from '../../records/record-decorators.js';
import { LoadedRow } from '../loaded-row.js';

/** Scores of a submission, each from 0 to 100: one row a submission. */
@Entity('opportunity_scores')
@LoadsFrom(() => OpportunityScoreRecord)
@Index('opportunity_scores_load_id_idx', ['loadId'], { type: 'brin' })
@Check('opportunity_scores_market_demand_check', '"market_demand" >= 0 AND "market_demand" <= 100')
@Check('opportunity_scores_pain_intensity_check', '"pain_intensity" >= 0 AND "pain_intensity" <= 100')
@Check(
  'opportunity_scores_monetization_potential_check',
  '"monetization_potential" >= 0 AND "monetization_potential" <= 100',
)
@Check('opportunity_scores_market_gap_check', '"market_gap" >= 0 AND "market_gap" <= 100')
@Check(
  'opportunity_scores_technical_feasibility_check',
  '"technical_feasibility" >= 0 AND "technical_feasibility" <= 100',
)
@Check('opportunity_scores_total_check', '"total" >= 0 AND "total" <= 100')
export class OpportunityScoreEntity extends LoadedRow {
  @PrimaryColumn({ name: 'submission_id', type: 'text', primaryKeyConstraintName: 'opportunity_scores_pkey' })
  submissionId: string;

  @Column({ name: 'market_demand', type: 'double precision', nullable: true })
  marketDemand: number | null;

  @Column({ name: 'pain_intensity', type: 'double precision', nullable: true })
  painIntensity: number | null;

  @Column({ name: 'monetization_potential', type: 'double precision', nullable: true })
  monetizationPotential: number | null;

  @Column({ name: 'market_gap', type: 'double precision', nullable: true })
  marketGap: number | null;

  @Column({ name: 'technical_feasibility', type: 'double precision', nullable: true })
  technicalFeasibility: number | null;

  @Column({ name: 'total', type: 'double precision', nullable: true })
  total: number | null;

  @Column({ name: 'scored_at', type: 'timestamptz', nullable: true })
  scoredAt: Date | null;

  /** How the scores were found, for example the name of a model. */
  @Column({ name: 'method', type: 'text', nullable: true })
  method: string | null;
}
