import type { LoadPlan, PlanColumn } from '../model/load-plan.js';
import { type CarriedColumn, hasBit, type MergeSpec } from './merge-spec.js';
import { carries, mergeStored, type Incoming } from './row-changes.js';
import { conflictTarget, hasIncomingKey } from './same-key.js';

/**
 * The statement that writes rows and counts what happened to them. Its shape serves plain Postgres, poolers and Citus:
 * ON CONFLICT instead of MERGE, and in DO UPDATE nothing but EXCLUDED, the stored row and immutable calls.
 *
 * @param source - gives the incoming rows under the name `s`, every column as text or of its type, mask and extra
 * @param loadIdParameter - `$n` of the load's id
 * @returns SQL whose one row is `written` and `inserted`; unchanged rows are in neither
 */
export function buildMergeStatement(plan: LoadPlan, spec: MergeSpec, source: string, loadIdParameter: string): string {
  return buildInsert(plan, spec, source, loadIdParameter, conflictClause(plan, spec));
}

/**
 * The first of two statements for rows with masks, because DO UPDATE sees neither a mask nor whether the extra column is
 * a default. It inserts the new rows and locks the stored ones without writing them, in the byte order of the keys, so
 * that loads with overlapping keys do not deadlock. Returns what {@link buildMergeStatement} returns.
 */
export function buildInsertOrLock(plan: LoadPlan, spec: MergeSpec, source: string, loadIdParameter: string): string {
  const [first] = spec.key as readonly [PlanColumn];
  // WHERE false writes nothing but locks the row.
  const lock = `DO UPDATE SET ${first.quoted} = EXCLUDED.${first.quoted} WHERE false`;
  return buildInsert(plan, spec, source, loadIdParameter, conflictOn(spec, lock));
}

/** The second statement: merges the incoming rows into the stored ones, each by its mask. */
export function buildMaskedUpdate(
  plan: LoadPlan,
  spec: MergeSpec,
  source: string,
  loadIdParameter: string,
): string | undefined {
  const change = mergeStored(plan, spec, {
    // Cast to the column's full type, so that 1.5 does not change a stored 1.50 of numeric(10,2).
    column: ({ quoted, fullType }) => `s.${quoted}::${fullType}`,
    extra: `s.${plan.extra}::jsonb`,
    loadId: 'b.load_id',
    updatedAt: 'b.updated_at',
  });
  return (
    change &&
    `UPDATE ${plan.quotedTable} AS t
  SET ${change.set}
  FROM ${source}, ${ofAllRows(loadIdParameter)}
  WHERE ${hasIncomingKey('t', spec.key)} AND ${change.where}`
  );
}

function buildInsert(
  plan: LoadPlan,
  spec: MergeSpec,
  source: string,
  loadIdParameter: string,
  conflict: string,
): string {
  const values = [
    ...spec.columns.map((carried) => ({ name: carried.column.quoted, value: insertedValue(spec, carried) })),
    ...spec.required.map((column) => ({ name: column.quoted, value: storedValue(column) })),
    { name: spec.hasExtra ? plan.extra : undefined, value: insertedExtra(plan, spec) },
    { name: plan.loadId, value: 'b.load_id' },
    { name: plan.updatedAt, value: 'b.updated_at' },
    { name: plan.version, value: '1' },
  ].filter(({ name }) => name !== undefined);
  // An append may leave its key to the database.
  const key = spec.key.filter((column) => carries(spec, column));
  const looksUpStored = spec.required.length > 0 || spec.columns.some((carried) => fallsBackOnStored(spec, carried));
  const lookup = looksUpStored ? `\n  LEFT JOIN ${plan.quotedTable} AS stored ON ${hasIncomingKey('stored', key)}` : '';
  const order = key.length === 0 ? '' : `\n  ORDER BY ${key.map(bytesOf).join(', ')}`;
  return `WITH written AS (
  INSERT INTO ${plan.quotedTable} AS t (${values.map(({ name }) => name).join(', ')})
  SELECT ${values.map(({ value }) => value).join(', ')}
  FROM ${source}
  CROSS JOIN ${ofAllRows(loadIdParameter)}${lookup}${order}${conflict}
  RETURNING (t.xmax = 0) AS inserted
)
SELECT count(*)::integer AS written, (count(*) FILTER (WHERE inserted))::integer AS inserted FROM written`;
}

/** A column of the key, to sort by its bytes: the same for both writers, whichever type they send. */
function bytesOf({ quoted, type }: PlanColumn): string {
  return type === 'text' ? `s.${quoted} COLLATE "C"` : `s.${quoted}::${type}::text COLLATE "C"`;
}

/** A row that does not carry a column is inserted with the default, or with the value of the stored row. */
function insertedValue(spec: MergeSpec, carried: CarriedColumn): string {
  const { column } = carried;
  const value = `s.${column.quoted}::${column.type}`;
  const instead = fallsBackOnStored(spec, carried) ? storedValue(column) : column.defaultExpression;
  return carried.mode === 'byRow' && instead !== undefined
    ? `CASE WHEN ${hasBit(carried.bit)} THEN ${value} ELSE ${instead} END`
    : value;
}

function insertedExtra({ extra, extraDefault }: LoadPlan, { extraByRow }: MergeSpec): string {
  return extraByRow ? `COALESCE(s.${extra}::jsonb, ${extraDefault})` : `s.${extra}::jsonb`;
}

function fallsBackOnStored({ onConflict }: MergeSpec, { column, mode }: CarriedColumn): boolean {
  return mode === 'byRow' && onConflict === 'merge' && column.notNull && !column.hasDefault;
}

function storedValue({ quoted }: PlanColumn): string {
  return `stored.${quoted}`;
}

/** Values of all rows: Citus allows neither a parameter nor now() in DO UPDATE. */
function ofAllRows(loadIdParameter: string): string {
  return `(SELECT ${loadIdParameter}::uuid AS load_id, now() AS updated_at) AS b`;
}

function conflictClause(plan: LoadPlan, spec: MergeSpec): string {
  if (spec.onConflict === 'insert') {
    return '';
  }
  const incoming: Incoming = {
    column: ({ quoted }) => `EXCLUDED.${quoted}`,
    extra: `EXCLUDED.${plan.extra}`,
    loadId: `EXCLUDED.${plan.loadId}`,
    updatedAt: `EXCLUDED.${plan.updatedAt}`,
  };
  const change = mergeStored(plan, spec, incoming);
  return conflictOn(
    spec,
    change === undefined ? 'DO NOTHING' : `DO UPDATE\n  SET ${change.set}\n  WHERE ${change.where}`,
  );
}

function conflictOn({ key }: MergeSpec, action: string): string {
  return `\n  ON CONFLICT ${conflictTarget(key)} ${action}`;
}
