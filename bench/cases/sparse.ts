import type { Bench, CaseReport } from '../bench.js';
import { harbor, typeormByShape } from '../contestants/index.js';
import { type BenchRecord, changed, sparse } from '../tables/data.js';
import { outcomeOf, ratioOf } from '../report/figures.js';
import { atMost } from '../report/goals.js';
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
  return {
    title: 'sparse records, each field present with probability ½',
    head: empty.report.head,
    rows: [...empty.report.rows, ...loaded.report.rows],
    notes: [...empty.report.notes, ...loaded.report.notes],
    faults: [...empty.report.faults, ...loaded.report.faults],
    goals: [...empty.goals, ...loaded.goals],
    figures: [empty.match, loaded.match],
  };
}

async function sparseMatch(bench: Bench, where: string, full: readonly BenchRecord[], stored: readonly BenchRecord[]) {
  const records = sparse(full);
  const labels = { ours: `sparse, ${where}`, full: `full, ${where}`, shape: `${typeormByShape.name}, ${where}` };
  const match = await runMatch(
    bench,
    [
      { label: labels.ours, contestant: harbor, records, stored },
      { label: labels.full, contestant: harbor, records: full, stored },
      { label: labels.shape, contestant: typeormByShape, records, stored },
    ],
    { ...bench, uncompared: STAND_INS },
  );
  const ours = outcomeOf(match, labels.ours);
  const ratioTo = (label: string) => ratioOf(ours, outcomeOf(match, label));
  const goals = [
    atMost(`${where}: time ≤ 1.2 × the full case`, ratioTo(labels.full), 1.2),
    atMost(`${where}: not slower than TypeORM upsert by shape`, ratioTo(labels.shape), 1),
  ];
  return { match, report: outcomeTable(match, ours, 'sparse'), goals };
}
