import type { ClientBase } from 'pg';
import type { QueryRunner } from 'typeorm';

import { InvalidLoadError, StorageError } from '../../../errors/index.js';
import { defaultSchema } from '../../../postgres/data-source.js';
import { quoteIdentifier, quoteTable } from '../../../postgres/identifiers.js';
import { readLiveTable } from '../../table/live-table.js';
import { alterTable, changeRows } from './alter-table.js';
import { changeInPages } from './key-pages.js';
import { countLeft, type MoveTarget, moveToColumns, moveToExtra, type PromotedField } from './move-statements.js';

/** What a migration does that gives fields of the extra column columns of their own. */
export interface FieldPromotion {
  /** @default the DataSource's own schema */
  readonly schema?: string | undefined;
  readonly table: string;
  /** The jsonb column that captured the fields. */
  readonly extra: string;
  readonly fields: readonly PromotedField[];
}

/** What a migration left in the extra column. */
export interface LeftInExtra {
  readonly field: string;
  /** Values the column could not hold, or not give back exactly. */
  readonly unfitting: number;
  /** JSON nulls beside a value of the column; where it was there and is not `@CapturedBefore()`, values beside one too. */
  readonly beside: number;
  /** Values captured after the migration had gone through the rows. */
  readonly late: number;
}

/** What was captured while one pass ran is found by the next; after this many, a later migration is to find it. */
const MOST_PASSES = 3;

/** How Postgres spells a type in its catalog. */
const CATALOG_NAMES: Readonly<Record<string, string>> = { timestamptz: 'timestamp with time zone' };

/**
 * The `up` of a promotion: adds the columns, which are nullable, so that no row is rewritten, and moves the values into
 * them in batches, each a transaction of its own. Loads go on meanwhile. Neither `load_id` nor `updated_at` change.
 * Cut off anywhere, it goes on when it is run again. A value that does not fit stays where it is; how many is logged
 * and returned. A JSON null stays too, so that `down` can tell it from a field that was absent; it empties no column.
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
 * The `down` of a promotion: moves the values of the columns back into the extra column, those that were written since
 * as well, and drops the columns. A value of the extra column stays where it fits the column, for a load captured it
 * after the column was written; in the place of a JSON null, or of a value that does not fit, the column's value goes.
 * A transaction TypeORM has opened is committed first, and the last step's is left open for it, so that the columns go in
 * the moment the migration counts as reverted.
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
  const inSchema = schema ?? defaultSchema(queryRunner.dataSource);
  return { quotedTable: quoteTable(inSchema, table), extra: quoteIdentifier(extra), extraName: extra, fields };
}

async function missingColumns(
  client: ClientBase,
  { dataSource }: QueryRunner,
  { schema = defaultSchema(dataSource), table, extra, fields }: FieldPromotion,
): Promise<PromotedField[]> {
  const live = await readLiveTable(client, schema, table);
  if (live?.columns.get(extra)?.type !== 'jsonb') {
    throw new InvalidLoadError(`There is no table ${quoteTable(schema, table)} with a jsonb column ${extra}`);
  }
  for (const { column, type } of fields) {
    const found = live.columns.get(column)?.fullType ?? type;
    if (found !== type && found !== CATALOG_NAMES[type]) {
      throw new StorageError(
        'COLUMN_EXISTS',
        `${table} has a column ${column} of type ${found} already, where the migration wants one of ${type}: ` +
          'drop or rename one of the two',
      );
    }
  }
  return fields.filter(({ column }) => !live.columns.has(column));
}

/** Goes through the rows, page by page, until a pass finds nothing to change. */
async function inPasses(
  queryRunner: QueryRunner,
  promotion: FieldPromotion,
  statement: (page: string, fieldsParameter: number) => string,
  fields: readonly PromotedField[] = promotion.fields,
): Promise<void> {
  const { table, schema = defaultSchema(queryRunner.dataSource) } = promotion;
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
      beside > 0 && `${beside} beside another value in the column`,
      late > 0 && `${late} captured after the rows were gone through`,
    ].filter(Boolean);
    queryRunner.dataSource.logger.logMigration(`${table}: ${extra} keeps values of ${field}: ${counts.join(', ')}`);
  }
}
