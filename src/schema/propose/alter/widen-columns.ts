import type { ClientBase } from 'pg';
import type { QueryRunner } from 'typeorm';

import { StorageError } from '../../../errors/index.js';
import { defaultSchema } from '../../../postgres/data-source.js';
import { PostgresError } from '../../../postgres/database-fault.js';
import { quoteIdentifier, quoteTable } from '../../../postgres/identifiers.js';
import { classifyFault } from '../../../postgres/sqlstate.js';
import { type LiveColumn, readLiveTable } from '../../table/live-table.js';
import { alterTable, changeRows } from './alter-table.js';
import { readDependents } from './column-dependents.js';
import { changeInPages } from './key-pages.js';

/**
 * How the type of a column is changed:
 * - `in place`: Postgres changes its catalog and no row
 * - `new column`: a column of the new type is filled in batches and takes the old one's place; the table is locked for
 *   one scan at the end
 * - `rewrite`: Postgres rewrites the table and its indexes, and nobody can read or write it meanwhile
 */
export type WideningMethod = 'in place' | 'new column' | 'rewrite';

/** A column that is to take more than it does. */
export interface WidenedColumn {
  readonly column: string;
  /** Its type, as `format_type` writes it. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly by?: WideningMethod | undefined;
  /** It is NOT NULL, and is to take null. */
  readonly dropNotNull?: true | undefined;
}

/** What a migration does that makes columns of a table take more. */
export interface TableWidening {
  /** @default the DataSource's own schema */
  readonly schema?: string | undefined;
  readonly table: string;
  readonly columns: readonly WidenedColumn[];
}

interface Place {
  readonly queryRunner: QueryRunner;
  readonly schema: string;
  readonly table: string;
  readonly quotedTable: string;
}

function placeOf(queryRunner: QueryRunner, widening: TableWidening): Place {
  const schema = widening.schema ?? defaultSchema(queryRunner.dataSource);
  return { queryRunner, schema, table: widening.table, quotedTable: quoteTable(schema, widening.table) };
}

/**
 * The `up` of a widening. Cut off anywhere, it goes on when it is run again.
 * @throws StorageError `TABLE_BUSY` when the table could not be locked for three minutes
 * @throws StorageError `COLUMN_CHANGED` when a column is not of the type it was
 * @throws StorageError `COLUMN_IN_USE` when a view, a policy or the like keeps Postgres from changing a type
 * @throws StorageError `COLUMN_EXISTS` when there is a column `<column> new` that no widening to this type left behind
 */
export async function widenColumns(queryRunner: QueryRunner, widening: TableWidening): Promise<void> {
  const place = placeOf(queryRunner, widening);
  for (const column of widening.columns) {
    const live = await readColumn(place, column.column);
    if (column.to !== undefined && live.fullType !== column.to) {
      checkType(place, column, live, column.from);
      await widenType(place, column, live.fullType, column.to);
    }
    if (column.dropNotNull === true) {
      await alter(place, `ALTER COLUMN ${quoteIdentifier(column.column)} DROP NOT NULL`);
    }
  }
}

/**
 * The `down` of a widening. It rewrites the table where the type is another. A transaction TypeORM has opened is
 * committed first, and another one is opened for it at the end.
 * @throws StorageError `COLUMN_IN_USE` when a view, a policy or the like keeps Postgres from changing a type
 * @throws StorageError `ROWS_DO_NOT_FIT` when rows hold what the old column cannot; then nothing is changed in it
 */
export async function narrowColumns(queryRunner: QueryRunner, widening: TableWidening): Promise<void> {
  const leaveOpen = queryRunner.isTransactionActive;
  if (leaveOpen) {
    await queryRunner.commitTransaction();
  }
  const place = placeOf(queryRunner, widening);
  for (const column of widening.columns.toReversed()) {
    if (column.dropNotNull === true) {
      await setNotNull(place, column.column);
    }
    const live = await readColumn(place, column.column);
    if (column.to !== undefined && live.fullType !== column.from) {
      checkType(place, column, live, column.to);
      await narrowType(place, column.column, column.from ?? '', column.to);
    }
  }
  if (leaveOpen) {
    await queryRunner.startTransaction();
  }
}

