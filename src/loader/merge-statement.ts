import type { LoadPlan, PlanColumn } from './load-plan.js';

/**
 * How a column of the incoming rows meets the stored value:
 * - `set`: replaces it
 * - `keepIfNull`: replaces it unless the incoming one is null, which here means absent
 * - `fill`: is taken only where nothing is stored
 */
export type ColumnMode = 'set' | 'keepIfNull' | 'fill';

/** One statement's worth of work. */
export interface MergeSpec {
  /** `merge` meets stored rows column by column, `overwrite` replaces them whole, `insert` refuses them. */
  readonly onConflict: 'merge' | 'overwrite' | 'insert';
  readonly key: readonly PlanColumn[];
  readonly columns: readonly { readonly column: PlanColumn; readonly mode: ColumnMode }[];
  /** Columns without which no row can be inserted and which these rows lack: taken from the stored row. */
  readonly required: readonly PlanColumn[];
  readonly hasExtra: boolean;
}

/** An INSERT … SELECT from staged rows. */
export interface InsertParts {
  /** Columns the rows are put in order by. */
  readonly key: readonly PlanColumn[];
  /** Quoted column and the expression for it, over `s`, and `stored` where that is looked up. */
  readonly values: readonly { readonly name: string; readonly value: string }[];
  readonly hasExtra: boolean;
  /** Join the stored row of each incoming one as `stored`. */
  readonly looksUpStored: boolean;
  readonly source: string;
  readonly loadIdParameter: string;
  /** ON CONFLICT clause, or nothing. */
  readonly conflict: string;
}

/**
 * The statement that writes the rows of a group and counts what happened to them. Its shape serves plain Postgres,
 * poolers and Citus: ON CONFLICT in the place of MERGE, and in DO UPDATE nothing but EXCLUDED, the stored row and
 * immutable calls.
 *
 * @param source - gives the incoming rows under the name `s`, every column as text or of its type, and extra
 * @param loadIdParameter - `$n` of the load's id
 * @returns SQL whose one row is `written` and `inserted`; the rows it left alone are in neither
 */
export function buildMergeStatement(plan: LoadPlan, spec: MergeSpec, source: string, loadIdParameter: string): string {
  return buildInsert(plan, {
    // An append may leave its key to the database.
    key: spec.key.filter((column) => carries(spec, column)),
    values: [
      ...spec.columns.map(({ column }) => ({ name: column.quoted, value: `s.${column.quoted}::${column.type}` })),
      ...spec.required.map(({ quoted }) => ({ name: quoted, value: `stored.${quoted}` })),
    ],
    hasExtra: spec.hasExtra,
    looksUpStored: spec.required.length > 0,
    source,
    loadIdParameter,
    conflict: conflictClause(plan, spec),
  });
}

/** Puts the statement together; the columns the loader itself writes are added here. */
export function buildInsert(plan: LoadPlan, parts: InsertParts): string {
  const { key, source, loadIdParameter, conflict } = parts;
  const owned = [
    { name: parts.hasExtra ? plan.extra : undefined, value: `s.${plan.extra}::jsonb` },
    { name: plan.loadId, value: 'b.load_id' },
    { name: plan.updatedAt, value: 'b.updated_at' },
    { name: plan.version, value: '1' },
  ].filter(({ name }) => name !== undefined);
  const all = [...parts.values, ...owned];
  const lookup = parts.looksUpStored
    ? `\n  LEFT JOIN ${plan.quotedTable} AS stored ON ${joinOnKey('stored', key)}`
    : '';
  const order = key.length === 0 ? '' : `\n  ORDER BY ${key.map(({ quoted }) => `s.${quoted} COLLATE "C"`).join(', ')}`;
  return `WITH written AS (
  INSERT INTO ${plan.quotedTable} AS t (${all.map(({ name }) => name).join(', ')})
  SELECT ${all.map(({ value }) => value).join(', ')}
  FROM ${source}
  CROSS JOIN (SELECT ${loadIdParameter}::uuid AS load_id, now() AS updated_at) AS b${lookup}${order}${conflict}
  RETURNING (t.xmax = 0) AS inserted
)
SELECT count(*)::integer AS written, (count(*) FILTER (WHERE inserted))::integer AS inserted FROM written`;
}

