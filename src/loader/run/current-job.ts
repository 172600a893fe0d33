import { classifyFault } from '../../postgres/sqlstate.js';
import type { LoadJob } from '../model/load-job.js';

/** The job of a load, by plans that follow their tables when these are altered while the load goes on. */
export class CurrentJob {
  /**
   * @param job - by plans of the tables as they were when the load began
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
   * Does `attempt`; once more, by a fresh plan, when a table is not what its plan said, as after a migration.
   * @param mayRepeat - whether there is something to repeat it with
   * @throws SchemaMismatchError when the table does not fit its entity any more
   */
  async withFreshPlan<T>(attempt: () => Promise<T>, mayRepeat = (): boolean => true): Promise<T> {
    try {
      return await attempt();
    } catch (error) {
      if (classifyFault(error) !== 'schema') {
        throw error;
      }
      const fresh = await this.renew();
      if (!mayRepeat() || !haveSameLayout(this.job, fresh)) {
        throw error;
      }
      this.job = fresh;
      return attempt();
    }
  }
}

/** Whether rows that were made for the one job are rows of the other, too. */
function haveSameLayout(a: LoadJob, b: LoadJob): boolean {
  return layoutOf(a) === layoutOf(b);
}

function layoutOf({ targets }: LoadJob): string {
  return JSON.stringify(targets.map(({ plan }) => plan.columns.map(({ name }) => name)));
}
