import type { ClientBase } from 'pg';

import { quoteIdentifier } from '../../postgres/identifiers.js';
import { qualifiedTemporary, temporaryTable } from '../../postgres/temporary-table.js';
import type { Target } from '../model/load-job.js';
import { indexedColumns } from '../merge/same-key.js';
import type { LoadPlan, PlanColumn } from '../model/load-plan.js';

/** Name of the table a replace stages all of its rows in. */
export const STAGING_NAME = 'harbor_replace';
/** The same, qualified. */
export const STAGING = qualifiedTemporary(STAGING_NAME);
/** Numbers the staged rows, so that a range of them can be named; the blank keeps the name apart from real columns. */
export const ROW_NUMBER = '"harbor row"';

/**
 * The statements that create the staging table of a plan. It rejects what the table itself would reject by types, NOT
 * NULL, CHECK and unique keys, so that a bad row is found when it is staged. Spelled out, because `LIKE` would lock the
 * table until the end of the transaction.
 */
export function createStaging({ columns, liveExtra, live, uniqueKeys }: LoadPlan): string {
  const declared = new Set(columns.filter(({ madeOnce }) => !madeOnce).map(({ name }) => name));
  if (liveExtra !== undefined) {
    declared.add(liveExtra.name);
  }
  const definitions = [
    ...columns.map((column) => define(stagingColumn(column))),
    ...(liveExtra === undefined ? [] : [define({ ...liveExtra, quoted: quoteIdentifier(liveExtra.name) })]),
    // A check on a column that the staging table lacks, or has as null, is left to the table.
    ...live.checks
      .filter((check) => check.columns.every((name) => declared.has(name)))
      .map(({ name, definition }) => `CONSTRAINT ${quoteIdentifier(name)} ${definition}`),
    `${ROW_NUMBER} bigint GENERATED ALWAYS AS IDENTITY`,
  ];
  // An error names the index, so it has the name people know. A partial one is left to the table.
  const indexes = uniqueKeys
    .filter(({ predicate }) => predicate === undefined)
    .map(({ name, columns: key }) => {
      const nulls = key.some(({ nullIsKey }) => nullIsKey) ? ' NULLS NOT DISTINCT' : '';
      return `CREATE UNIQUE INDEX ${quoteIdentifier(name)} ON ${STAGING} (${indexedColumns(key)})${nulls}`;
    });
  return [temporaryTable(STAGING_NAME, definitions).create, ...indexes].join('; ');
}

function define(column: Pick<PlanColumn, 'quoted' | 'declaredType' | 'defaultExpression' | 'notNull'>): string {
  const { quoted, declaredType, defaultExpression, notNull } = column;
  const byDefault = defaultExpression === undefined ? '' : ` DEFAULT ${defaultExpression}`;
  return `${quoted} ${declaredType}${byDefault}${notNull ? ' NOT NULL' : ''}`;
}

/** The number of each staged row. */
export async function readRowNumbers(client: ClientBase): Promise<number[]> {
  const { rows } = await client.query<{ n: string }>(`SELECT ${ROW_NUMBER} AS n FROM ${STAGING} ORDER BY 1`);
  return rows.map(({ n }) => Number(n));
}

/** A column that is made once is null where no record carries it: only the swap can tell whether the row is new. */
function stagingColumn<C extends PlanColumn>(column: C): C {
  // Of two records with one key the later value counts, also where a stored row would keep its own.
  const staged = { ...column, updatable: true };
  return column.madeOnce ? { ...staged, notNull: false, hasDefault: false, defaultExpression: undefined } : staged;
}

/**
 * The staging table as a target: merging batch after batch into it folds records with one key field by field, as in one
 * batch. The loader's own columns are written by the swap, and no row is too old, since all stored rows are replaced.
 */
export function stagingTarget({ plan, key, onConflict }: Target): Target {
  const columns = plan.columns.map(stagingColumn);
  const staging: LoadPlan = {
    ...plan,
    quotedTable: STAGING,
    columns,
    newerBy: undefined,
    loadId: undefined,
    updatedAt: undefined,
    version: undefined,
    live: { ...plan.live, kind: { ...plan.live.kind, distribution: null } },
  };
  return { plan: staging, key: key.map(stagingColumn), onConflict };
}
