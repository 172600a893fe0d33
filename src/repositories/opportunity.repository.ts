import type { EntityManager } from 'typeorm';

import type { OpportunityEntity } from '../entities/index.js';
import type { OpportunityInput } from '../records/table-records.js';
import { checkManager } from '../postgres/with-transaction.js';
import { LoadingRepository } from './loading-repository.js';

/** Stores and finds app opportunities (`app_opportunities`). Records without a problem description are skipped. */
export class OpportunityRepository<R extends object = OpportunityInput> extends LoadingRepository<
  OpportunityEntity,
  R
> {
  withManager(manager: EntityManager): OpportunityRepository<R> {
    return new OpportunityRepository(
      checkManager(manager).getRepository<OpportunityEntity>(this.repository.target),
      this.loader.withManager(manager),
    );
  }

  untyped(): OpportunityRepository<object> {
    return new OpportunityRepository(this.repository, this.loader.untyped());
  }
}
