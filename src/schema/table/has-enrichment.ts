import type { DataSource } from 'typeorm';

import { OpportunityScoreEntity } from '../../entities/enrichment/index.js';

/** Whether a DataSource has the entities of EnrichmentModule, whose tables are of no concern to any other. */
export function hasEnrichment(dataSource: DataSource): boolean {
  return dataSource.hasMetadata(OpportunityScoreEntity);
}
