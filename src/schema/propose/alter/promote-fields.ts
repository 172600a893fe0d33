import type { ClientBase } from 'pg';
import type { QueryRunner } from 'typeorm';

import { InvalidLoadError, StorageError } from '../../../errors/index.js';
import { defaultSchema } from '../../../postgres/data-source.js';
import { quoteIdentifier, quoteTable } from '../../../postgres/identifiers.js';
import { dataSourceOf } from '../../../postgres/typeorm-adapter.js';
import { readLiveTable } from '../../table/live-table.js';
import { alterTable, changeRows } from './alter-table.js';
import { changeInPages } from './key-pages.js';
import { countLeft, type MoveTarget, moveToColumns, moveToExtra, type PromotedField } from './move-statements.js';

/** A migration that turns fields of the extra column into columns. */
export interface FieldPromotion {
  /** @default the DataSource's own schema */
  readonly schema?: string | undefined;
  readonly table: string;
  /** The jsonb column with the captured fields. */
  readonly extra: string;
  readonly fields: readonly PromotedField[];
}

/** Values a migration left in the extra column. */
export interface LeftInExtra {
  readonly field: string;
  /** Values that the column cannot hold or reproduce exactly. */
  readonly unfitting: number;
  /** JSON nulls next to a column value; in an existing column without `@CapturedBefore()`, also other values. */
  readonly beside: number;
  /** Values captured after the migration had changed the row. */
  readonly late: number;
}

/** Each pass finds values captured during the one before; after this many, a later migration must find them. */
const MOST_PASSES = 3;

/** Catalog names of types. */
const CATALOG_NAMES: Readonly<Record<string, string>> = { timestamptz: 'timestamp with time zone' };

/**
 * The `up` of a promotion: adds nullable columns, so that no row is rewritten, and moves the values into them in batches,
 * each in its own transaction. Loads continue meanwhile; `load_id` and `updated_at` do not change. If interrupted, it
 * resumes when run again. Values that do not fit stay in the extra column; their number is logged and returned. JSON
 * nulls stay too, so that `down` can distinguish them from absent fields; they never empty a column.
 * @throws StorageError `COLUMN_EXISTS` when a column of the name has another type
 * @throws StorageError `TABLE_BUSY` when the table could not be locked for three minutes
 */
export async function promoteFields(queryRunner: QueryRunner, promotion: FieldPromotion): Promise<LeftInExtra[]> {
  if (promotion.fields.length === 0) {
    return [];
  }
  const target = targetOf(queryRunner, promotion);
  const columns = promotion.fields.map(
    ({ column, type }) => `ADD COLUMN IF NOT EXISTS ${quoteIdentifier(column)} ${type}`,
  );
  const missing = await changeRows(queryRunner, promotion.table, (client) =>
    missingColumns(client, queryRunner, promotion),
  );
  if (missing.length > 0) {
    await alterTable(queryRunner, promotion.table, (client) =>
      client.query(`ALTER TABLE ${target.quotedTable} ${columns.join(', ')}`),
    );
  }
  await inPasses(queryRunner, promotion, (page, parameter) => moveToColumns(target, page, parameter));
  const left = await changeRows(queryRunner, promotion.table, (client) => readLeft(client, target));
  report(queryRunner, promotion, left);
  return left;
}

/**
 * The `down` of a promotion: moves column values, including newer ones, back into the extra column, and drops the columns.
 * A value in the extra column stays if it fits the column, because a load captured it after the column was written; the
 * column's value replaces a JSON null or a value that does not fit. A transaction opened by TypeORM is committed first,
 * and the one of the last step is left open for it, so that the columns are dropped exactly when the migration counts as
 * reverted.
 */
