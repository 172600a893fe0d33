import type { PipelinedStatement } from '../../postgres/pipelined-transaction.js';
import { countsBy, type WriteCounts } from '../../results/load-counts.js';
import type { LoadTotals } from '../../stats/load-totals.js';
import { partsOfSpec, type MergeSpec, specOf, specOfAny } from '../merge/merge-spec.js';
import { PLACE, returnedName } from '../merge/returned-rows.js';
import type { LoadJob, Target } from '../model/load-job.js';
import { staysInHistory } from '../model/load-options.js';
import type { LoadPlan } from '../model/load-plan.js';
import { type LoadUnit, rowsFor } from '../model/load-unit.js';
import type { Row } from '../model/row.js';
import type { StatementOutcome } from '../model/row-outcome.js';
import type { PreparedBatch } from '../read/batch-builder.js';
import { closedLoad } from '../write/session/closed-load.js';
import type { LoadSession } from '../write/session/load-session.js';
import type { StoredRows } from '../write/write-staged.js';
import {
  buildTemplate,
  countNames,
  type StatementShape,
  type StatementTemplate,
  type TableShape,
} from './statement-template.js';

/** Templates of the statements that write with a plan, by what else their texts depend on. */
const templates = new WeakMap<LoadPlan, Map<string, StatementTemplate>>();

/** Records whose fields come and go make many shapes: after these, one statement for all shapes is prepared. */
const MAX_SHAPES = 4;

/** A template is about 20 kB. */
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
  const rows = job.targets.map((_, index) => rowsFor(units, index));
  const load = { loadId: entry.loadId, table: job.name };
  const isPreparable = rejected.length === 0 && job.targets.every(({ plan }) => !plan.live.kind.hasTriggers);
  // A statement for all shapes names all columns, which a role may not be allowed to write.
  const mayTakeAny = isPreparable && job.targets.every(({ plan }) => plan.live.mayLock);
  const shape: StatementShape = {
    job,
    tables: job.targets.map((target, index) => shapeOf(target, rows[index] ?? [])),
    ledger: staysInHistory(job.options, rejected.length) ? context.ledger : undefined,
    rejected: rejected.length === 0 ? undefined : { table: context.rejectedTable, load, records: rejected },
  };
  const template = templateOf(shape, mayTakeAny ? rows : undefined);
  if (template === undefined) {
    return undefined;
  }
  const input = { entry, closed: closedLoad(job, 'completed', totals), rows };
  return {
    id: entry.loadId,
    text: template.text,
    values: template.parameters.map((read) => read(input)),
    isPreparable,
    keepsRows: job.targets.some(({ returned }) => returned !== undefined),
  };
}

/** @param ofAny - see {@link specOfAny} */
function shapeOf(target: Target, rows: readonly Row[], ofAny = false): TableShape | undefined {
  if (rows.length === 0) {
    return undefined;
  }
  const own = specOf(target, rows);
  const spec = ofAny ? specOfAny(target, own) : own;
  return { spec, parts: partsOfSpec(spec, rows) };
}

/** @param rows - of each table, where a statement for all shapes will do, too */
function templateOf(
  shape: StatementShape,
  rows: readonly (readonly Row[])[] | undefined,
): StatementTemplate | undefined {
  const { job, rejected } = shape;
  const [first] = job.targets;
  if (first === undefined || rejected !== undefined) {
    return buildTemplate(shape);
  }
  const known = templates.get(first.plan) ?? new Map<string, StatementTemplate>();
  templates.set(first.plan, known);
  const key = keyOf(shape);
  if (rows === undefined || known.has(key) || known.size < MAX_SHAPES) {
    return remembered(known, key, shape);
  }
  const tables = job.targets.map((target, index) => shapeOf(target, rows[index] ?? [], true));
  const ofAny = { ...shape, tables };
  return remembered(known, keyOf(ofAny), ofAny);
}

function remembered(
  known: Map<string, StatementTemplate>,
  key: string,
  shape: StatementShape,
): StatementTemplate | undefined {
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

function keyOf({ job, tables, ledger }: StatementShape): string {
  const ofTables = job.targets.map(({ plan }, index) => `${numberOf(plan)} ${keyOfTable(tables[index])}`);
  return [ledger === undefined, ...ofTables].join('|');
}

/** All that a statement is built from beside the plan of its table. */
function keyOfTable(table: TableShape | undefined): string {
  if (table === undefined) {
    return '';
  }
  const { spec, parts } = table;
  const { key, keyPredicate, onConflict, nullSets, columns, hasExtra, extraByRow, inInputOrder, returned } = spec;
  return [
    indexesOf(key),
    keyPredicate?.sql ?? '',
    onConflict,
    nullSets.map(indexesOf).join(';'),
    columns.map(showColumn).join(),
    hasExtra,
    extraByRow,
    inInputOrder,
    returned?.columns.map(({ quoted }) => quoted).join(),
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
export function countsIn(row: Readonly<Record<string, unknown>>, table: number): WriteCounts {
  const names = countNames(table);
  return countsBy((name) => Number(row[names[name]] ?? 0));
}

/** What became of each row of the one table of a load. */
export function storedRowsIn(
  replies: readonly Readonly<Record<string, unknown>>[],
  { returned }: Pick<Target, 'returned'>,
  rows: readonly (Row | undefined)[],
): StoredRows {
  const stored: StoredRows = new Map();
  const names = returned?.columns.map((_, index) => unquoted(returnedName(index))) ?? [];
  for (const reply of replies) {
    const row = rows[Number(reply[unquoted(PLACE)]) - 1];
    if (row !== undefined) {
      stored.set(row, { outcome: reply['outcome'] as StatementOutcome, values: names.map((name) => reply[name]) });
    }
  }
  return stored;
}

function unquoted(name: string): string {
  return name.slice(1, -1);
}
