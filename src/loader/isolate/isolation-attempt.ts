import { WRITE_COUNTS } from '../../results/load-counts.js';
import type { PlanColumn } from '../model/load-plan.js';
import { PART, PLACE, UNIT } from './isolation-tables.js';

/** How the rows of a target are written, from the table they are isolated in. */
export interface IsolatedTarget {
  readonly table: string;
  /** They write the rows of {@link selectAttempt}, see `writeSteps`; undefined when the table has none. */
  readonly statements: Readonly<Record<'merge' | 'failsOnConflict', string>> | undefined;
  /** Stored rows may give up values that other rows take. */
  readonly movesValues: boolean;
  /** The columns that its rows carry. */
  readonly columns: readonly PlanColumn[];
  /** Earlier batches of the load have stored records in it. */
  readonly hasTaken: boolean;
  /** Where what became of each row is noted, and the names of the returned columns. */
  readonly outcomes?: { readonly table: string; readonly columns: readonly string[] } | undefined;
}

/** SQLSTATE of rows that are not accounted for; its detail has the target's index, {@link WRITE_COUNTS} and the rows. */
export const SUPPRESSED = 'HSROW';

/** The rows of one attempt, in their order. */
export function selectAttempt(table: string): string {
  return `SELECT * FROM ${table} WHERE ${PLACE} BETWEEN "harbor first" AND "harbor last" AND ${PART} = "harbor step" ORDER BY ${PLACE}`;
}

/**
 * The write of one target. Where it does not account for every row, another transaction may have written a key meanwhile:
 * the attempt is rolled back and made once more, as `writeTogether` does it.
 */
export function buildAttempt({ statements, table, outcomes }: IsolatedTarget, index: number): string {
  if (statements === undefined) {
    return '';
  }
  const target = index + 1;
  const noted =
    outcomes === undefined
      ? ''
      : `
        IF harbor_counts.${PLACE} IS NOT NULL THEN
          harbor_number := harbor_number + 1;
          INSERT INTO ${outcomes.table} SELECT harbor_number, s.${UNIT}, harbor_counts.outcome${outcomes.columns.map((name) => `, harbor_counts.${name}`).join('')}
            FROM ${table} AS s WHERE s.${PLACE} = "harbor first" + harbor_counts.${PLACE} - 1 AND s.${PART} = "harbor step";
        END IF;`;
  const write = (merge: string): string => `FOR harbor_counts IN
${merge}
      LOOP
        harbor_fresh := harbor_counts.fresh;
        harbor_vanished := harbor_counts.vanished;
        ${WRITE_COUNTS.map((name) => `harbor_${name}[${target}] := harbor_counts.${name};`).join('\n        ')}${noted}
      END LOOP;`;
  const counts = WRITE_COUNTS.map((name) => `harbor_${name}[${target}]`);
  return `harbor_target := ${target};
      SELECT count(*) INTO harbor_rows FROM (${selectAttempt(table)}) AS s;
      IF harbor_rows > 0 THEN
      IF harbor_strict THEN
      ${write(statements.failsOnConflict)}
      ELSE
      ${write(statements.merge)}
      END IF;
      END IF;
      IF ${counts.join(' + ')} <> harbor_rows THEN
        RAISE EXCEPTION USING ERRCODE = '${SUPPRESSED}', DETAIL = concat_ws(' ', ${index}, ${counts.join(', ')}, harbor_rows);
      END IF;`;
}
