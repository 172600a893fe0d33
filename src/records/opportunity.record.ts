import { Aliases, CheckedByColumns, FillsFrom, SkipWhenAbsent } from './record-decorators.js';

/**
 * A record for `app_opportunities`. Keys may be these property names or the column names (`submission_id`). A record
 * without `problem_description` is skipped.
 */
@CheckedByColumns()
export class OpportunityRecord {
  @SkipWhenAbsent()
  @Aliases('reddit_id')
  submissionId?: string | null | undefined;

  @SkipWhenAbsent()
  problemDescription?: string | null | undefined;

  appConcept?: string | null | undefined;

  @Aliases('function_list', 'functions')
  coreFunctions?: unknown;

  valueProposition?: string | null | undefined;

  targetUser?: string | null | undefined;

  monetizationModel?: string | null | undefined;

  opportunityScore?: number | string | null | undefined;

  @FillsFrom('opportunity_score', 'total_score', 'overall_score')
  finalScore?: number | string | null | undefined;

  status?: string | null | undefined;

  aiProfile?: unknown;

  appName?: string | null | undefined;

  appCategory?: string | null | undefined;

  profession?: string | null | undefined;

  coreProblems?: unknown;

  dimensionScores?: unknown;

  priority?: string | null | undefined;

  confidence?: number | string | null | undefined;

  evidenceBased?: boolean | 'true' | 'false' | null | undefined;

  trustScore?: number | string | null | undefined;

  trustBadge?: string | null | undefined;

  activityScore?: number | string | null | undefined;

  trustLevel?: string | null | undefined;

  trustBadges?: unknown;

  @Aliases('llm_monetization_score', 'willingness_to_pay_score')
  monetizationScore?: number | string | null | undefined;

  marketValidationScore?: number | string | null | undefined;

  analyzedAt?: Date | string | null | undefined;

  enrichmentVersion?: string | null | undefined;

  pipelineSource?: string | null | undefined;

  title?: string | null | undefined;

  subreddit?: string | null | undefined;

  redditScore?: number | bigint | string | null | undefined;
}