async function readColumn({ queryRunner, schema, table }: Place, column: string): Promise<LiveColumn> {
  const live = await changeRows(queryRunner, table, (client) => readLiveTable(client, schema, table));
  const found = live?.columns.get(column);
  if (found === undefined) {
    throw new StorageError('COLUMN_CHANGED', `There is no column ${column} in ${quoteTable(schema, table)}`);
  }
  return found;
}

function checkType({ table }: Place, { column }: WidenedColumn, live: LiveColumn, expected: string | undefined): void {
  if (live.fullType !== expected) {
    throw new StorageError(
      'COLUMN_CHANGED',
      `${table}.${column} is of type ${live.fullType}, where the migration expects ${expected}: propose anew`,
    );
  }
}

async function widenType(place: Place, { column, by }: WidenedColumn, from: string, to: string): Promise<void> {
  const quoted = quoteIdentifier(column);
  await alterTable(place.queryRunner, place.table, (client) => rejectObstacles(client, place, column));
  if (by === 'new column') {
    await exchangeColumn(place, column, from, to);
  } else if (by === 'rewrite') {
    await alter(place, `ALTER COLUMN ${quoted} TYPE ${to} USING ${cast(quoted, from, to)}`);
  } else {
    // Without USING: Postgres then sees that the stored bytes are good as they are.
    await alter(place, `ALTER COLUMN ${quoted} TYPE ${to}`);
  }
}

/** Postgres would reject too, and without a name. */
async function rejectObstacles(client: ClientBase, { schema, table }: Place, column: string): Promise<void> {
  const { obstacles } = await readDependents(client, schema, table, column);
  if (obstacles.length > 0) {
    throw new StorageError(
      'COLUMN_IN_USE',
      `The type of ${table}.${column} cannot be changed while these use it: ${obstacles.join(', ')}. Drop them, run ` +
        'the migration again, and create them again',
    );
  }
}

const FLOATS: ReadonlySet<string> = new Set(['real', 'double precision']);

/**
 * Postgres rounds a float to 15 digits, a real to 6, when it casts it to numeric. The text has all it takes to read the
 * same float back, where `extra_float_digits` is above 0, as it is in every step.
 */
function cast(value: string, from: string, to: string): string {
  return FLOATS.has(from) ? `(${value})::text::${to}` : `${value}::${to}`;
}

async function alter({ queryRunner, table, quotedTable }: Place, action: string): Promise<void> {
  await alterTable(queryRunner, table, (client) => client.query(`ALTER TABLE ${quotedTable} ${action}`));
}

/** The name of the column that is filled, until it takes the old one's. */
export function newColumnOf(column: string): string {
  return `${column} new`;
}

/**
 * The comment, as SQL, of a column that is being filled: one without it is somebody's own, and what it holds would be
 * lost.
 */
const FILLED_COMMENT = `'filled by harbor-storage'`;

/** Expand, migrate and contract in one: no version of the application sees a column in between. */
async function exchangeColumn(place: Place, column: string, from: string, to: string): Promise<void> {
  const { queryRunner, table, quotedTable } = place;
  const [old, next] = [quoteIdentifier(column), quoteIdentifier(newColumnOf(column))];
  await alterTable(queryRunner, table, async (client) => {
    const found = (await readLiveTable(client, place.schema, table))?.columns.get(newColumnOf(column));
    if (found === undefined) {
      await client.query(`ALTER TABLE ${quotedTable} ADD COLUMN ${next} ${to}`);
      await client.query(`COMMENT ON COLUMN ${quotedTable}.${next} IS ${FILLED_COMMENT}`);
    } else if (
      found.fullType !== to ||
      (await readComment(client, quotedTable, newColumnOf(column))) !== FILLED_COMMENT
    ) {
      throw new StorageError(
        'COLUMN_EXISTS',
        `${table} has a column ${newColumnOf(column)} of type ${found.fullType} already, which is not the one of type ` +
          `${to} that this migration fills: drop or rename it`,
      );
    }
  });
  const value = cast(`t.${old}`, from, to);
  const fill = (where: string): string =>
    `UPDATE ${quotedTable} AS t SET ${next} = ${value} WHERE ${where} AND t.${next} IS DISTINCT FROM ${value}`;
  await changeInPages(queryRunner, place.schema, table, fill);
  await alterTable(queryRunner, table, async (client) => {
    await client.query(`LOCK TABLE ${quotedTable} IN ACCESS EXCLUSIVE MODE`);
    await rejectObstacles(client, place, column);
    if ((await readDependents(client, place.schema, table, column)).any) {
      throw new StorageError(
        'COLUMN_IN_USE',
        `An index, a constraint or a grant is on ${table}.${column} by now, which a new column would lose: ` +
          `set by: 'rewrite' in the migration, which locks the table while it is rewritten`,
      );
    }
    // What was written since its page was filled.
    await client.query(fill('true'));
    const live = (await readLiveTable(client, place.schema, table))?.columns.get(column);
    const actions = [
      live?.notNull === true && `ALTER COLUMN ${next} SET NOT NULL`,
      live?.defaultExpression !== undefined && `ALTER COLUMN ${next} SET DEFAULT ${live.defaultExpression}`,
      `DROP COLUMN ${old}`,
    ].filter((action) => action !== false);
    await client.query(`COMMENT ON COLUMN ${quotedTable}.${next} IS ${await readComment(client, quotedTable, column)}`);
    await client.query(`ALTER TABLE ${quotedTable} ${actions.join(', ')}`);
    await client.query(`ALTER TABLE ${quotedTable} RENAME COLUMN ${next} TO ${old}`);
  });
}

