import { performance } from 'node:perf_hooks';

import { quantile } from '../report/figures.js';
import { withConnection } from '../tables/connection.js';

const CALLS = 20;

/** The median time of the smallest query, by round, in milliseconds. */
export async function roundTrips(url: string, rounds: number): Promise<number[]> {
  return withConnection(url, async (client) => {
    const medians: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const times: number[] = [];
      for (let call = 0; call < CALLS; call += 1) {
        const start = performance.now();
        await client.query('SELECT 1');
        times.push(performance.now() - start);
      }
      medians.push(quantile(times, 0.5));
    }
    return medians;
  });
}
