import type { EntityManager } from 'typeorm';

import type { SubmissionEntity } from '../entities/index.js';
import type { ProfileInput } from '../records/table-records.js';
import { checkManager } from '../postgres/with-transaction.js';
import { LoadingRepository } from './loading-repository.js';

/** Stores and finds Reddit posts with their enrichment (`submissions`). */
export class ProfileRepository<R extends object = ProfileInput> extends LoadingRepository<SubmissionEntity, R> {
  withManager(manager: EntityManager): ProfileRepository<R> {
    return new ProfileRepository(
      checkManager(manager).getRepository<SubmissionEntity>(this.repository.target),
      this.loader.withManager(manager),
    );
  }

  untyped(): ProfileRepository<object> {
    return new ProfileRepository(this.repository, this.loader.untyped());
  }
}
