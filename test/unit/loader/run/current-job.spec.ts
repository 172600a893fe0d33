import { describe, expect, it } from '@jest/globals';

import type { LoadJob } from '../../../../src/loader/model/load-job.js';
import { CurrentJob } from '../../../../src/loader/run/current-job.js';
import { TableAlteredError } from '../../../../src/loader/write/planned-tables.js';

describe('the plans of a running load', () => {
  const job = { targets: [] } as unknown as LoadJob;

  /** An attempt that fails by `error` so often, and then returns how often it was made. */
  const failing = (times: number, error: unknown) => {
    let attempts = 0;
    return async (): Promise<number> => {
      attempts += 1;
      if (attempts <= times) {
        throw error;
      }
      return attempts;
    };
  };

  it('are renewed as often as a table is altered, step by step', async () => {
    const current = new CurrentJob(job, async () => job);
    expect(await current.withFreshPlan(failing(5, new TableAlteredError('parts')))).toBe(6);
    await expect(current.withFreshPlan(failing(50, new TableAlteredError('parts')))).rejects.toThrow('was altered');
  });

  it('are renewed once for another error of the schema', async () => {
    const current = new CurrentJob(job, async () => job);
    const missing = Object.assign(new Error('no such column'), { code: '42703' });
    expect(await current.withFreshPlan(failing(1, missing))).toBe(2);
    await expect(current.withFreshPlan(failing(2, missing))).rejects.toBe(missing);
  });
});
