import type { ClientBase } from 'pg';

import { SchemaMismatchError } from '../../errors/index.js';
import { classifyFault } from '../../postgres/faults/sqlstate.js';
import type { LoadJob } from '../model/load-job.js';
import { findAltered, findUnsafeChanges } from '../plan/plan-changes.js';
import { lockPlannedTables, TableAlteredError } from '../write/planned-tables.js';

/** A migration may alter a table in several steps; more than these come from a table that never rests. */
const MAX_RENEWALS = 20;

/** The job of a load, by plans that are renewed when a table is altered while the load runs. */
export class CurrentJob {
  /**
   * @param job - by plans of the tables at the start of the load
   * @param renew - makes the same job by plans of the tables as they are now, as the client sees them if there is one
   */
  constructor(
    private job: LoadJob,
    private readonly renew: (client?: ClientBase) => Promise<LoadJob>,
  ) {}

  get now(): LoadJob {
    return this.job;
  }

  /**
   * The job by plans that hold until the transaction of `client` ends, for rows that `madeBy` has made.
   * @throws TableAlteredError when the tables might change these rows, which can only be made anew
   */
  async lockedIn(client: ClientBase, madeBy: LoadJob): Promise<LoadJob> {
    try {
      await lockPlannedTables(client, madeBy);
      return madeBy;
    } catch (error) {
      if (!(error instanceof TableAlteredError)) {
        throw error;
      }
      const fresh = await this.renew(client);
      if (findUnsafeChanges(madeBy, fresh).length > 0) {
        throw error;
      }
      return fresh;
    }
  }

  /**
   * Writes rows that are made; again, by a new plan, when a table is not as planned, as after a migration.
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
    const findObstacles: typeof findAltered = (before, now) => {
      if (canRead()) {
        return [];
      }
      const unsafe = findUnsafeChanges(before, now);
      return unsafe.length > 0 ? unsafe : findAltered(before, now);
    };
    return this.retryFresh(attempt, findObstacles, canRead);
  }

  private async retryFresh<T>(
    attempt: () => Promise<T>,
    findObstacles: typeof findAltered,
    mayRetry: () => boolean,
  ): Promise<T> {
    for (let attempts = 1; ; attempts += 1) {
      try {
        return await attempt();
      } catch (error) {
        const mayBeStale = error instanceof TableAlteredError || attempts === 1;
        if (classifyFault(error) !== 'schema' || !mayBeStale || attempts > MAX_RENEWALS) {
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
      }
    }
  }
}
