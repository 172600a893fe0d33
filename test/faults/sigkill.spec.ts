import { describe, expect, it } from '@jest/globals';

import { killAppends, killMerges } from '../support/processes/kill-cases.js';

const CASE = { records: 100_000, batchSize: 1_000, kills: 20 };
const TIMEOUT_MS = 600_000;

describe('SIGKILL of a load of 100,000 records, 20 times on one load key', () => {
  it(
    'loses and doubles nothing in a merge',
    async () => {
      expect((await killMerges(CASE)).killed).toBeGreaterThanOrEqual(12);
    },
    TIMEOUT_MS,
  );

  it.each(['with its key', 'without a key'] as const)(
    'loses and doubles nothing in an append into a table %s',
    async (table) => {
      expect((await killAppends(CASE, table)).killed).toBeGreaterThanOrEqual(12);
    },
    TIMEOUT_MS,
  );
});
