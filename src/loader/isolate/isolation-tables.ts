import type { ClientBase } from 'pg';

import { nameByDefinition } from '../../postgres/identifiers.js';
import { type TemporaryTable, temporaryTable } from '../../postgres/temporary-table.js';
import { withSavepoint } from '../../postgres/with-transaction.js';
import { WRITE_COUNTS } from '../../results/load-counts.js';
import { MASK_COLUMN } from '../merge/merge-spec.js';
import { returnedName } from '../merge/returned-rows.js';
import type { ReturnedColumns, Target } from '../model/load-job.js';
import { batchStaging } from '../write/batch-staging.js';

/** Columns of a table of {@link isolatedRows} beside those of the rows; a blank keeps them apart from real columns. */
export const PLACE = '"harbor place"';
export const UNIT = '"harbor unit"';
export const PART = '"harbor part"';
/** Column of the table of {@link outcomesOf}. */
export const NUMBER = '"harbor number"';

const REJECTED_TABLE = temporaryTable('harbor_rejected', [
  'unit integer, part integer, code text, table_name text, column_name text, constraint_name text',
  'PRIMARY KEY (unit, part)',
]);
const COUNTS_TABLE = temporaryTable('harbor_table_counts', [
  ...WRITE_COUNTS.map((name) => `${name} integer[]`),
  'early boolean, moves boolean',
]);

/** The rejected rows, and why; a row without a code was not tried, and unit 0 is an error that every row meets. */
export const REJECTED = REJECTED_TABLE.qualified;
/** One row: {@link WRITE_COUNTS} of each table, whether the block ended early, and whether a value that another row has was not final then. */
export const TABLE_COUNTS = COUNTS_TABLE.qualified;

/** The table that holds the rows of a target; its name tells its columns, since a transaction may have loads of many. */
export function isolatedRows({ plan: { columns, extra } }: Pick<Target, 'plan'>, target: number): TemporaryTable {
  const names = [...columns.map(({ quoted }) => quoted), MASK_COLUMN, ...(extra === undefined ? [] : [extra])];
  return temporaryTable(nameByDefinition(`harbor_isolated_${target}`, names.join()), [
    `${PLACE} integer, ${UNIT} integer, ${PART} integer, PRIMARY KEY (${PLACE}, ${PART})`,
    // As text, a column takes every value.
    ...names.map((name) => `${name} text`),
  ]);
}

/** The table that takes what became of rows, in the order of {@link NUMBER}. */
export function outcomesOf({ columns }: ReturnedColumns): TemporaryTable {
  const returned = columns.map(({ declaredType }, index) => `${returnedName(index)} ${declaredType}`);
  return temporaryTable(nameByDefinition('harbor_outcomes', returned.join()), [
    `${NUMBER} integer, ${UNIT} integer, outcome text`,
    ...returned,
  ]);
}

/** The tables that faulty rows are found in. */
export function isolationTables(targets: readonly Target[]): TemporaryTable[] {
  const outcomes = targets.flatMap(({ returned }) => (returned === undefined ? [] : [outcomesOf(returned)]));
  return [...targets.map(isolatedRows), ...outcomes, REJECTED_TABLE, COUNTS_TABLE];
}

/**
 * Creates or empties the temporary tables of a load whose batches share one transaction. Call it outside the savepoints
 * of the batches: only there TRUNCATE works in place, and inside, each call would leave a file until the end of the
 * transaction.
 * @param includeIsolation - also those that faulty rows are found in: worth their time once a record was rejected
 */
export async function resetTemporaryTables(
  client: ClientBase,
  targets: readonly Target[],
  includeIsolation: boolean,
): Promise<void> {
  const tables = [
    ...targets.map(({ plan }) => batchStaging(plan)),
    ...(includeIsolation ? isolationTables(targets) : []),
  ];
  await withSavepoint(client, () => client.query(tables.map(({ createIfMissing }) => createIfMissing).join('; ')));
  await client.query(`TRUNCATE ${tables.map(({ qualified }) => qualified).join(', ')}`);
}
