import type { ClientBase } from 'pg';
import type { QueryRunner } from 'typeorm';

import { StorageError } from '../../../errors/index.js';
import { defaultSchema } from '../../../postgres/data-source.js';
import { PostgresError } from '../../../postgres/faults/database-fault.js';
import { quoteIdentifier, quoteTable } from '../../../postgres/identifiers.js';
import { classifyFault } from '../../../postgres/faults/sqlstate.js';
import { dataSourceOf } from '../../../postgres/typeorm-adapter.js';
import { type LiveColumn, readLiveTable } from '../../table/live-table.js';
import { alterTable, changeRows } from './alter-table.js';
import { readDependents } from './column-dependents.js';
import { changeInPages } from './key-pages.js';

/**
 * How the type of a column is changed:
 * - `in place`: Postgres changes its catalog only
 * - `new column`: a column of the new type is filled in batches and replaces the old one; the table is locked for one scan
 *   at the end
 * - `rewrite`: Postgres rewrites the table and its indexes, with the table locked for reads and writes
 */
export type WideningMethod = 'in place' | 'new column' | 'rewrite';

/** A column to be widened. */
export interface WidenedColumn {
  readonly column: string;
  /** Its current type, as formatted by `format_type`. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly by?: WideningMethod | undefined;
  /** Drops its NOT NULL. */
  readonly dropNotNull?: true | undefined;
}

/** A migration that widens columns of a table. */
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
  const schema = widening.schema ?? defaultSchema(dataSourceOf(queryRunner));
  return { queryRunner, schema, table: widening.table, quotedTable: quoteTable(schema, widening.table) };
}

/**
 * The `up` of a widening. If interrupted, it resumes when run again.
 * @throws StorageError `TABLE_BUSY` when the table could not be locked for three minutes
 * @throws StorageError `COLUMN_CHANGED` when a column does not have the expected type
 * @throws StorageError `COLUMN_IN_USE` when an object such as a view or policy prevents a change of type
 * @throws StorageError `COLUMN_EXISTS` when there is a column `<column> new` that was not left by a widening to this type
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
 * The `down` of a widening. It rewrites the table if the type differs. A transaction opened by TypeORM is committed first,
 * and another one is opened for it at the end.
 * @throws StorageError `COLUMN_IN_USE` when an object such as a view or policy prevents a change of type
 * @throws StorageError `ROWS_DO_NOT_FIT` when rows contain values that the old column cannot hold; nothing is changed then
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
    throw new StorageError('COLUMN_CHANGED', `Column ${column} of ${quoteTable(schema, table)} does not exist`);
  }
  return found;
}

function checkType({ table }: Place, { column }: WidenedColumn, live: LiveColumn, expected: string | undefined): void {
  if (live.domain !== undefined || live.fullType !== expected) {
    throw new StorageError(
      'COLUMN_CHANGED',
      `${table}.${column} has type ${live.domain ?? live.fullType}, but the migration expects ${expected}: create a new proposal`,
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
    // Without USING, Postgres recognises that the stored bytes stay valid.
    await alter(place, `ALTER COLUMN ${quoted} TYPE ${to}`);
  }
}

/** Postgres would fail too, but without naming the object. */
async function rejectObstacles(client: ClientBase, { schema, table }: Place, column: string): Promise<void> {
  const { obstacles } = await readDependents(client, schema, table, column);
  if (obstacles.length > 0) {
    throw new StorageError(
      'COLUMN_IN_USE',
      `Cannot change the type of ${table}.${column}, because these depend on it: ${obstacles.join(', ')}. Drop them, run ` +
        'the migration again, and recreate them.',
    );
  }
}

const FLOATS: ReadonlySet<string> = new Set(['real', 'double precision']);

/**
 * Casting a float to numeric, Postgres rounds it to 15 digits, a real to 6. Its text reproduces the float exactly if
 * `extra_float_digits` is above 0, as it is in every step.
 */
function cast(value: string, from: string, to: string): string {
  return FLOATS.has(from) ? `(${value})::text::${to}` : `${value}::${to}`;
}

async function alter({ queryRunner, table, quotedTable }: Place, action: string): Promise<void> {
  await alterTable(queryRunner, table, (client) => client.query(`ALTER TABLE ${quotedTable} ${action}`));
}

/** Name of the new column until it replaces the old one. */
export function newColumnOf(column: string): string {
  return `${column} new`;
}

/**
 * Marks our new column by an SQL comment: a column without it belongs to somebody else, and its values would be lost.
 */
const FILLED_COMMENT = `'filled by harbor-storage'`;

/** Expand, migrate and contract in one migration: no application version sees the new column in between. */
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
        `${table} already has a column ${newColumnOf(column)} of type ${found.fullType}, which this migration did not ` +
          `create for type ${to}: drop or rename it`,
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
        `Replacing ${table}.${column} would now lose an index, a constraint or a grant: ` +
          `set by: 'rewrite' in the migration, which locks the table while it is rewritten`,
      );
    }
    // Rows written since their page was filled.
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
    // A cast there and back: numeric would silently be rounded to bigint, and text truncated to varchar(n).
    await rejectRows(client, place, column, `${cast(`${quoted}::${from}`, from, to)} IS DISTINCT FROM ${quoted}`, from);
    await client.query(`ALTER TABLE ${quotedTable} ALTER COLUMN ${quoted} TYPE ${from} USING ${quoted}::${from}`);
  });
}

/** NOT VALID and VALIDATE read the rows without blocking writers; SET NOT NULL then relies on the constraint. */
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
      `${howMany} rows of ${table}.${column} do not fit ${what}: nothing was reverted. Change or delete them first.`,
      options,
    );
  const { rows } = await client
    .query<{ n: number }>(`SELECT count(*)::integer AS n FROM ${quotedTable} WHERE ${condition}`)
    .catch((error: unknown) => {
      // A cast raises an error at the first value that does not fit, so the number is unknown.
      throw classifyFault(error) === 'row' ? doNotFit('some', { cause: PostgresError.from(error) }) : error;
    });
  const n = rows[0]?.n ?? 0;
  if (n > 0) {
    throw doNotFit(n);
  }
}
