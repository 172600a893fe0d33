import type { Bench, CaseReport } from '../bench.js';
import { FLOOR, harborCli, SLING } from '../contestants/index.js';
import { withLongFloats } from '../tables/data.js';
import { outcomeOf, ratioOf } from '../report/figures.js';
import { atMost } from '../report/goals.js';
import { runMatch } from '../tables/match.js';
import { outcomeTable } from './outcome-table.js';

/** A file through the command line as a user runs it, beside loaders of finished files. */
export async function runFile(bench: Bench): Promise<CaseReport> {
  const records = withLongFloats(bench.table, bench.records);
  const others = bench.contestants.filter(({ name }) => name === FLOOR || name === SLING);
  const entries = [harborCli, ...others].map((contestant) => ({ label: contestant.name, contestant, records }));
  const match = await runMatch(bench, entries, bench);
  const ours = outcomeOf(match, harborCli.name);
  return {
    title: 'a file through the command line, start of the process included',
    ...outcomeTable(match, ours, 'ours'),
    goals: [atMost('time of the whole process ≤ 1.5 × floor', ratioOf(ours, outcomeOf(match, FLOOR)), 1.5)],
    figures: match,
  };
}
