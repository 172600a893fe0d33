import type { Bench, CaseReport } from '../bench.js';
import { DLT_CONTESTANTS, FLOOR, harbor, OTHER_NODE_CONTESTANTS, TYPEORM_UPSERT } from '../contestants/index.js';
import { type BenchRecord, changed } from '../tables/data.js';
import { microsecondsARow, type Outcome, ratioOf } from '../report/figures.js';
import { atMost, type Goal } from '../report/goals.js';
import { runMatch } from '../tables/match.js';
import { outcomeTable } from './outcome-table.js';

/** All contestants into an empty table. */
export async function runFirst(bench: Bench): Promise<CaseReport> {
  return mergeCase(bench, 'first load, into an empty table', bench.records, []);
}

/** All contestants into a loaded table, with changes in every row. */
export async function runChange(bench: Bench): Promise<CaseReport> {
  return mergeCase(bench, 'every row changed', bench.records.map(changed), bench.records);
}

async function mergeCase(
  bench: Bench,
  title: string,
  records: readonly BenchRecord[],
  stored: readonly BenchRecord[],
): Promise<CaseReport> {
  const entries = bench.contestants.map((contestant) => ({ label: contestant.name, contestant, records, stored }));
  const outcomes = await runMatch(bench, entries, bench);
  const ours = outcomes.find(({ label }) => label === harbor.name);
  return { title, ...outcomeTable(outcomes, ours), goals: ours ? goalsOf(ours, outcomes) : [], figures: outcomes };
}

function goalsOf(ours: Outcome, outcomes: readonly Outcome[]): Goal[] {
  const goal = (names: readonly string[], limit: number, text: (label: string) => string): Goal[] => {
    const fastest = fastestOf(outcomes.filter(({ label }) => names.includes(label)));
    return fastest === undefined ? [] : [atMost(text(fastest.label), ratioOf(ours, fastest), limit)];
  };
  return [
    ...goal([FLOOR], 1.25, () => 'time ≤ 1.25 × floor'),
    ...goal([TYPEORM_UPSERT], 1 / 5, () => 'time ≤ 1/5 of TypeORM upsert'),
    ...goal(OTHER_NODE_CONTESTANTS, 1 / 3, (label) => `time ≤ 1/3 of the best other Node contestant (${label})`),
    ...goal(DLT_CONTESTANTS, 1 / 10, (label) => `time ≤ 1/10 of dlt (the faster: ${label})`),
  ];
}

function fastestOf(outcomes: readonly Outcome[]): Outcome | undefined {
  return outcomes.toSorted((a, b) => microsecondsARow(a).median - microsecondsARow(b).median)[0];
}
