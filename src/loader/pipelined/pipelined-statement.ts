import type { PipelinedStatement } from '../../postgres/pipelined-transaction.js';
import { countsBy, type WriteCounts } from '../../results/load-counts.js';
import type { LoadTotals } from '../../stats/load-totals.js';
import { partsOfSpec, type MergeSpec, specOf } from '../merge/merge-spec.js';
import type { LoadJob, Target } from '../model/load-job.js';
import { staysInHistory } from '../model/load-options.js';
import type { LoadPlan } from '../model/load-plan.js';
import type { LoadUnit } from '../model/load-unit.js';
import type { Row } from '../model/row.js';
import type { PreparedBatch } from '../read/batch-builder.js';
import { closedLoad } from '../write/closed-load.js';
import type { LoadSession } from '../write/load-session.js';
import {
  buildTemplate,
  countNames,
  type StatementShape,
  type StatementTemplate,
  type TableShape,
} from './statement-template.js';

/** Templates of the statements that write with a plan, by what else their texts depend on. */
const templates = new WeakMap<LoadPlan, Map<string, StatementTemplate>>();

/** Records whose fields come and go make many shapes; a template is about 20 kB. */
const MAX_TEMPLATES = 50;

/**
 * The statement that does a whole load; see {@link buildTemplate}.
 * @param totals - of the load, with every row of a table counted as inserted
 * @returns undefined when one statement cannot hold the rejected records
 */
export function pipelinedStatement(
  { context, entry }: LoadSession,
  job: LoadJob,
  { rejected }: PreparedBatch,
  units: readonly LoadUnit[],
  totals: LoadTotals,
): PipelinedStatement | undefined {
  const rows = job.targets.map((_, index) => units.map((unit) => unit.rows[index]).filter((row) => row !== undefined));
  const load = { loadId: entry.loadId, table: job.name };
  const shape: StatementShape = {
    job,
    tables: job.targets.map((target, index) => shapeOf(target, rows[index] ?? [])),
    ledger: staysInHistory(job.options, rejected.length) ? context.ledger : undefined,
    rejected: rejected.length === 0 ? undefined : { table: context.rejectedTable, load, records: rejected },
  };
  const template = templateOf(shape);
  if (template === undefined) {
    return undefined;
  }
  const input = { entry, closed: closedLoad(job, 'completed', totals), rows };
  return {
    id: entry.loadId,
    text: template.text,
    values: template.parameters.map((read) => read(input)),
    isPreparable: rejected.length === 0 && job.targets.every(({ plan }) => !plan.live.kind.hasTriggers),
  };
}

function shapeOf(target: Target, rows: readonly Row[]): TableShape | undefined {
  if (rows.length === 0) {
    return undefined;
  }
  const spec = specOf(target, rows);
  return { spec, parts: partsOfSpec(spec, rows) };
}

function templateOf(shape: StatementShape): StatementTemplate | undefined {
  const { job, tables, ledger, rejected } = shape;
  const [first] = job.targets;
  if (first === undefined || rejected !== undefined) {
    return buildTemplate(shape);
  }
  const known = templates.get(first.plan) ?? new Map<string, StatementTemplate>();
  templates.set(first.plan, known);
  const key = [
    ledger === undefined,
    ...job.targets.map(({ plan }, index) => `${numberOf(plan)} ${keyOf(tables[index])}`),
  ].join('|');
  const template = known.get(key) ?? buildTemplate(shape);
  if (template !== undefined) {
    // The one used last is the last.
    known.delete(key);
    known.set(key, template);
  }
  if (known.size > MAX_TEMPLATES) {
    known.delete(known.keys().next().value as string);
  }
  return template;
}

/** All that a statement is built from beside the plan of its table. */
function keyOf(table: TableShape | undefined): string {
  if (table === undefined) {
    return '';
  }
  const { spec, parts } = table;
  const { key, keyPredicate, onConflict, nullSets, columns, hasExtra, extraByRow, inInputOrder } = spec;
  return [
    indexesOf(key),
    keyPredicate?.sql ?? '',
    onConflict,
    nullSets.map(indexesOf).join(';'),
    columns.map(showColumn).join(),
    hasExtra,
    extraByRow,
    inInputOrder,
    parts.map(({ conditions }) => conditions.join()).join(';'),
  ].join(' ');
}

function indexesOf(columns: MergeSpec['key']): string {
  return columns.map(({ index }) => index).join();
}

function showColumn(carried: MergeSpec['columns'][number]): string {
  return `${carried.column.index}${carried.mode}${carried.mode === 'byRow' ? carried.bit : ''}${carried.dates ?? ''}`;
}

const numbers = new WeakMap<LoadPlan, number>();
let lastNumber = 0;

/** Tells plans apart. */
function numberOf(plan: LoadPlan): number {
  const number = numbers.get(plan) ?? (lastNumber += 1);
  numbers.set(plan, number);
  return number;
}

/** The counts of a table, by its place. */
export function countsIn(row: Readonly<Record<string, number>>, table: number): WriteCounts {
  const names = countNames(table);
  return countsBy((name) => row[names[name]] ?? 0);
}
