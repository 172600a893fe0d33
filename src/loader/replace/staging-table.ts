import type { ClientBase } from 'pg';

import { quoteIdentifier } from '../../postgres/identifiers.js';
import type { LiveColumn, LiveTable } from '../../schema/table/live-table.js';
import { dropIsolation } from '../isolate/isolation-tables.js';
import type { Target } from '../model/load-job.js';
import type { LoadPlan, PlanColumn } from '../model/load-plan.js';
import { MASK_COLUMN } from '../merge/merge-spec.js';

/** Name of the table a replace stages its rows in; a temporary one, so each transaction has its own. */
export const SHADOW_NAME = 'harbor_replace';
/** The same, qualified. */
export const SHADOW = `pg_temp.${SHADOW_NAME}`;
const STAGE_NAME = 'harbor_replace_stage';
/** Holds the rows of one batch on their way into the shadow. */
export const STAGE = `pg_temp.${STAGE_NAME}`;
/** Numbers the rows of the shadow, so that a part of them can be named; the blank keeps it apart from any sane column. */
export const ROW_NUMBER = '"harbor row"';

/**
 * The statements that make the shadow of a table: it refuses what the table would refuse by its types, NOT NULL, CHECK
 * and unique keys, so that a bad row is found when it is staged. Spelled out, because `LIKE` would hold a lock on the
 * table until the end of the transaction.
 * @param extra - the column captured fields go into, where the entity has one
 */
export function createShadowOf(
  columns: readonly PlanColumn[],
  extra: LiveColumn | undefined,
  table: LiveTable,
): string {
  const declared = new Set(columns.filter(({ madeOnce }) => !madeOnce).map(({ name }) => name));
  if (extra !== undefined) {
    declared.add(extra.name);
  }
  const definitions = [
    ...columns.map((column) => define(shadowColumn(column))),
    ...(extra === undefined ? [] : [define({ ...extra, quoted: quoteIdentifier(extra.name) })]),
    // One that looks at a column the shadow has not, or has as null, is left to the table.
    ...table.checks
      .filter((check) => check.columns.every((name) => declared.has(name)))
      .map(({ name, definition }) => `CONSTRAINT ${quoteIdentifier(name)} ${definition}`),
    `${ROW_NUMBER} bigint GENERATED ALWAYS AS IDENTITY`,
  ];
  const names = new Set(columns.map(({ name }) => name));
  const indexes = table.uniqueKeys
    .filter((key) => key.columns.every((name) => names.has(name)))
    // A refusal names the index: so it has the name people know.
    .map(
      (key) =>
        `CREATE UNIQUE INDEX ${quoteIdentifier(key.name)} ON ${SHADOW} (${key.columns.map(quoteIdentifier).join(', ')})`,
    );
  const carried = [
    ...columns.map(({ quoted, type }) => `${quoted} ${type}`),
    ...(extra === undefined ? [] : [`${quoteIdentifier(extra.name)} jsonb`]),
    `${MASK_COLUMN} bit varying`,
  ];
  return [
    `CREATE TEMPORARY TABLE ${SHADOW_NAME} (${definitions.join(', ')}) ON COMMIT DROP`,
    ...indexes,
    `CREATE TEMPORARY TABLE ${STAGE_NAME} (${carried.join(', ')}) ON COMMIT DROP`,
  ].join('; ');
}

/** Makes the shadow of a target, and the stage before it. */
export async function createShadow(client: ClientBase, { plan }: Target): Promise<void> {
  await client.query(plan.createShadow);
}

/**
 * Drops both, and what was needed where records were refused, before their transaction ends, which may be a caller's
 * with another replace to come.
 */
export async function dropShadow(client: ClientBase, staging: readonly Target[]): Promise<void> {
  await client.query(`DROP TABLE ${SHADOW}, ${STAGE}; ${dropIsolation(staging)}`);
}

function define(column: Pick<PlanColumn, 'quoted' | 'declaredType' | 'defaultExpression' | 'notNull'>): string {
  const { quoted, declaredType, defaultExpression, notNull } = column;
  const byDefault = defaultExpression === undefined ? '' : ` DEFAULT ${defaultExpression}`;
  return `${quoted} ${declaredType}${byDefault}${notNull ? ' NOT NULL' : ''}`;
}

/** What is made once is null in the shadow where it was not carried: whether the row is new shows only at the end. */
function shadowColumn(column: PlanColumn): PlanColumn {
  // Of two records with one key the later one's value counts, also where a stored row would keep its own.
  const staged = { ...column, updatable: true };
  return column.madeOnce ? { ...staged, notNull: false, hasDefault: false, defaultExpression: undefined } : staged;
}

/**
 * The shadow as a target: merging batch after batch into it folds records with one key field by field, as in one batch.
 * What the loader itself writes, it writes into the table; and of what is replaced, no row is too old to count.
 */
export function shadowOf({ plan, key }: Target): Target {
  const columns = plan.columns.map(shadowColumn);
  const shadow: LoadPlan = {
    ...plan,
    quotedTable: SHADOW,
    columns,
    newerBy: undefined,
    loadId: undefined,
    updatedAt: undefined,
    version: undefined,
  };
  return { plan: shadow, key: key.map(({ index }) => columns[index] as PlanColumn), stage: STAGE };
}
