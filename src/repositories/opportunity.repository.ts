import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

import type { OpportunityEntity } from '../entities/index.js';
import type { OpportunityRecord } from '../records/opportunity.record.js';
import { LoadingRepository } from './loading-repository.js';

/** Stores and finds app opportunities (`app_opportunities`). Records without a problem description are skipped. */
@Injectable()
export class OpportunityRepository extends LoadingRepository<OpportunityEntity, OpportunityRecord> {
  withManager(manager: EntityManager): OpportunityRepository {
    return new OpportunityRepository(
      manager.getRepository<OpportunityEntity>(this.repository.target),
      this.loader.withManager(manager),
    );
  }
}
