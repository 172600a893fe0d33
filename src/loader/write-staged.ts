import type { ClientBase } from 'pg';

import { StorageError } from '../errors/index.js';
import { GROUP_COLUMN, type RowGroup } from './group-rows.js';
import { buildFirstInsert } from './first-insert.js';
import type { LoadPlan, PlanColumn } from './load-plan.js';
import { buildMergeStatement, type MergeSpec } from './merge-statement.js';
import type { Row } from './row.js';

/** What the database did with a set of rows. */
export interface WriteCounts {
  readonly inserted: number;
  readonly updated: number;
  readonly unchanged: number;
}

/** A write of rows with different keys into one table. */
export interface WriteOrder {
  readonly plan: LoadPlan;
  readonly onConflict: MergeSpec['onConflict'];
  readonly key: readonly PlanColumn[];
  readonly loadId: string;
}

/** Rows where a statement can read them, each with the number of its group. */
export interface Stage {
  /** `SELECT … FROM …` that gives {@link GROUP_COLUMN}, every carried column, and extra. */
  readonly select: string;
  /** Parameters of that SELECT, from $1. */
  readonly parameters: readonly unknown[];
}

/** Columns that some of the rows carry, and the extra column where one of them does. */
export function carriedColumns(
  plan: LoadPlan,
  rows: readonly Row[],
): { readonly columns: readonly PlanColumn[]; readonly extra: string | undefined } {
  return {
    columns: plan.columns.filter(({ index }) => rows.some((row) => row.values[index] !== undefined)),
    extra: rows.some((row) => row.extra !== undefined) ? plan.extra : undefined,
  };
}

/** The captured fields as one JSON object; their values are JSON already. */
export function extraText(row: Row): string | null {
  if (row.extra === undefined) {
    return null;
  }
  return `{${Array.from(row.extra, ([name, json]) => `${JSON.stringify(name)}:${json}`).join(',')}}`;
}

/** Writes staged rows: one statement a group, and before them one that takes the locks of all, in the order of keys. */
export async function writeStaged(
  client: ClientBase,
  order: WriteOrder,
  groups: readonly RowGroup[],
  stage: Stage,
): Promise<WriteCounts> {
  const loadId = `$${stage.parameters.length + 1}`;
  const run = async (statement: string): Promise<{ written: number; inserted: number }> => {
    const result = await client.query<{ written: number; inserted: number }>(statement, [
      ...stage.parameters,
      order.loadId,
    ]);
    return result.rows[0] ?? { written: 0, inserted: 0 };
  };
  let inserted = 0;
  let updated = 0;
  const firstInsert = buildFirstInsert(order.plan, groups, `(${stage.select}) AS s`, loadId);
  if (firstInsert !== undefined) {
    inserted += (await run(firstInsert)).inserted;
  }
  if (firstInsert === undefined || order.onConflict !== 'insert') {
    for (const [number, { spec }] of groups.entries()) {
      const source = `(${stage.select}${groups.length > 1 ? ` WHERE ${GROUP_COLUMN} = ${number}` : ''}) AS s`;
      const counts = await run(buildMergeStatement(order.plan, spec, source, loadId));
      inserted += counts.inserted;
      updated += counts.written - counts.inserted;
    }
  }
  const rows = groups.reduce((sum, group) => sum + group.rows.length, 0);
  if (order.onConflict === 'insert' && inserted < rows) {
    throw new StorageError(
      'ROWS_SUPPRESSED',
      `${rows - inserted} of ${rows} rows were kept out of ${order.plan.table}, by a trigger or a rule: nothing tells which`,
    );
  }
  return { inserted, updated, unchanged: rows - inserted - updated };
}
