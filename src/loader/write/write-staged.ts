import type { ClientBase } from 'pg';

import { StorageError } from '../../errors/index.js';
import { countsBy, WRITE_COUNTS, type WriteCounts } from '../../results/load-counts.js';
import { type MergeSpec, partsOfSpec, type SpecPart } from '../merge/merge-spec.js';
import {
  appendSteps,
  buildAppend,
  buildMerge,
  mergeSteps,
  type StatementCounts,
  type StatementSource,
  type WriteSteps,
} from '../merge/merge-statement.js';
import type { LoadPlan } from '../model/load-plan.js';
import type { Row } from '../model/row.js';

export type { WriteCounts };

export const NOTHING_WRITTEN: WriteCounts = countsBy(() => 0);

/** The rows of these counts. */
export function rowsOf(counts: WriteCounts): number {
  return WRITE_COUNTS.reduce((sum, name) => sum + counts[name], 0);
}

export function addWritten(a: WriteCounts, b: WriteCounts): WriteCounts {
  return countsBy((name) => a[name] + b[name]);
}

/** Rows where a statement can read them. */
interface StagedRows {
  /** `SELECT … FROM …`, see {@link StatementSource}. */
  readonly select: string;
  /** Parameters of that SELECT, from $1. */
  readonly parameters: readonly unknown[];
}

/**
 * Not every row was written or found: a trigger, a rule or a policy suppressed it or sent it elsewhere, or another
 * transaction wrote its key meanwhile.
 */
export class RowsSuppressedError extends StorageError {
  /** @param fresh - rows that had no stored row; undefined when another attempt would find the same */
  constructor(
    table: string,
    rows: number,
    counts: WriteCounts,
    readonly fresh: number | undefined,
  ) {
    super(
      'ROWS_SUPPRESSED',
      `Rows suppressed by a trigger or rule: ${table} took ${rowsOf(counts)} of ${rows} rows. Look at its ` +
        'triggers (one that returns NULL, changes the key or writes to another table) and its row level policies.',
    );
  }
}

/**
 * Builds the statement that writes staged rows.
 * @param rows - those that are staged
 * @param failsOnConflict - see {@link buildMerge}
 */
export function buildStaged(
  plan: LoadPlan,
  spec: MergeSpec,
  rows: readonly Row[],
  source: StatementSource,
  failsOnConflict: boolean,
): string {
  const parts = partsOfSpec(spec, rows);
  return spec.onConflict === 'insert'
    ? buildAppend(plan, spec, parts, source)
    : buildMerge(plan, spec, parts, source, failsOnConflict);
}

/** The steps of {@link buildStaged}, for a statement that does more than to write these rows. */
export function stepsOf(
  plan: LoadPlan,
  spec: MergeSpec,
  parts: readonly SpecPart[],
  source: StatementSource,
): WriteSteps {
  return spec.onConflict === 'insert' ? appendSteps(plan, spec, parts, source) : mergeSteps(plan, spec, parts, source);
}

/**
 * Writes staged rows.
 * @throws RowsSuppressedError when the statement does not account for each of them
 */
export async function writeStaged(
  client: ClientBase,
  plan: LoadPlan,
  spec: MergeSpec,
  rows: readonly Row[],
  { select, parameters }: StagedRows,
  { loadId, failsOnConflict }: WriteSettings,
): Promise<WriteCounts> {
  const source = { select, loadId: `$${parameters.length + 1}` };
  const statement = buildStaged(plan, spec, rows, source, failsOnConflict);
  // Postgres takes no parameter that a statement does not name.
  const all = plan.loadId === undefined ? parameters : [...parameters, loadId];
  const result = await client.query<StatementCounts>(statement, [...all]);
  const { fresh, ...counts } = result.rows[0] as StatementCounts;
  checkCounts(plan, spec, rows.length, counts, fresh);
  return counts;
}

/** What a write needs beside its rows. */
export interface WriteSettings {
  readonly loadId: string;
  /** See {@link buildMerge}. */
  readonly failsOnConflict: boolean;
}

/** @throws RowsSuppressedError when the counts are not those of all rows */
export function checkCounts(
  plan: LoadPlan,
  { onConflict }: Pick<MergeSpec, 'onConflict'>,
  rows: number,
  counts: WriteCounts,
  fresh: number,
): void {
  if (rowsOf(counts) !== rows) {
    throw new RowsSuppressedError(plan.table, rows, counts, onConflict === 'insert' ? undefined : fresh);
  }
}
