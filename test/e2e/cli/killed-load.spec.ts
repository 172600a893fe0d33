import { describe, expect, it } from '@jest/globals';

import { killAppends, killMerges } from '../../support/processes/kill-cases.js';

const CASE = { records: 10_000, batchSize: 200, kills: 5 };

describe('a load that is killed at random moments and begun again with its key', () => {
  it('merges each record exactly once', async () => {
    const { killed, attempts } = await killMerges(CASE);
    expect(killed).toBeGreaterThanOrEqual(3);
    expect(attempts).toBeGreaterThanOrEqual(killed);
  }, 120_000);

  it.each(['with its key', 'without a key'] as const)(
    'appends each record exactly once, into a table %s',
    async (table) => {
      expect((await killAppends(CASE, table)).killed).toBeGreaterThanOrEqual(3);
    },
    120_000,
  );
});