/** The comment of a column, as SQL. */
async function readComment(client: ClientBase, quotedTable: string, column: string): Promise<string> {
  const { rows } = await client.query<{ comment: string }>(
    `SELECT quote_nullable(pg_catalog.col_description(attrelid, attnum)) AS comment
       FROM pg_catalog.pg_attribute WHERE attrelid = $1::regclass AND attname = $2`,
    [quotedTable, column],
  );
  return rows[0]?.comment ?? 'NULL';
}

async function narrowType(place: Place, column: string, from: string, to: string): Promise<void> {
  const { queryRunner, table, quotedTable } = place;
  const quoted = quoteIdentifier(column);
  await alterTable(queryRunner, table, async (client) => {
    await client.query(`LOCK TABLE ${quotedTable} IN ACCESS EXCLUSIVE MODE`);
    await rejectObstacles(client, place, column);
    // A cast there and back: numeric would be rounded to bigint, and text cut to varchar(n), without a word.
    await rejectRows(client, place, column, `${cast(`${quoted}::${from}`, from, to)} IS DISTINCT FROM ${quoted}`, from);
    await client.query(`ALTER TABLE ${quotedTable} ALTER COLUMN ${quoted} TYPE ${from} USING ${quoted}::${from}`);
  });
}

/** NOT VALID and VALIDATE read the rows without keeping writers out; SET NOT NULL then believes the constraint. */
async function setNotNull(place: Place, column: string): Promise<void> {
  const { queryRunner, table, quotedTable } = place;
  const quoted = quoteIdentifier(column);
  const constraint = quoteIdentifier(`harbor not null`);
  await changeRows(queryRunner, table, (client) => rejectRows(client, place, column, `${quoted} IS NULL`, 'NOT NULL'));
  await alter(
    place,
    `DROP CONSTRAINT IF EXISTS ${constraint}, ADD CONSTRAINT ${constraint} CHECK (${quoted} IS NOT NULL) NOT VALID`,
  );
  await changeRows(queryRunner, table, (client) =>
    client.query(`ALTER TABLE ${quotedTable} VALIDATE CONSTRAINT ${constraint}`),
  );
  await alter(place, `ALTER COLUMN ${quoted} SET NOT NULL, DROP CONSTRAINT ${constraint}`);
}

async function rejectRows(
  client: ClientBase,
  { table, quotedTable }: Place,
  column: string,
  condition: string,
  what: string,
): Promise<void> {
  const doNotFit = (howMany: number | string, options?: ErrorOptions): StorageError =>
    new StorageError(
      'ROWS_DO_NOT_FIT',
      `${howMany} rows of ${table} hold in ${column} what ${what} cannot: nothing was reverted. Change or delete them first`,
      options,
    );
  const { rows } = await client
    .query<{ n: number }>(`SELECT count(*)::integer AS n FROM ${quotedTable} WHERE ${condition}`)
    .catch((error: unknown) => {
      // A cast raises at the first value the type has no form for, and how many there are is not counted.
      throw classifyFault(error) === 'row' ? doNotFit('some', { cause: PostgresError.from(error) }) : error;
    });
  const n = rows[0]?.n ?? 0;
  if (n > 0) {
    throw doNotFit(n);
  }
}
