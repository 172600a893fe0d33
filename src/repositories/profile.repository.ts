import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

import type { SubmissionEntity } from '../entities/index.js';
import type { ProfileRecord } from '../records/profile.record.js';
import { LoadingRepository } from './loading-repository.js';

/** Stores and finds Reddit posts with their enrichment (`submissions`). */
@Injectable()
export class ProfileRepository extends LoadingRepository<SubmissionEntity, ProfileRecord> {
  withManager(manager: EntityManager): ProfileRepository {
    return new ProfileRepository(
      manager.getRepository<SubmissionEntity>(this.repository.target),
      this.loader.withManager(manager),
    );
  }
}
