import { describe, expect, it } from '@jest/globals';

import { killAppends, killMerges } from '../support/processes/kill-cases.js';
import { sized } from '../support/sizes/sizes.js';

const CASE = { records: sized(30_000, 100_000), batchSize: 1_000, kills: sized(5, 20) };
/** Some kills come when the load has just ended. */
const HITS = sized(3, 12);
const TIMEOUT_MS = 600_000;

describe('SIGKILL of a load of many records, again and again on one load key', () => {
  it(
    'loses and doubles nothing in a merge',
    async () => {
      expect((await killMerges(CASE)).killed).toBeGreaterThanOrEqual(HITS);
    },
    TIMEOUT_MS,
  );

  it.each(['with its key', 'without a key'] as const)(
    'loses and doubles nothing in an append into a table %s',
    async (table) => {
      expect((await killAppends(CASE, table)).killed).toBeGreaterThanOrEqual(HITS);
    },
    TIMEOUT_MS,
  );
});
