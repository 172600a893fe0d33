import { nameByDefinition } from '../../postgres/identifiers.js';
import type { Target } from '../model/load-job.js';
import type { LoadPlan } from '../model/load-plan.js';
import { MASK_COLUMN } from '../merge/merge-spec.js';

/** Columns of a table of {@link tableOf} beside those of the rows; the blanks keep their names apart from any sane one. */
export const PLACE = '"harbor place"';
export const UNIT = '"harbor unit"';
export const PART = '"harbor part"';

/** What was rejected, and why; without a code it was not tried yet. */
export const REJECTED = 'pg_temp.harbor_rejected';
/** How many rows of each table were written and inserted, in one row of two arrays. */
export const TALLY = 'pg_temp.harbor_tally';

/** The table that holds the rows of a target; its name says what it is, since a transaction may have loads of many. */
export function tableOf({ plan }: Pick<Target, 'plan'>, target: number): string {
  return `pg_temp.${nameByDefinition(`harbor_isolated_${target}`, columnsOf(plan).join())}`;
}

function columnsOf({ columns, extra }: LoadPlan): string[] {
  return [...columns.map(({ quoted }) => quoted), MASK_COLUMN, ...(extra === undefined ? [] : [extra])];
}

/** Creates the tables units are isolated in, unless this transaction has them already. */
export function createIsolation(targets: readonly Target[]): string {
  const stages = targets.map(({ plan }, index) => {
    // Every column as text, so that it takes whatever there is.
    const definitions = columnsOf(plan)
      .map((name) => `${name} text`)
      .join(', ');
    const numbers = `${PLACE} integer, ${UNIT} integer, ${PART} integer, PRIMARY KEY (${PLACE}, ${PART})`;
    return create(tableOf({ plan }, index), `${numbers}, ${definitions}`);
  });
  return [
    ...stages,
    create(
      REJECTED,
      'unit integer, part integer, code text, table_name text, column_name text, constraint_name text, PRIMARY KEY (unit, part)',
    ),
    create(TALLY, 'written integer[], inserted integer[]'),
  ].join('; ');
}

/** Empties the tables. */
export function emptyIsolation(targets: readonly Target[]): string {
  return isolationTables(targets)
    .map((table) => `DELETE FROM ${table}`)
    .join('; ');
}

/** Drops the tables: the transaction may be a caller's, with other loads to come. */
export function dropIsolation(targets: readonly Target[]): string {
  return `DROP TABLE IF EXISTS ${isolationTables(targets).join(', ')}`;
}

/** The names of the tables. */
export function isolationTables(targets: readonly Target[]): string[] {
  return [...targets.map(tableOf), REJECTED, TALLY];
}

function create(table: string, definitions: string): string {
  return `CREATE TEMPORARY TABLE IF NOT EXISTS ${table.replace('pg_temp.', '')} (${definitions}) ON COMMIT DROP`;
}
