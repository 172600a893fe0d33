import type { Bench, CaseReport } from '../bench.js';
import { harbor, typeormByShape } from '../contestants/index.js';
import { type BenchRecord, changed, sparse } from '../tables/data.js';
import { type Outcome, ratioOf } from '../report/figures.js';
import { atMost, type Goal } from '../report/goals.js';
import { runMatch } from '../tables/match.js';
import { outcomeTable } from './outcome-table.js';

/** This package fills an empty final_score from opportunity_score; TypeORM does not. */
const STAND_INS = ['final_score'];

/** Records without every other field, into an empty and into a loaded table. */
export async function runSparse(bench: Bench): Promise<CaseReport> {
  const { records } = bench;
  const later = records.map(changed);
  const empty = await sparseMatch(bench, 'empty table', records, []);
  const loaded = await sparseMatch(bench, 'loaded table', later, records);
  const { head, notes } = empty.report;
  return {
    title: 'sparse records, each field present with probability ½',
    head,
    rows: [...empty.report.rows, ...loaded.report.rows],
    notes: [...notes, ...loaded.report.notes],
    goals: [...empty.goals, ...loaded.goals],
    figures: [...empty.outcomes, ...loaded.outcomes],
  };
}

async function sparseMatch(bench: Bench, where: string, full: readonly BenchRecord[], stored: readonly BenchRecord[]) {
  const records = sparse(full);
  const outcomes = await runMatch(
    bench,
    [
      { label: `sparse, ${where}`, contestant: harbor, records, stored },
      { label: `full, ${where}`, contestant: harbor, records: full, stored },
      { label: `${typeormByShape.name}, ${where}`, contestant: typeormByShape, records, stored },
    ],
    { ...bench, uncompared: STAND_INS },
  );
  const [ours, ofFull, byShape] = outcomes as [Outcome, Outcome, Outcome];
  const goals: Goal[] = [
    atMost(`${where}: time ≤ 2 × the full case`, ratioOf(ours, ofFull), 2),
    atMost(`${where}: not slower than TypeORM upsert by shape`, ratioOf(ours, byShape), 1),
  ];
  return { outcomes, report: outcomeTable(outcomes, ours, 'sparse'), goals };
}
