import { escapeLiteral } from 'pg';

import type { KeyColumn, LoadPlan, PlanColumn } from '../model/load-plan.js';
import { type CarriedColumn, hasBit, type MergeSpec } from './merge-spec.js';
import { isOfKey } from './same-key.js';

/** How a statement names the incoming values. */
export interface Incoming {
  /** The incoming row. */
  readonly row: string;
  /** The value of a column. */
  readonly column: (column: PlanColumn) => string;
  readonly extra: string;
  readonly loadId: () => string;
  readonly updatedAt: string;
}

/** A column of the stored row, and the SQL of its new value. */
interface Change {
  readonly name: string;
  readonly value: string;
  readonly asText: boolean;
}

/** The name of the stored row in every statement. */
const STORED = 't';

/** SET and WHERE of a statement on stored rows; WHERE leaves out unchanged rows, so that they are not written. */
export interface StoredChange {
  readonly set: string;
  readonly where: string;
}

/** WHERE of a statement that deletes stored rows. */
interface Deletion {
  readonly set: undefined;
  readonly where: string;
}

/** Merges the incoming row into the stored one, unless the stored one is newer. Undefined when nothing can change. */
export function mergeStored(plan: LoadPlan, spec: MergeSpec, incoming: Incoming): StoredChange | undefined {
  const change = changeStored(plan, mergeCarried(plan, spec, incoming), incoming);
  return change && { ...change, where: `${change.where}${notOlder(plan, spec, incoming)}` };
}

/** Deletes the stored row, unless it is newer. */
export function deleteStored(plan: LoadPlan, spec: MergeSpec, incoming: Incoming): Deletion {
  return { set: undefined, where: `true${notOlder(plan, spec, incoming)}` };
}

/**
 * Makes the stored row equal to the incoming one, which has defaults where nothing was carried. A column that is made
 * once is null there, and keeps its stored value. A key may be equal and spelled differently. Undefined when nothing can
 * change.
 */
export function overwriteStored(
  plan: LoadPlan,
  key: readonly KeyColumn[],
  incoming: Incoming,
): StoredChange | undefined {
  const exact = key.filter(({ hasOneForm }) => hasOneForm);
  const changes = plan.columns
    .filter((column) => column.updatable && !isOfKey(exact, column))
    .map((column) => ({
      name: column.quoted,
      value: column.madeOnce
        ? `COALESCE(${incoming.column(column)}, ${STORED}.${column.quoted})`
        : incoming.column(column),
      asText: column.compareAsText,
    }));
  if (plan.extra !== undefined) {
    changes.push({ name: plan.extra, value: incoming.extra, asText: false });
  }
  return changeStored(plan, changes, incoming);
}

function changeStored(plan: LoadPlan, changes: readonly Change[], incoming: Incoming): StoredChange | undefined {
  if (changes.length === 0) {
    return undefined;
  }
  const assignments = changes.map(({ name, value }) => `${name} = ${value}`);
  if (plan.loadId !== undefined) {
    assignments.push(`${plan.loadId} = ${incoming.loadId()}`);
  }
  if (plan.updatedAt !== undefined) {
    assignments.push(`${plan.updatedAt} = ${incoming.updatedAt}`);
  }
  if (plan.version !== undefined) {
    assignments.push(`${plan.version} = ${STORED}.${plan.version} + 1`);
  }
  if (plan.written !== undefined) {
    assignments.push(`${plan.written} = true`);
  }
  const differences = changes.map(({ name, value, asText }) =>
    asText
      ? `${STORED}.${name}::text COLLATE "C" IS DISTINCT FROM (${value})::text COLLATE "C"`
      : `${STORED}.${name} IS DISTINCT FROM ${value}`,
  );
  return { set: assignments.join(', '), where: `(${differences.join(' OR ')})` };
}

function mergeCarried(plan: LoadPlan, spec: MergeSpec, incoming: Incoming): Change[] {
  const changes = spec.columns
    .filter(({ column }) => column.updatable && !isOfKey(spec.key, column))
    .map((carried) => ({
      name: carried.column.quoted,
      value: mergedValue(carried, incoming),
      asText: carried.column.compareAsText,
    }));
  if (plan.extra !== undefined && plan.extraUpdatable) {
    const stored = `${STORED}.${plan.extra}`;
    const kept = withoutSuperseded(plan, stored, spec, incoming);
    // Either side may be null, and null || jsonb is null.
    const value = spec.hasExtra ? `COALESCE(${kept} || ${incoming.extra}, ${incoming.extra}, ${kept})` : kept;
    if (value !== stored) {
      changes.push({ name: plan.extra, value, asText: false });
    }
  }
  return changes;
}

