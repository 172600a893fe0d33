import type { Bench, CaseReport } from '../bench.js';
import { bareCopy, harbor } from '../contestants/index.js';
import { outcomeOf, ratioOf } from '../report/figures.js';
import { atMost } from '../report/goals.js';
import { runMatch } from '../tables/match.js';
import { outcomeTable } from './outcome-table.js';

/** The same way of writing with and without its safety measures. */
export async function runOverhead(bench: Bench): Promise<CaseReport> {
  const { records } = bench;
  const entries = [harbor, bareCopy].map((contestant) => ({ label: contestant.name, contestant, records }));
  const match = await runMatch(bench, entries, bench);
  const ours = outcomeOf(match, harbor.name);
  return {
    title: 'cost of validation, counting and quarantine',
    ...outcomeTable(match, ours),
    goals: [atMost('time ≤ 1.1 × a COPY and merge by hand', ratioOf(ours, outcomeOf(match, bareCopy.name)), 1.1)],
    figures: match,
  };
}
