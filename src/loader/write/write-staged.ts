import type { ClientBase } from 'pg';

import { StorageError } from '../../errors/index.js';
import type { LoadCounts } from '../../results/load-counts.js';
import type { LoadPlan } from '../model/load-plan.js';
import { maskedColumns, type MergeSpec, partsOfSpec } from '../merge/merge-spec.js';
import { buildInsertOrLock, buildMaskedUpdate, buildMergeStatement } from '../merge/merge-statement.js';
import type { Row } from '../model/row.js';

/** What the database did with a set of rows. */
export type WriteCounts = Pick<LoadCounts, 'inserted' | 'updated' | 'unchanged'>;

/** Rows where a statement can read them. */
interface StagedRows {
  /** `SELECT … FROM …` that gives every carried column, and mask and extra where rows have them. */
  readonly select: string;
  /** Parameters of that SELECT, from $1. */
  readonly parameters: readonly unknown[];
}

/** The statements that write staged rows. */
export interface StagedStatements {
  /** Each has one row, of `written` and `inserted`. */
  readonly inserts: readonly string[];
  /** For rows with masks; not needed when all rows were inserted. Its row count is the number of written rows. */
  readonly update: string | undefined;
}

/**
 * Builds the statements that write staged rows: one, as a rule; two when rows have masks.
 * @param rows - those that are staged
 * @param select - gives them; see {@link StagedRows}
 * @param loadId - the load's id, as SQL
 */
export function buildStaged(
  plan: LoadPlan,
  spec: MergeSpec,
  rows: readonly Row[],
  select: string,
  loadId: string,
): StagedStatements {
  const all = `(${select}) AS s`;
  const inTwoSteps = spec.onConflict === 'merge' && (maskedColumns(spec).length > 0 || spec.extraByRow);
  const build = inTwoSteps ? buildInsertOrLock : buildMergeStatement;
  const inserts = partsOfSpec(spec, rows).map(({ spec: part, conditions }) => {
    const source = conditions.length === 0 ? all : `(SELECT * FROM ${all} WHERE ${conditions.join(' AND ')}) AS s`;
    return build(plan, part, source, loadId);
  });
  return { inserts, update: inTwoSteps ? buildMaskedUpdate(plan, spec, all, loadId) : undefined };
}

/** Writes staged rows. One statement; two when rows have masks and some of them are stored already. */
export async function writeStaged(
  client: ClientBase,
  plan: LoadPlan,
  spec: MergeSpec,
  rows: readonly Row[],
  staged: StagedRows,
  loadId: string,
): Promise<WriteCounts> {
  const parameters = [...staged.parameters, loadId];
  const { inserts, update } = buildStaged(plan, spec, rows, staged.select, `$${parameters.length}`);
  let written = 0;
  let inserted = 0;
  for (const insert of inserts) {
    const { rows: counts } = await client.query<{ written: number; inserted: number }>(insert, parameters);
    written += counts[0]?.written ?? 0;
    inserted += counts[0]?.inserted ?? 0;
  }
  if (update !== undefined && inserted < rows.length) {
    written += (await client.query(update, parameters)).rowCount ?? 0;
  }
  return writeCounts(plan, spec.onConflict, rows.length, written, inserted);
}

/**
 * The counts of written rows.
 * @throws StorageError `ROWS_SUPPRESSED` when an append did not insert all rows, and Postgres gave no error
 */
export function writeCounts(
  plan: LoadPlan,
  onConflict: MergeSpec['onConflict'],
  rows: number,
  written: number,
  inserted: number,
): WriteCounts {
  if (onConflict === 'insert' && inserted < rows) {
    throw new StorageError(
      'ROWS_SUPPRESSED',
      `Rows suppressed by a trigger or rule: ${plan.table} took ${inserted} of ${rows} rows.`,
    );
  }
  return { inserted, updated: written - inserted, unchanged: rows - written };
}
