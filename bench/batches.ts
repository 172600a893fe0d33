// Measures one load with different batch sizes and parallelism. `npm run bench:batches`
import 'reflect-metadata';

import { performance } from 'node:perf_hooks';

import { LoaderService } from '../src/index.js';
import { openStorage } from './contestants/shared/open-storage.js';
import { withConnection } from './tables/connection.js';
import { generateOpportunities } from './tables/data.js';
import { showSpread, spreadOf } from './report/figures.js';
import { withScratch } from './tables/scratch.js';
import { readTable } from './report/table.js';
import { fillTable } from './tables/table-state.js';

const ROWS = 50_000;
const ROUNDS = 5;
const BASE = { batchSize: 5_000, parallelism: 2 };
const OTHERS = [
  { batchSize: 500, parallelism: 2 },
  { batchSize: 1_000, parallelism: 2 },
  { batchSize: 2_000, parallelism: 2 },
  { batchSize: 8_000, parallelism: 2 },
  { batchSize: 5_000, parallelism: 1 },
  { batchSize: 5_000, parallelism: 3 },
];

await withScratch(undefined, new AbortController().signal, async ({ url }) => {
  const table = await withConnection(url, (client) => readTable(client, 'app_opportunities'));
  const records = [
    ...generateOpportunities(
      ROWS,
      table.columns.map(({ name }) => name),
    ),
  ];
  const time = async (loader: typeof BASE): Promise<number> => {
    await withConnection(url, (client) => fillTable(client, table, []));
    const app = await openStorage(url, loader);
    const start = performance.now();
    await app.get(LoaderService).loadBatch(table.name, records);
    const elapsed = performance.now() - start;
    await app.close();
    return elapsed;
  };

  const ratios = OTHERS.map((): number[] => []);
  for (let round = 0; round <= ROUNDS; round += 1) {
    const base = await time(BASE);
    for (const [index, other] of OTHERS.entries()) {
      const ratio = (await time(other)) / base;
      // The first round is a warm-up.
      if (round > 0) {
        ratios[index]?.push(ratio);
      }
    }
  }
  console.log(`${ROWS} rows; time ÷ that of batches of ${BASE.batchSize}, ${BASE.parallelism} at work`);
  OTHERS.forEach(({ batchSize, parallelism }, index) => {
    const shown = showSpread(spreadOf(ratios[index] ?? []));
    console.log(`batches of ${String(batchSize).padStart(5)}, ${parallelism} at work: ${shown}`);
  });
});
