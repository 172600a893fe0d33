import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

import { LoadsFrom } from '../records/record-decorators.js';
import { OpportunityRecord } from '../records/opportunity.record.js';
import { Preserved } from './column-roles.js';
import { LoadedRow } from './loaded-row.js';

/** App opportunities that were found in Reddit posts. */
@Entity('app_opportunities')
@LoadsFrom(() => OpportunityRecord)
@Index('app_opportunities_subreddit_idx', ['subreddit'])
@Index('app_opportunities_opportunity_score_idx', ['opportunityScore'])
@Index('app_opportunities_final_score_idx', ['finalScore'])
@Index('app_opportunities_load_id_idx', ['loadId'], { type: 'brin' })
export class OpportunityEntity extends LoadedRow {
  @PrimaryColumn({ name: 'submission_id', type: 'text', primaryKeyConstraintName: 'app_opportunities_pkey' })
  submissionId: string;

  @Column({ name: 'problem_description', type: 'text', nullable: true })
  problemDescription: string | null;

  @Column({ name: 'app_concept', type: 'text', nullable: true })
  appConcept: string | null;

  @Column({ name: 'core_functions', type: 'jsonb', nullable: true })
  coreFunctions: unknown;

  @Column({ name: 'value_proposition', type: 'text', nullable: true })
  valueProposition: string | null;

  @Column({ name: 'target_user', type: 'text', nullable: true })
  targetUser: string | null;

  @Column({ name: 'monetization_model', type: 'text', nullable: true })
  monetizationModel: string | null;

  @Column({ name: 'opportunity_score', type: 'double precision', nullable: true })
  opportunityScore: number | null;

  @Column({ name: 'final_score', type: 'double precision', nullable: true })
  finalScore: number | null;

  @Column({ name: 'status', type: 'text', nullable: true })
  status: string | null;

  @Column({ name: 'ai_profile', type: 'jsonb', nullable: true })
  aiProfile: unknown;

  @Column({ name: 'app_name', type: 'text', nullable: true })
  appName: string | null;

  @Column({ name: 'app_category', type: 'text', nullable: true })
  appCategory: string | null;

  @Column({ name: 'profession', type: 'text', nullable: true })
  profession: string | null;

  @Column({ name: 'core_problems', type: 'jsonb', nullable: true })
  coreProblems: unknown;

  @Column({ name: 'dimension_scores', type: 'jsonb', nullable: true })
  dimensionScores: unknown;

  @Column({ name: 'priority', type: 'text', nullable: true })
  priority: string | null;

  @Column({ name: 'confidence', type: 'double precision', nullable: true })
  confidence: number | null;

  @Column({ name: 'evidence_based', type: 'boolean', nullable: true })
  evidenceBased: boolean | null;

  @Preserved()
  @Column({ name: 'trust_score', type: 'double precision', nullable: true })
  trustScore: number | null;

  @Preserved()
  @Column({ name: 'trust_badge', type: 'text', nullable: true })
  trustBadge: string | null;

  @Preserved()
  @Column({ name: 'activity_score', type: 'double precision', nullable: true })
  activityScore: number | null;

  @Preserved()
  @Column({ name: 'trust_level', type: 'text', nullable: true })
  trustLevel: string | null;

  @Preserved()
  @Column({ name: 'trust_badges', type: 'jsonb', nullable: true })
  trustBadges: unknown;

  @Column({ name: 'monetization_score', type: 'double precision', nullable: true })
  monetizationScore: number | null;

  @Column({ name: 'market_validation_score', type: 'double precision', nullable: true })
  marketValidationScore: number | null;

  @Column({ name: 'analyzed_at', type: 'timestamptz', nullable: true })
  analyzedAt: Date | null;

  @Column({ name: 'enrichment_version', type: 'text', nullable: true, default: 'v3.0.0' })
  enrichmentVersion: string | null;

  @Column({ name: 'pipeline_source', type: 'text', nullable: true, default: 'unified_pipeline' })
  pipelineSource: string | null;

  @Column({ name: 'title', type: 'text', nullable: true })
  title: string | null;

  @Column({ name: 'subreddit', type: 'text', nullable: true })
  subreddit: string | null;

  /** A bigint: TypeORM reads it as a string, so no digit is lost. */
  @Column({ name: 'reddit_score', type: 'bigint', nullable: true })
  redditScore: string | null;
}
