import type { Bench, CaseReport } from '../bench.js';
import { bareCopy, harbor } from '../contestants/index.js';
import { type Outcome, ratioOf } from '../report/figures.js';
import { atMost } from '../report/goals.js';
import { runMatch } from '../tables/match.js';
import { outcomeTable } from './outcome-table.js';

/** The same way of writing with and without its safety measures. */
export async function runOverhead(bench: Bench): Promise<CaseReport> {
  const { records } = bench;
  const entries = [harbor, bareCopy].map((contestant) => ({ label: contestant.name, contestant, records }));
  const outcomes = await runMatch(bench, entries, bench);
  const [ours, bare] = outcomes as [Outcome, Outcome];
  return {
    title: 'cost of validation, counting and quarantine',
    ...outcomeTable(outcomes, ours),
    goals: [atMost('time ≤ 1.15 × the same load without', ratioOf(ours, bare), 1.15)],
    figures: outcomes,
  };
}
