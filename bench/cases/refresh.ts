import type { Bench, CaseReport } from '../bench.js';
import { harbor, REFERENCES } from '../contestants/index.js';
import { changed, refreshed } from '../tables/data.js';
import { outcomeOf, ratioOf } from '../report/figures.js';
import { atMost } from '../report/goals.js';
import { DELAY_MS, overProxy } from '../network/proxy.js';
import { runMatch } from '../tables/match.js';
import { outcomeTable } from './outcome-table.js';

/** Enough to compare the bytes; a slow network makes the others slow. */
const MAX_DELAYED_ROWS = 20_000;

/** One row in five changed in one column, beside every row changed. */
export async function runFifth(bench: Bench): Promise<CaseReport> {
  const { records, contestants } = bench;
  const fifth = refreshed(records);
  const all = records.map(changed);
  const others = contestants.filter(({ name }) => name !== harbor.name && REFERENCES.has(name));
  const entries = [
    { label: 'one row in five', contestant: harbor, records: fifth, stored: records },
    { label: 'every row', contestant: harbor, records: all, stored: records },
    ...others.map((contestant) => ({ label: contestant.name, contestant, records: fifth, stored: records })),
  ];
  const match = await runMatch(bench, entries, bench);
  const ours = outcomeOf(match, 'one row in five');
  return {
    title: 'one row in five changed in one column',
    ...outcomeTable(match, ours),
    goals: [atMost('time ≤ 0.5 × every row changed', ratioOf(ours, outcomeOf(match, 'every row')), 0.5)],
    figures: match,
  };
}

/** The same over a slow network. */
export async function runRefresh(bench: Bench): Promise<CaseReport> {
  const stored = bench.records.slice(0, MAX_DELAYED_ROWS);
  const records = refreshed(stored);
  const entries = bench.contestants
    .filter(({ name }) => REFERENCES.has(name))
    .map((contestant) => ({ label: contestant.name, contestant, records, stored }));
  const match = await overProxy(bench.url, (proxy) => runMatch(bench, entries, { ...bench, proxy }));
  return {
    title: `one row in five changed in one column, over a network of ${DELAY_MS} ms each way`,
    ...outcomeTable(match, outcomeOf(match, harbor.name)),
    goals: [],
    figures: match,
  };
}
