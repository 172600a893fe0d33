import { classifyFault } from '../../postgres/sqlstate.js';
import type { LoadJob } from '../model/load-job.js';

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
   * Does `attempt`; once more, by a new plan, when a table is not as planned, as after a migration.
   * @param attempt - is told whether the plans are fresh
   * @param mayRetry - whether the attempt can be made again
   * @throws SchemaMismatchError when the table no longer fits its entity
   */
  async withFreshPlan<T>(attempt: (plansAreFresh: boolean) => Promise<T>, mayRetry = (): boolean => true): Promise<T> {
    try {
      return await attempt(false);
    } catch (error) {
      if (classifyFault(error) !== 'schema') {
        throw error;
      }
      const fresh = await this.renew();
      if (!mayRetry() || !haveSameLayout(this.job, fresh)) {
        throw error;
      }
      this.job = fresh;
      return attempt(true);
    }
  }
}

/** Whether rows made for the one job are rows of the other, too. */
function haveSameLayout(a: LoadJob, b: LoadJob): boolean {
  return layoutOf(a) === layoutOf(b);
}

function layoutOf({ targets }: LoadJob): string {
  return JSON.stringify(targets.map(({ plan }) => plan.columns.map(({ name }) => name)));
}
