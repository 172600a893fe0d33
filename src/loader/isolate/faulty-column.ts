import { type ClientBase, escapeLiteral } from 'pg';

import { describeFault } from '../../postgres/faults/database-fault.js';
import { mayBeOfRow } from '../../postgres/faults/sqlstate.js';
import { withSavepoint } from '../../postgres/with-transaction.js';
import type { RejectedRecord } from '../../quarantine/rejected-records.js';
import type { WriteContext } from '../model/load-context.js';
import type { PlanColumn } from '../model/load-plan.js';
import { type LoadUnit, rowsFor } from '../model/load-unit.js';
import { charactersOf, type Row } from '../model/row.js';
import { rejectUnit } from '../write/write-outcome.js';
import { PART, PLACE } from './isolation-tables.js';

/** Types that a cast to their length cuts in silence, where a write fails. */
const CUT_BY_CAST: ReadonlySet<string> = new Set(['character varying', 'bpchar', '"bit"', 'bit varying']);
const TOO_LONG = `'22001', '22026'`;

/** A row with more is not sent to the server once more. */
const MAX_CHARACTERS = 1024 * 1024;

/** Settings of the transaction that carry the row's values to the block, which takes no parameters, and the column back. */
const VALUES = 'harbor_storage.row_values';
const COLUMN = 'harbor_storage.faulty_column';

/** For the isolation block: finds the column of a rejected value, which Postgres does not name when it reads a text. */
export function findColumnOf(target: number, table: string, columns: readonly PlanColumn[]): string {
  const checks = columns.filter(({ fullType }) => fullType !== 'text');
  return checks.length === 0
    ? ''
    : `IF harbor_target = ${target} AND COALESCE(harbor_column, '') = ''
          AND (left(harbor_code, 2) <> '23' OR COALESCE(harbor_table, '') = '') THEN
        SELECT * INTO harbor_row FROM ${table} WHERE ${PLACE} = "harbor first" AND ${PART} = "harbor step";
        ${findColumnSql(checks, ({ quoted }) => `harbor_row.${quoted}`)}
      END IF;`;
}

/**
 * Statements of PL/pgSQL that set `harbor_column` to the name of the column whose text the server rejects by
 * `harbor_code`; to null where there is none.
 * @param textOf - the SQL of the column's text
 */
function findColumnSql(columns: readonly PlanColumn[], textOf: (column: PlanColumn, place: number) => string): string {
  return `BEGIN
          ${columns.map((column, place) => checkColumn(column, textOf(column, place))).join('\n          ')}
          harbor_column := NULL;
        EXCEPTION WHEN OTHERS THEN
          harbor_column := CASE WHEN SQLSTATE = harbor_code THEN harbor_column END;
        END;`;
}

function checkColumn({ name, type, fullType }: PlanColumn, text: string): string {
  const value = `${text}::${type}`;
  const read = `harbor_column := ${escapeLiteral(name)};
          harbor_readable := CASE WHEN ${text} IS NOT NULL THEN ${value}::${fullType} IS NULL END;`;
  return CUT_BY_CAST.has(type) && fullType !== type
    ? `${read}
          IF harbor_code IN (${TOO_LONG}) AND length(${value}::${fullType}::text) <> length(${value}::text) THEN
            RAISE 'too long' USING ERRCODE = harbor_code;
          END IF;`
    : read;
}

/**
 * Finds the column for which Postgres rejects a row that was written alone. The values go as bytes, so that the server
 * meets a character that its encoding does not have at the column of that character.
 * @returns undefined where the error is no column's, or the server cannot tell
 */
async function findFaultyColumn(
  client: ClientBase,
  columns: readonly PlanColumn[],
  row: Row,
  code: string,
): Promise<string | undefined> {
  const carried = columns.filter(({ index }) => typeof row.values[index] === 'string');
  if (charactersOf(row) > MAX_CHARACTERS || carried.length === 0) {
    return undefined;
  }
  const values = carried.map(({ index }) => Buffer.from(row.values[index] as string).toString('base64'));
  const block = `DECLARE
  harbor_values json := current_setting('${VALUES}');
  harbor_column text;
  harbor_readable boolean;
  harbor_code text := ${client.escapeLiteral(code)};
BEGIN
  ${findColumnSql(carried, (_, place) => `convert_from(decode(harbor_values ->> ${place}, 'base64'), 'UTF8')`)}
  PERFORM set_config('${VALUES}', '', true), set_config('${COLUMN}', COALESCE(harbor_column, ''), true);
END`;
  try {
    return await withSavepoint(client, async () => {
      await client.query(`SELECT set_config('${VALUES}', $1, true)`, [JSON.stringify(values)]);
      const results = (await client.query(
        `DO ${client.escapeLiteral(block)}; SELECT current_setting('${COLUMN}') AS name`,
      )) as unknown as { rows: { name: string }[] }[];
      return results[1]?.rows[0]?.name || undefined;
    });
  } catch (error) {
    if (!mayBeOfRow(error)) {
      throw error;
    }
    // A server without PL/pgSQL for this role.
    return undefined;
  }
}

/** Rejects a record that was written alone; names the column at fault, where the error does not and the server can tell. */
export async function rejectLone(
  client: ClientBase,
  { job, evidence: { target } }: WriteContext,
  unit: LoadUnit,
  error: unknown,
): Promise<RejectedRecord> {
  const found = describeFault(error);
  const plan = job.targets[target]?.plan;
  // Where a record is made of parts, the column alone would not tell which part.
  const isUnnamed = job.hasKeysApart && found.table === undefined;
  const fault = isUnnamed ? describeFault({ ...found, table: plan?.table, message: undefined }) : found;
  const mayBeValue = fault.column === undefined && (found.table === undefined || !fault.code.startsWith('23'));
  if (plan !== undefined && mayBeValue) {
    for (const row of rowsFor([unit], target)) {
      const column = await findFaultyColumn(client, plan.columns, row, fault.code);
      if (column !== undefined) {
        return rejectUnit(job, unit, describeFault({ ...fault, column, message: undefined }));
      }
    }
  }
  return rejectUnit(job, unit, fault);
}
