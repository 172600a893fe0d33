import type { HybridRecord } from '../hybrid.record.js';
import type { InEitherCase } from '../load-record.js';
import type { LoadedFields } from '../table-records.js';
import type { CompetitorRecord } from './competitor.record.js';
import type { MarketValidationRecord } from './market-validation.record.js';
import type { MonetizationPatternRecord } from './monetization-pattern.record.js';
import type { OpportunityScoreRecord } from './opportunity-score.record.js';

/** An {@link OpportunityScoreRecord} or a part of it, in camelCase or snake_case. */
export interface OpportunityScoreInput extends InEitherCase<OpportunityScoreRecord>, InEitherCase<LoadedFields> {}

/** A {@link MonetizationPatternRecord} or a part of it, in camelCase or snake_case. */
export interface MonetizationPatternInput extends InEitherCase<MonetizationPatternRecord>, InEitherCase<LoadedFields> {}

/** A {@link MarketValidationRecord} or a part of it, in camelCase or snake_case. */
export interface MarketValidationInput extends InEitherCase<MarketValidationRecord>, InEitherCase<LoadedFields> {}

/** A {@link CompetitorRecord} or a part of it, in camelCase or snake_case. */
export interface CompetitorInput extends InEitherCase<CompetitorRecord>, InEitherCase<LoadedFields> {}

/** What a record of one submission has for the tables of its own; `submission_id` is that of the record. */
export interface EnrichmentParts {
  opportunityScores?: OpportunityScoreInput | null | undefined;
  monetizationPatterns?: MonetizationPatternInput | readonly MonetizationPatternInput[] | null | undefined;
  marketValidations?: MarketValidationInput | readonly MarketValidationInput[] | null | undefined;
  competitiveLandscape?: CompetitorInput | readonly CompetitorInput[] | null | undefined;
}

/** A record for all six tables: a {@link HybridRecord}, and its {@link EnrichmentParts}, in camelCase or snake_case. */
export interface EnrichmentRecord extends HybridRecord, InEitherCase<EnrichmentParts> {}
