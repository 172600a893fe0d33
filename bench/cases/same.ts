import type { Bench, CaseReport } from '../bench.js';
import { withConnection } from '../tables/connection.js';
import { harbor } from '../contestants/index.js';
import { ratioOf } from '../report/figures.js';
import { atMost } from '../report/goals.js';
import { runMatch } from '../tables/match.js';
import { fillTable } from '../tables/table-state.js';
import { readWrites } from '../tables/table-writes.js';
import { outcomeTable } from './outcome-table.js';

/** The same records twice: the second load must write nothing. */
export async function runSame(bench: Bench): Promise<CaseReport> {
  const { records } = bench;
  const outcomes = await runMatch(
    bench,
    [
      { label: 'first load', contestant: harbor, records },
      { label: 'the same again', contestant: harbor, records, stored: records },
    ],
    bench,
  );
  const [first, again] = outcomes as [(typeof outcomes)[0], (typeof outcomes)[0]];
  const { before, after } = await watchWrites(bench);
  const unwritten = before.inserted === after.inserted && before.updated === after.updated;
  const versions = before.versions === after.versions;
  const counts = `n_tup_ins ${before.inserted} → ${after.inserted}, n_tup_upd ${before.updated} → ${after.updated}`;
  const { head, rows, notes } = outcomeTable(outcomes, again);
  return {
    title: 'the same records again',
    head,
    rows,
    notes: [...notes, `Around one more such load: ${counts}; row versions ${versions ? 'the same' : 'others'}.`],
    goals: [
      atMost('time of the same again ≤ 1/2 of the first load', ratioOf(again, first), 1 / 2),
      { goal: 'no row version written', measured: counts, met: unwritten && versions, unsure: false },
    ],
    figures: { outcomes, writes: { before, after } },
  };
}

async function watchWrites(bench: Bench) {
  const { url, table, records } = bench;
  await withConnection(url, (client) => fillTable(client, table, records));
  const before = await readWrites(url, table);
  const session = await harbor.enter(bench);
  try {
    const run = await session.prepare(records);
    await run();
  } finally {
    await session.close();
  }
  return { before, after: await readWrites(url, table) };
}
