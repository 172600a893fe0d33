import type { LoadPlan, PlanColumn } from '../model/load-plan.js';
import { type CarriedColumn, hasBit, type MergeSpec } from './merge-spec.js';
import { type InsertStep, PLACE, storedAs } from './returned-rows.js';
import { carries } from './row-changes.js';

/** Where and how a step inserts. */
interface InsertOrder {
  readonly place: number;
  readonly conditions: readonly string[];
  readonly conflict: string;
  readonly loadId: () => string;
  readonly prefix: string;
}

/** A step that inserts the rows of the step `incoming` that meet conditions. */
export function buildInsert(plan: LoadPlan, spec: MergeSpec, order: InsertOrder): InsertStep {
  const values = [
    ...spec.columns.map((carried) => ({ name: carried.column.quoted, value: insertedValue(carried) })),
    { name: spec.hasExtra ? plan.extra : undefined, value: insertedExtra(plan, spec) },
    ...(plan.loadId === undefined ? [] : [{ name: plan.loadId, value: `${order.loadId()}::uuid` }]),
    { name: plan.updatedAt, value: 'now()' },
    { name: plan.version, value: '1' },
  ].filter(({ name }) => name !== undefined);
  const conditions = [
    ...order.conditions,
    ...(order.place === 0 ? [] : [afterStep(`${order.prefix}inserted_${order.place - 1}`)]),
  ];
  const where = conditions.length === 0 ? '' : `\n  WHERE ${conditions.join(' AND ')}`;
  // An append may leave its key to the database.
  const key = spec.key.filter((column) => carries(spec, column));
  const from = `${order.prefix}incoming AS s${where}`;
  const orderBy = inOrder(key, spec.returned === undefined ? [] : [`s.${PLACE}`]);
  const stepName = `${order.prefix}inserted_${order.place}`;
  const step = `${stepName} AS (
  INSERT INTO ${plan.quotedTable} (${values.map(({ name }) => name).join(', ')})${overriding(spec.columns.map(({ column }) => column))}
  SELECT ${values.map(({ value }) => value).join(', ')}
  FROM ${from}${orderBy}${order.conflict}
  RETURNING 1${storedAs(spec, '')}
)`;
  return { name: stepName, step, from, orderBy };
}

/** A condition that is true, once a step is done: without it, Postgres takes steps in any order. */
export function afterStep(step: string): string {
  return `(SELECT count(*) FROM ${step}) >= 0`;
}

/** An insert that brings values for columns GENERATED ALWAYS AS IDENTITY must say so. */
export function overriding(columns: readonly PlanColumn[]): string {
  return columns.some(({ alwaysGenerated }) => alwaysGenerated) ? ' OVERRIDING SYSTEM VALUE' : '';
}

/** In the byte order of the key: the same for both writers, whichever type they send. */
export function inOrder(key: readonly PlanColumn[], further: readonly string[] = []): string {
  const ofKey = key.map(({ quoted, type }) => `s.${quoted}${type === 'text' ? '' : '::text'} COLLATE "C"`);
  const columns = [...ofKey, ...further];
  return columns.length === 0 ? '' : `\n  ORDER BY ${columns.join(', ')}`;
}

/** A row that does not carry a column is inserted with the default. */
function insertedValue(carried: CarriedColumn): string {
  const { quoted, defaultExpression } = carried.column;
  return carried.mode === 'byRow' && defaultExpression !== undefined
    ? `CASE WHEN ${hasBit(carried.bit)} THEN s.${quoted} ELSE ${defaultExpression} END`
    : `s.${quoted}`;
}

function insertedExtra({ extra, extraDefault }: LoadPlan, { extraByRow }: MergeSpec): string {
  return extraByRow ? `COALESCE(s.${extra}, ${extraDefault})` : `s.${extra}`;
}
