import type { ClientBase } from 'pg';

import { quoteIdentifier } from '../../postgres/identifiers.js';
import { dropIsolation } from '../isolate/isolation-tables.js';
import type { Target } from '../model/load-job.js';
import type { LoadPlan, PlanColumn } from '../model/load-plan.js';
import { MASK_COLUMN } from '../merge/merge-spec.js';

/** Name of the table a replace stages its rows in; a temporary one, so each transaction has its own. */
export const STAGING_NAME = 'harbor_replace';
/** The same, qualified. */
export const STAGING = `pg_temp.${STAGING_NAME}`;
const STAGE_NAME = 'harbor_replace_stage';
/** Holds the rows of one batch on their way into the staging table. */
export const STAGE = `pg_temp.${STAGE_NAME}`;
/** Numbers the rows of the staging table, so that a part of them can be named; the blank keeps it apart from any sane column. */
export const ROW_NUMBER = '"harbor row"';

/**
 * The statements that make the staging tables of a plan: it rejects what the table would reject by its types, NOT NULL, CHECK
 * and unique keys, so that a bad row is found when it is staged. Spelled out, because `LIKE` would hold a lock on the
 * table until the end of the transaction.
 */
export function stagingTablesOf({ columns, liveExtra: extra, live: table }: LoadPlan): string {
  const declared = new Set(columns.filter(({ madeOnce }) => !madeOnce).map(({ name }) => name));
  if (extra !== undefined) {
    declared.add(extra.name);
  }
  const definitions = [
    ...columns.map((column) => define(stagingColumn(column))),
    ...(extra === undefined ? [] : [define({ ...extra, quoted: quoteIdentifier(extra.name) })]),
    // One that looks at a column the staging table has not, or has as null, is left to the table.
    ...table.checks
      .filter((check) => check.columns.every((name) => declared.has(name)))
      .map(({ name, definition }) => `CONSTRAINT ${quoteIdentifier(name)} ${definition}`),
    `${ROW_NUMBER} bigint GENERATED ALWAYS AS IDENTITY`,
  ];
  const names = new Set(columns.map(({ name }) => name));
  const indexes = table.uniqueKeys
    .filter((key) => key.columns.every((name) => names.has(name)))
    // A rejection names the index: so it has the name people know.
    .map(
      (key) =>
        `CREATE UNIQUE INDEX ${quoteIdentifier(key.name)} ON ${STAGING} (${key.columns.map(quoteIdentifier).join(', ')})`,
    );
  const carried = [
    ...columns.map(({ quoted, type }) => `${quoted} ${type}`),
    ...(extra === undefined ? [] : [`${quoteIdentifier(extra.name)} jsonb`]),
    `${MASK_COLUMN} bit varying`,
  ];
  return [
    `CREATE TEMPORARY TABLE ${STAGING_NAME} (${definitions.join(', ')}) ON COMMIT DROP`,
    ...indexes,
    `CREATE TEMPORARY TABLE ${STAGE_NAME} (${carried.join(', ')}) ON COMMIT DROP`,
  ].join('; ');
}

/** Makes the staging table of a target, and the stage before it. */
export async function createStaging(client: ClientBase, { plan }: Target): Promise<void> {
  await client.query(stagingTablesOf(plan));
}

/**
 * Drops both, and what was needed where records were rejected, before their transaction ends, which may be a caller's
 * with another replace to come.
 */
export async function dropStaging(client: ClientBase, staging: readonly Target[]): Promise<void> {
  await client.query(`DROP TABLE ${STAGING}, ${STAGE}; ${dropIsolation(staging)}`);
}

function define(column: Pick<PlanColumn, 'quoted' | 'declaredType' | 'defaultExpression' | 'notNull'>): string {
  const { quoted, declaredType, defaultExpression, notNull } = column;
  const byDefault = defaultExpression === undefined ? '' : ` DEFAULT ${defaultExpression}`;
  return `${quoted} ${declaredType}${byDefault}${notNull ? ' NOT NULL' : ''}`;
}

/** What is made once is null in the staging table where it was not carried: whether the row is new shows only at the end. */
function stagingColumn(column: PlanColumn): PlanColumn {
  // Of two records with one key the later one's value counts, also where a stored row would keep its own.
  const staged = { ...column, updatable: true };
  return column.madeOnce ? { ...staged, notNull: false, hasDefault: false, defaultExpression: undefined } : staged;
}

/**
 * The staging table as a target: merging batch after batch into it folds records with one key field by field, as in one batch.
 * What the loader itself writes, it writes into the table; and of what is replaced, no row is too old to count.
 */
export function stagingOf({ plan, key }: Target): Target {
  const columns = plan.columns.map(stagingColumn);
  const staging: LoadPlan = {
    ...plan,
    quotedTable: STAGING,
    columns,
    newerBy: undefined,
    loadId: undefined,
    updatedAt: undefined,
    version: undefined,
  };
  return { plan: staging, key: key.map(({ index }) => columns[index] as PlanColumn), stage: STAGE };
}
