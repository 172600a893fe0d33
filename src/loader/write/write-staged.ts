import type { ClientBase } from 'pg';

import { StorageError } from '../../errors/index.js';
import { countsBy, WRITE_COUNTS, type WriteCounts } from '../../results/load-counts.js';
import type { LoadObservers } from '../../stats/observe/load-observers.js';
import type { ObservedStatement } from '../../stats/observe/load-observer.js';
import { type MergeSpec, partsOfSpec } from '../merge/merge-spec.js';
import {
  type MergeHow,
  type StatementCounts,
  statementOf,
  type StatementSource,
  writeSteps,
} from '../merge/merge-statement.js';
import { PLACE_NAME } from '../merge/returned-rows.js';
import type { LoadPlan } from '../model/load-plan.js';
import type { Row } from '../model/row.js';
import type { StatementOutcome } from '../model/row-outcome.js';

export type { WriteCounts };

type Operation = ObservedStatement['operation'];

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
  /** @param fresh - see {@link StatementCounts}; undefined when another attempt would find the same */
  constructor(
    table: string,
    rows: number,
    counts: WriteCounts,
    readonly fresh: number | undefined,
    /** Another transaction has deleted these rows meanwhile. */
    readonly vanished: number,
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
 */
export function buildStaged(
  plan: LoadPlan,
  spec: MergeSpec,
  rows: readonly Row[],
  source: StatementSource,
  how: MergeHow,
): string {
  return statementOf(writeSteps(plan, spec, partsOfSpec(spec, rows), source, how));
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
  { loadId, observers, stored, ...how }: WriteSettings,
): Promise<WriteCounts> {
  const all = [...parameters];
  let id: string | undefined;
  // Postgres takes no parameter that a statement does not name.
  const source = { select, loadId: () => (id ??= `$${all.push(loadId)}`) };
  const statement = buildStaged(plan, spec, rows, source, how);
  const observed = { operation: operationOf(spec, rows), table: plan.table };
  const written = await observers.statement(observed, () => run(client, statement, all, rows, stored));
  const { fresh, vanished, ...counts } = written;
  checkCounts(plan, spec, rows.length, counts, { fresh, vanished });
  return counts;
}

/** What a merge is called: of the rows of one statement, all delete stored rows, or none does. */
function operationOf({ onConflict }: Pick<MergeSpec, 'onConflict'>, rows: readonly Row[]): Operation {
  return rows[0]?.deletes === true ? 'DELETE' : onConflict === 'update' ? 'UPDATE' : 'INSERT';
}

/** Runs the statement, and notes what became of each row if somebody asks. */
async function run(
  client: ClientBase,
  text: string,
  parameters: readonly unknown[],
  rows: readonly Row[],
  stored: StoredRows | undefined,
): Promise<StatementCounts> {
  if (stored === undefined) {
    const result = await client.query<StatementCounts>(text, [...parameters]);
    return result.rows[0] as StatementCounts;
  }
  const { rows: told, fields } = await client.query<unknown[]>({ text, values: [...parameters], rowMode: 'array' });
  const names = fields.map(({ name }) => name);
  const placeAt = names.indexOf(PLACE_NAME);
  for (const row of told) {
    // Of none, if no row was written or found.
    const [place, outcome, ...values] = row.slice(placeAt) as [string | null, StatementOutcome, ...unknown[]];
    if (place !== null) {
      stored.set(rows[Number(place) - 1] as Row, { outcome, values });
    }
  }
  return Object.fromEntries(
    names.slice(0, placeAt).map((name, index) => [name, told[0]?.[index]]),
  ) as unknown as StatementCounts;
}

/** What a write needs beside its rows. */
export interface WriteSettings extends MergeHow {
  readonly loadId: string;
  readonly observers: LoadObservers;
  /** Takes what became of each row, where the caller of the load asks. */
  readonly stored?: StoredRows | undefined;
}

/** What became of rows. */
export type StoredRows = Map<Row, StoredRow>;

/** What became of a row, and the returned columns as pg has read them. */
export interface StoredRow {
  readonly outcome: StatementOutcome;
  /** Of a row that is not stored nulls. */
  readonly values: readonly unknown[];
}

/** @throws RowsSuppressedError when the counts are not those of all rows */
export function checkCounts(
  plan: LoadPlan,
  { onConflict }: Pick<MergeSpec, 'onConflict'>,
  rows: number,
  counts: WriteCounts,
  { fresh, vanished }: Pick<StatementCounts, 'fresh' | 'vanished'>,
): void {
  if (rowsOf(counts) !== rows) {
    throw new RowsSuppressedError(plan.table, rows, counts, onConflict === 'insert' ? undefined : fresh, vanished);
  }
}
