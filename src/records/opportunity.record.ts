import { IsBoolean, IsNumber, IsOptional, IsString } from 'class-validator';

import { Aliases, FillsFrom, SkipWhenAbsent } from './record-decorators.js';

/**
 * A record for `app_opportunities`. Keys may be these property names or the column names (`submission_id`). A record
 * without `problem_description` is skipped.
 */
export class OpportunityRecord {
  @SkipWhenAbsent()
  @Aliases('reddit_id')
  submissionId?: string | null | undefined;

  @SkipWhenAbsent()
  @IsOptional()
  @IsString()
  problemDescription?: string | null | undefined;

  @IsOptional()
  @IsString()
  appConcept?: string | null | undefined;

  @Aliases('function_list', 'functions')
  coreFunctions?: unknown;

  @IsOptional()
  @IsString()
  valueProposition?: string | null | undefined;

  @IsOptional()
  @IsString()
  targetUser?: string | null | undefined;

  @IsOptional()
  @IsString()
  monetizationModel?: string | null | undefined;

  @IsOptional()
  @IsNumber()
  opportunityScore?: number | string | null | undefined;

  @FillsFrom('opportunity_score', 'total_score', 'overall_score')
  @IsOptional()
  @IsNumber()
  finalScore?: number | string | null | undefined;

  @IsOptional()
  @IsString()
  status?: string | null | undefined;

  aiProfile?: unknown;

  @IsOptional()
  @IsString()
  appName?: string | null | undefined;

  @IsOptional()
  @IsString()
  appCategory?: string | null | undefined;

  @IsOptional()
  @IsString()
  profession?: string | null | undefined;

  coreProblems?: unknown;

  dimensionScores?: unknown;

  @IsOptional()
  @IsString()
  priority?: string | null | undefined;

  @IsOptional()
  @IsNumber()
  confidence?: number | string | null | undefined;

  @IsOptional()
  @IsBoolean()
  evidenceBased?: boolean | 'true' | 'false' | null | undefined;

  @IsOptional()
  @IsNumber()
  trustScore?: number | string | null | undefined;

  @IsOptional()
  @IsString()
  trustBadge?: string | null | undefined;

  @IsOptional()
  @IsNumber()
  activityScore?: number | string | null | undefined;

  @IsOptional()
  @IsString()
  trustLevel?: string | null | undefined;

  trustBadges?: unknown;

  @Aliases('llm_monetization_score', 'willingness_to_pay_score')
  @IsOptional()
  @IsNumber()
  monetizationScore?: number | string | null | undefined;

  @IsOptional()
  @IsNumber()
  marketValidationScore?: number | string | null | undefined;

  analyzedAt?: Date | string | null | undefined;

  @IsOptional()
  @IsString()
  enrichmentVersion?: string | null | undefined;

  @IsOptional()
  @IsString()
  pipelineSource?: string | null | undefined;

  @IsOptional()
  @IsString()
  title?: string | null | undefined;

  @IsOptional()
  @IsString()
  subreddit?: string | null | undefined;

  redditScore?: number | bigint | string | null | undefined;
}
