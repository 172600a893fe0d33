import type { Bench, CaseReport } from '../bench.js';
import { faultOf } from '../bench-error.js';
import { withConnection } from '../tables/connection.js';
import { harbor } from '../contestants/index.js';
import { outcomeOf, ratioOf, showSpread, spreadOf } from '../report/figures.js';
import { atMost } from '../report/goals.js';
import { runMatch } from '../tables/match.js';
import { fillTable } from '../tables/table-state.js';
import { watchWrites, type Writes } from '../tables/table-writes.js';
import { outcomeTable } from './outcome-table.js';

const MAX_WAL_BYTES = 50;

/** The same records twice: the second load must write nothing. */
export async function runSame(bench: Bench): Promise<CaseReport> {
  const { records } = bench;
  const match = await runMatch(
    bench,
    [
      { label: 'first load', contestant: harbor, records },
      { label: 'the same again', contestant: harbor, records, stored: records },
    ],
    bench,
  );
  const again = outcomeOf(match, 'the same again');
  const faults: string[] = [];
  const writes = await watchLoads(bench).catch((error: unknown) => {
    bench.signal.throwIfAborted();
    faults.push(`What a load writes could not be measured: ${faultOf(error)}`);
    return [];
  });
  const spread = (figure: (load: Writes) => number) => (writes.length > 0 ? spreadOf(writes.map(figure)) : undefined);
  const wal = spread(({ walBytes }) => walBytes / records.length);
  const versions = spread(({ newVersions }) => newVersions);
  const pages = spread((load) => load.pages);
  const table = outcomeTable(match, again);
  return {
    title: 'the same records again',
    ...table,
    notes: [
      ...table.notes,
      `What the load of the same records wrote, by round: ${showSpread(wal)} bytes of WAL a row in all, ` +
        `${showSpread(pages)} pages of the table and its indexes, ${showSpread(versions)} row versions.`,
    ],
    faults: [...table.faults, ...faults],
    goals: [
      atMost('time of the same again ≤ 1.0 × the first load', ratioOf(again, outcomeOf(match, 'first load')), 1),
      atMost(`WAL ≤ ${MAX_WAL_BYTES} bytes a row`, wal, MAX_WAL_BYTES),
      atMost('no page of the table or its indexes written', pages, 0),
      atMost('no row version written', versions, 0),
    ],
    figures: { ...match, writes },
  };
}

/** A load of the same records in each round, for what it writes, not for its time. */
async function watchLoads(bench: Bench): Promise<Writes[]> {
  const { url, table, records, rounds, onProgress } = bench;
  const session = await harbor.enter(bench);
  try {
    return await withConnection(url, async (client) => {
      await fillTable(client, table, records);
      const writes: Writes[] = [];
      for (let round = 1; round <= rounds; round += 1) {
        onProgress(`watching writes, round ${round} of ${rounds}`);
        const run = await session.prepare(records);
        writes.push(await watchWrites(client, table, run));
      }
      return writes;
    });
  } finally {
    await session.close();
  }
}