/** `stored."a" = s."a"::text AND …` */
export function joinOnKey(alias: string, key: readonly PlanColumn[]): string {
  return key.map((column) => `${alias}.${column.quoted} = s.${column.quoted}::${column.type}`).join(' AND ');
}

function conflictClause(plan: LoadPlan, spec: MergeSpec): string {
  if (spec.onConflict === 'insert') {
    return '';
  }
  const target = spec.key.map((column) => column.quoted).join(', ');
  const changes = spec.onConflict === 'overwrite' ? overwriteAll(plan, spec) : mergeCarried(plan, spec);
  if (changes.length === 0) {
    return `\n  ON CONFLICT (${target}) DO NOTHING`;
  }
  const assignments = changes.map(({ name, value }) => `${name} = ${value}`);
  if (plan.loadId !== undefined) {
    assignments.push(`${plan.loadId} = EXCLUDED.${plan.loadId}`);
  }
  if (plan.updatedAt !== undefined) {
    assignments.push(`${plan.updatedAt} = EXCLUDED.${plan.updatedAt}`);
  }
  if (plan.version !== undefined) {
    assignments.push(`${plan.version} = t.${plan.version} + 1`);
  }
  const different = changes.map(({ name, value, asText }) =>
    asText
      ? `t.${name}::text COLLATE "C" IS DISTINCT FROM (${value})::text COLLATE "C"`
      : `t.${name} IS DISTINCT FROM ${value}`,
  );
  return `
  ON CONFLICT (${target}) DO UPDATE
  SET ${assignments.join(', ')}
  WHERE (${different.join(' OR ')})${notOlder(plan, spec)}`;
}

interface Change {
  readonly name: string;
  readonly value: string;
  readonly asText: boolean;
}

function mergeCarried(plan: LoadPlan, spec: MergeSpec): Change[] {
  const changes = spec.columns
    .filter(({ column }) => column.updatable && !spec.key.includes(column))
    .map(({ column, mode }) => ({
      name: column.quoted,
      value: mergedValue(column.quoted, mode),
      asText: column.compareAsText,
    }));
  if (plan.extra !== undefined && spec.hasExtra) {
    const { extra } = plan;
    // Either side may be null, and null || jsonb is null.
    const value = `COALESCE(t.${extra} || EXCLUDED.${extra}, EXCLUDED.${extra}, t.${extra})`;
    changes.push({ name: extra, value, asText: false });
  }
  return changes;
}

/** EXCLUDED of a column that was not carried is its default, so the stored row becomes exactly the incoming one. */
function overwriteAll(plan: LoadPlan, spec: MergeSpec): Change[] {
  const changes = plan.columns
    .filter(
      (column) => column.updatable && !spec.key.includes(column) && !(column.isCreatedAt && !carries(spec, column)),
    )
    .map((column) => ({ name: column.quoted, value: `EXCLUDED.${column.quoted}`, asText: column.compareAsText }));
  if (plan.extra !== undefined) {
    changes.push({ name: plan.extra, value: `EXCLUDED.${plan.extra}`, asText: false });
  }
  return changes;
}

function carries(spec: MergeSpec, column: PlanColumn): boolean {
  return spec.columns.some((carried) => carried.column === column);
}

function mergedValue(name: string, mode: ColumnMode): string {
  switch (mode) {
    case 'set':
      return `EXCLUDED.${name}`;
    case 'keepIfNull':
      return `COALESCE(EXCLUDED.${name}, t.${name})`;
    case 'fill':
      return `COALESCE(t.${name}, EXCLUDED.${name})`;
  }
}

function notOlder(plan: LoadPlan, spec: MergeSpec): string {
  const { newerBy } = plan;
  if (newerBy === undefined || spec.onConflict !== 'merge' || !carries(spec, newerBy)) {
    return '';
  }
  const { quoted } = newerBy;
  return ` AND (t.${quoted} IS NULL OR EXCLUDED.${quoted} IS NULL OR EXCLUDED.${quoted} >= t.${quoted})`;
}
