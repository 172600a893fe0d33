import type { ClientBase } from 'pg';

import { StorageError } from '../errors/index.js';
import type { LoadPlan, PlanColumn } from './load-plan.js';
import { maskedColumns, type MergeSpec, partsOfSpec } from './merge-spec.js';
import { buildInsertOrLock, buildMaskedUpdate, buildMergeStatement } from './merge-statement.js';
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
  /** As of a {@link Target}. */
  readonly stage?: string | undefined;
}

/** Rows where a statement can read them. */
export interface Stage {
  /** `SELECT … FROM …` that gives every carried column, and mask and extra where rows have them. */
  readonly select: string;
  /** Parameters of that SELECT, from $1. */
  readonly parameters: readonly unknown[];
}

/** Writes staged rows. One statement; two when rows have masks and some of them are stored already. */
export async function writeStaged(
  client: ClientBase,
  { plan, loadId }: WriteOrder,
  spec: MergeSpec,
  rows: readonly Row[],
  stage: Stage,
): Promise<WriteCounts> {
  const parameters = [...stage.parameters, loadId];
  const loadIdParameter = `$${parameters.length}`;
  const all = `(${stage.select}) AS s`;
  const inTwoSteps = spec.onConflict === 'merge' && maskedColumns(spec).length > 0;
  const build = inTwoSteps ? buildInsertOrLock : buildMergeStatement;
  let written = 0;
  let inserted = 0;
  for (const { spec: part, conditions } of partsOfSpec(spec, rows)) {
    const source = conditions.length === 0 ? all : `(SELECT * FROM ${all} WHERE ${conditions.join(' AND ')}) AS s`;
    const { rows: counts } = await client.query<{ written: number; inserted: number }>(
      build(plan, part, source, loadIdParameter),
      parameters,
    );
    written += counts[0]?.written ?? 0;
    inserted += counts[0]?.inserted ?? 0;
  }
  const update = inTwoSteps && inserted < rows.length ? buildMaskedUpdate(plan, spec, all, loadIdParameter) : undefined;
  if (update !== undefined) {
    written += (await client.query(update, parameters)).rowCount ?? 0;
  }
  if (spec.onConflict === 'insert' && inserted < rows.length) {
    throw new StorageError(
      'ROWS_SUPPRESSED',
      `${rows.length - inserted} of ${rows.length} rows were kept out of ${plan.table}, by a trigger or a rule: nothing tells which`,
    );
  }
  return { inserted, updated: written - inserted, unchanged: rows.length - written };
}