export async function returnFields(queryRunner: QueryRunner, promotion: FieldPromotion): Promise<void> {
  const leaveOpen = queryRunner.isTransactionActive;
  if (leaveOpen) {
    await queryRunner.commitTransaction();
  }
  const missing = await changeRows(queryRunner, promotion.table, (client) =>
    missingColumns(client, queryRunner, promotion),
  );
  const fields = promotion.fields.filter((field) => field.existing === undefined && !missing.includes(field));
  const target = targetOf(queryRunner, { ...promotion, fields });
  if (fields.length > 0) {
    await inPasses(queryRunner, promotion, (page, parameter) => moveToExtra(target, page, parameter), fields);
  }
  await alterTable(
    queryRunner,
    promotion.table,
    async (client) => {
      if (fields.length > 0) {
        await client.query(`LOCK TABLE ${target.quotedTable} IN ACCESS EXCLUSIVE MODE`);
        await client.query(moveToExtra(target, 'true', 1), [fields.map(({ field }) => field)]);
        const drops = fields.map(({ column }) => `DROP COLUMN ${quoteIdentifier(column)}`);
        await client.query(`ALTER TABLE ${target.quotedTable} ${drops.join(', ')}`);
      }
    },
    { leaveOpen },
  );
}

function targetOf(queryRunner: QueryRunner, { schema, table, extra, fields }: FieldPromotion): MoveTarget {
  const inSchema = schema ?? defaultSchema(dataSourceOf(queryRunner));
  return { quotedTable: quoteTable(inSchema, table), extra: quoteIdentifier(extra), extraName: extra, fields };
}

async function missingColumns(
  client: ClientBase,
  queryRunner: QueryRunner,
  { schema = defaultSchema(dataSourceOf(queryRunner)), table, extra, fields }: FieldPromotion,
): Promise<PromotedField[]> {
  const live = await readLiveTable(client, schema, table);
  if (live?.columns.get(extra)?.type !== 'jsonb') {
    throw new InvalidLoadError(`Table ${quoteTable(schema, table)} with a jsonb column ${extra} does not exist`);
  }
  for (const { column, type } of fields) {
    const existing = live.columns.get(column);
    const found = existing?.domain ?? existing?.fullType ?? type;
    if (found !== type && found !== CATALOG_NAMES[type]) {
      throw new StorageError(
        'COLUMN_EXISTS',
        `${table} already has a column ${column} of type ${found}, but the migration needs type ${type}: ` +
          'drop or rename the column',
      );
    }
  }
  return fields.filter(({ column }) => !live.columns.has(column));
}

/** Changes the rows page by page, until a pass finds nothing to change. */
async function inPasses(
  queryRunner: QueryRunner,
  promotion: FieldPromotion,
  statement: (page: string, fieldsParameter: number) => string,
  fields: readonly PromotedField[] = promotion.fields,
): Promise<void> {
  const { table, schema = defaultSchema(dataSourceOf(queryRunner)) } = promotion;
  const names = fields.map(({ field }) => field);
  for (let pass = 1; pass <= MOST_PASSES; pass += 1) {
    if ((await changeInPages(queryRunner, schema, table, statement, [names])) === 0) {
      return;
    }
  }
}

async function readLeft(client: ClientBase, target: MoveTarget): Promise<LeftInExtra[]> {
  const { rows } = await client.query<Record<string, number>>(countLeft(target), [
    target.fields.map(({ field }) => field),
  ]);
  const counts = rows[0] ?? {};
  const count = (name: string): number => counts[name] ?? 0;
  return target.fields
    .map(({ field }, index) => ({
      field,
      unfitting: count(`unfitting_${index}`),
      beside: count(`beside_${index}`),
      late: count(`late_${index}`),
    }))
    .filter(({ unfitting, beside, late }) => unfitting + beside + late > 0);
}

function report(queryRunner: QueryRunner, { table, extra }: FieldPromotion, left: readonly LeftInExtra[]): void {
  for (const { field, unfitting, beside, late } of left) {
    const counts = [
      unfitting > 0 && `${unfitting} that do not fit the column`,
      beside > 0 && `${beside} where the column has another value`,
      late > 0 && `${late} captured during the migration`,
    ].filter(Boolean);
    dataSourceOf(queryRunner).logger.logMigration(`${table}: ${extra} keeps values of ${field}: ${counts.join(', ')}`);
  }
}
