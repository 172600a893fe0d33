import { CompetitorEntity } from './competitor.entity.js';
import { MarketValidationEntity } from './market-validation.entity.js';
import { MonetizationPatternEntity } from './monetization-pattern.entity.js';
import { OpportunityScoreEntity } from './opportunity-score.entity.js';

export { CompetitorEntity, MarketValidationEntity, MonetizationPatternEntity, OpportunityScoreEntity };

/** The entities of `EnrichmentModule`, which `storageEntities` does not have. */
export const enrichmentEntities = [
  OpportunityScoreEntity,
  MonetizationPatternEntity,
  MarketValidationEntity,
  CompetitorEntity,
];
