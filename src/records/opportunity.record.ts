import { IsBoolean, IsNumber, IsOptional, IsString } from 'class-validator';

import { Aliases, FillsFrom, SkipWhenAbsent } from './record-decorators.js';

/**
 * What comes in for `app_opportunities`. Keys may be these property names or the column names (`submission_id`).
 * A record without `problem_description` is no opportunity and is skipped.
 */
export class OpportunityRecord {
  @SkipWhenAbsent()
  @Aliases('reddit_id')
  submissionId: string;

  @SkipWhenAbsent()
  @IsOptional()
  @IsString()
  problemDescription?: string | null;

  @IsOptional()
  @IsString()
  appConcept?: string | null;

  @Aliases('function_list', 'functions')
  coreFunctions?: unknown;

  @IsOptional()
  @IsString()
  valueProposition?: string | null;

  @IsOptional()
  @IsString()
  targetUser?: string | null;

  @IsOptional()
  @IsString()
  monetizationModel?: string | null;

  @IsOptional()
  @IsNumber()
  opportunityScore?: number | null;

  @FillsFrom('opportunity_score', 'total_score', 'overall_score')
  @IsOptional()
  @IsNumber()
  finalScore?: number | null;

  @IsOptional()
  @IsString()
  status?: string | null;

  aiProfile?: unknown;

  @IsOptional()
  @IsString()
  appName?: string | null;

  @IsOptional()
  @IsString()
  appCategory?: string | null;

  @IsOptional()
  @IsString()
  profession?: string | null;

  coreProblems?: unknown;

  dimensionScores?: unknown;

  @IsOptional()
  @IsString()
  priority?: string | null;

  @IsOptional()
  @IsNumber()
  confidence?: number | null;

  @IsOptional()
  @IsBoolean()
  evidenceBased?: boolean | null;

  @IsOptional()
  @IsNumber()
  trustScore?: number | null;

  @IsOptional()
  @IsString()
  trustBadge?: string | null;

  @IsOptional()
  @IsNumber()
  activityScore?: number | null;

  @IsOptional()
  @IsString()
  trustLevel?: string | null;

  trustBadges?: unknown;

  @Aliases('llm_monetization_score', 'willingness_to_pay_score')
  @IsOptional()
  @IsNumber()
  monetizationScore?: number | null;

  @IsOptional()
  @IsNumber()
  marketValidationScore?: number | null;

  analyzedAt?: Date | string | null;

  @IsOptional()
  @IsString()
  enrichmentVersion?: string | null;

  @IsOptional()
  @IsString()
  pipelineSource?: string | null;

  @IsOptional()
  @IsString()
  title?: string | null;

  @IsOptional()
  @IsString()
  subreddit?: string | null;

  redditScore?: number | bigint | null;
}