/** The stored extra column, without fields that older versions captured and that the row now carries as columns. */
function withoutSuperseded(plan: LoadPlan, stored: string, spec: MergeSpec, incoming: Incoming): string {
  const brought = spec.columns.filter(({ column, mode }) => column.updatable && mode !== 'fill');
  const names = brought.flatMap(({ column }) => column.capturedAs.map((name) => escapeLiteral(name)));
  if (names.length === 0) {
    return stored;
  }
  // Postgres ignores a null in the list.
  const superseded = brought.flatMap((carried) =>
    carried.column.capturedAs.map((name) => onlyWhereBrought(carried, stored, escapeLiteral(name), incoming)),
  );
  const rest = `${stored} - ARRAY[${superseded.join(', ')}]`;
  return (
    `CASE WHEN ${stored} ?| ARRAY[${names.join(', ')}] ` +
    `THEN ${plan.extraNotNull ? rest : `NULLIF(${rest}, '{}'::jsonb)`} ELSE ${stored} END`
  );
}

function onlyWhereBrought(carried: CarriedColumn, stored: string, name: string, incoming: Incoming): string {
  const value = incoming.column(carried.column);
  // A captured null equals a null in the column, so the row is not written for it.
  const saysMore = `(${value} IS NOT NULL OR ${stored} -> ${name} <> 'null'::jsonb)`;
  switch (carried.mode) {
    case 'byRow':
      return `CASE WHEN ${hasBit(carried.bit, incoming.row)} AND NOT ${hasBit(carried.bit + 1, incoming.row)} AND ${saysMore} THEN ${name} END`;
    case 'keepIfNull':
      return `CASE WHEN ${value} IS NOT NULL THEN ${name} END`;
    default:
      return `CASE WHEN ${saysMore} THEN ${name} END`;
  }
}

/** Whether some row carries the column. */
export function carries(spec: MergeSpec, column: PlanColumn): boolean {
  return spec.columns.some((carried) => carried.column.index === column.index);
}

function mergedValue(carried: CarriedColumn, { row, column }: Incoming): string {
  const stored = `${STORED}.${carried.column.quoted}`;
  const incoming = keepingDigits(carried, column(carried.column), row);
  const filled = `COALESCE(${stored}, ${incoming})`;
  switch (carried.mode) {
    case 'set':
      return incoming;
    case 'keepIfNull':
      return `COALESCE(${incoming}, ${stored})`;
    case 'fill':
      return filled;
    case 'byRow': {
      const fill = carried.column.fillsFrom.length === 0 ? '' : ` WHEN ${hasBit(carried.bit + 1, row)} THEN ${filled}`;
      return `CASE WHEN NOT ${hasBit(carried.bit, row)} THEN ${stored}${fill} ELSE ${incoming} END`;
    }
  }
}

/** A Date is the stored moment when both are the same to the millisecond. */
function keepingDigits(carried: CarriedColumn, incoming: string, row: string): string {
  const stored = `${STORED}.${carried.column.quoted}`;
  const floor = storedFloor(carried, row);
  return floor === stored ? incoming : `CASE WHEN ${floor} = ${incoming} THEN ${stored} ELSE ${incoming} END`;
}

/** The stored value with the digits that the incoming one can have. */
function storedFloor(carried: CarriedColumn, row: string): string {
  const stored = `${STORED}.${carried.column.quoted}`;
  const floor = `date_trunc('milliseconds', ${stored})`;
  switch (carried.dates) {
    case 'all':
      return floor;
    case 'byRow':
      return `CASE WHEN ${hasBit(carried.bit + 2, row)} THEN ${floor} ELSE ${stored} END`;
    case undefined:
      return stored;
  }
}

function notOlder(plan: LoadPlan, spec: MergeSpec, incoming: Incoming): string {
  const { newerBy } = plan;
  const carried = spec.columns.find(({ column }) => column.index === newerBy?.index);
  if (newerBy === undefined || carried === undefined) {
    return '';
  }
  const [stored, next] = [`${STORED}.${newerBy.quoted}`, incoming.column(newerBy)];
  return ` AND (${stored} IS NULL OR ${next} IS NULL OR ${next} >= ${storedFloor(carried, incoming.row)})`;
}
