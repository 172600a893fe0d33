import { describe, expect, it } from '@jest/globals';

import { killMerges } from '../../../support/processes/kill-cases.js';
import { sized } from '../../../support/sizes/sizes.js';

// The fault suite kills appends, too, and more often.
const CASE = { records: sized(6_000, 10_000), batchSize: 200, kills: sized(2, 5) };
/** A kill may come when the load has just ended. */
const HITS = sized(1, 3);

describe('a load killed at random moments and restarted with its key', () => {
  it('merges each record exactly once', async () => {
    const { killed, attempts } = await killMerges(CASE);
    expect(killed).toBeGreaterThanOrEqual(HITS);
    expect(attempts).toBeGreaterThanOrEqual(killed);
  }, 120_000);
});
