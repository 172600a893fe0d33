import type { Bench, CaseReport } from '../bench.js';
import { DLT_CONTESTANTS, FLOOR, harbor, OTHER_NODE_CONTESTANTS, TYPEORM_UPSERT } from '../contestants/index.js';
import { type BenchRecord, changed } from '../tables/data.js';
import { type Match, microsecondsARow, type Outcome, outcomeOf, ratioOf } from '../report/figures.js';
import { atMost, type Goal } from '../report/goals.js';
import { runMatch } from '../tables/match.js';
import { outcomeTable } from './outcome-table.js';

/** All contestants into an empty table. */
export async function runFirst(bench: Bench): Promise<CaseReport> {
  const match = await playMerge(bench, bench.records, []);
  const ours = outcomeOf(match, harbor.name);
  const goal = (names: readonly string[], limit: number, text: (label: string) => string): Goal => {
    const fastest = fastestOf(match.outcomes.filter(({ label }) => names.includes(label)));
    return atMost(text(fastest?.label ?? 'none'), ratioOf(ours, fastest), limit);
  };
  return {
    title: 'first load, into an empty table',
    ...outcomeTable(match, ours),
    goals: [
      goal([FLOOR], 0.9, () => 'time ≤ 0.9 × floor'),
      goal([TYPEORM_UPSERT], 1 / 8, () => 'time ≤ 1/8 of TypeORM upsert'),
      goal(OTHER_NODE_CONTESTANTS, 1 / 3, (label) => `time ≤ 1/3 of the best other Node contestant (${label})`),
      goal(DLT_CONTESTANTS, 1 / 7, (label) => `time ≤ 1/7 of dlt (the faster: ${label})`),
    ],
    figures: match,
  };
}

/** All contestants into a loaded table, with changes in every row. */
export async function runChange(bench: Bench): Promise<CaseReport> {
  const match = await playMerge(bench, bench.records.map(changed), bench.records);
  const ours = outcomeOf(match, harbor.name);
  return {
    title: 'every row changed',
    ...outcomeTable(match, ours),
    goals: [atMost('time ≤ 1.0 × floor', ratioOf(ours, outcomeOf(match, FLOOR)), 1)],
    figures: match,
  };
}

async function playMerge(
  bench: Bench,
  records: readonly BenchRecord[],
  stored: readonly BenchRecord[],
): Promise<Match> {
  const entries = bench.contestants.map((contestant) => ({ label: contestant.name, contestant, records, stored }));
  return runMatch(bench, entries, bench);
}

function fastestOf(outcomes: readonly Outcome[]): Outcome | undefined {
  return outcomes.toSorted((a, b) => microsecondsARow(a).median - microsecondsARow(b).median)[0];
}
