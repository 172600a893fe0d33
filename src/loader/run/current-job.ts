import { SchemaMismatchError } from '../../errors/index.js';
import { classifyFault } from '../../postgres/sqlstate.js';
import type { LoadJob } from '../model/load-job.js';
import { findAltered, findUnsafeChanges } from '../plan/plan-changes.js';

/** The job of a load, by plans that are renewed when a table is altered while the load runs. */
export class CurrentJob {
  /**
   * @param job - by plans of the tables at the start of the load
   * @param renew - makes the same job by plans of the tables as they are now
   */
  constructor(
    private job: LoadJob,
    private readonly renew: () => Promise<LoadJob>,
  ) {}

  get now(): LoadJob {
    return this.job;
  }

  /**
   * Writes rows that are made; once more, by a new plan, when a table is not as planned, as after a migration.
   * @throws SchemaMismatchError when the table no longer fits its entity, or when it might change these rows
   */
  async withFreshPlan<T>(attempt: () => Promise<T>): Promise<T> {
    return this.retryFresh(attempt, findUnsafeChanges, () => true);
  }

  /**
   * The same for an attempt that reads its records anew.
   * @param canRead - whether it can
   */
  async withFreshRows<T>(attempt: () => Promise<T>, canRead: () => boolean): Promise<T> {
    return this.retryFresh(attempt, (before, now) => (canRead() ? [] : findAltered(before, now)), canRead);
  }

  private async retryFresh<T>(
    attempt: () => Promise<T>,
    findObstacles: typeof findAltered,
    mayRetry: () => boolean,
  ): Promise<T> {
    try {
      return await attempt();
    } catch (error) {
      if (classifyFault(error) !== 'schema') {
        throw error;
      }
      const before = this.job;
      const fresh = await this.renew();
      const obstacles = findObstacles(before, fresh);
      if (obstacles.length > 0) {
        throw new SchemaMismatchError(obstacles, { cause: error });
      }
      if (!mayRetry()) {
        throw error;
      }
      this.job = fresh;
      return attempt();
    }
  }
}
