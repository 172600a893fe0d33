import {
  promoteFields,
  returnFields,
  type FieldPromotion,
  type LeftInExtra,
  type SchemaProposal,
} from '../../../src/index.js';
import type { StorageApp } from '../app/storage-app.js';

/** What the migration of a proposal does, without its file. */
export function promotionOf({ table, columns }: SchemaProposal): FieldPromotion {
  const fields = columns.map(({ field, column, type, form, existing }) => ({
    field,
    column,
    type,
    form,
    existing,
  }));
  return { table, extra: 'extra', fields };
}

/** Runs the `up` of a migration as TypeORM does for one of its own transactions. */
export async function runUp(app: StorageApp, promotion: FieldPromotion): Promise<LeftInExtra[]> {
  const queryRunner = app.dataSource.createQueryRunner();
  try {
    return await promoteFields(queryRunner, promotion);
  } finally {
    await queryRunner.release();
  }
}

/** Runs the `down` of a migration as TypeORM does, in a transaction it has opened and commits. */
export async function runDown(app: StorageApp, promotion: FieldPromotion): Promise<void> {
  const queryRunner = app.dataSource.createQueryRunner();
  try {
    await queryRunner.startTransaction();
    await returnFields(queryRunner, promotion);
    await queryRunner.commitTransaction();
  } finally {
    await queryRunner.release();
  }
}

/** Puts rows into `submissions` as they are; each element is the JSON text of its `extra`, null for none. */
export async function insertExtras(app: StorageApp, extras: readonly (string | null)[], prefix = 'r'): Promise<void> {
  await app.rows(
    `INSERT INTO submissions (submission_id, reddit_id, extra)
     SELECT $2 || n, $2 || n, e::jsonb FROM unnest($1::text[]) WITH ORDINALITY AS x(e, n)`,
    [extras, prefix],
  );
}

/** One hash of everything the table holds. */
export async function hashOf(app: StorageApp, table = 'submissions'): Promise<string> {
  const [row] = await app.rows<{ hash: string }>(
    `SELECT md5(string_agg(t::text, E'\\n' ORDER BY t::text)) AS hash FROM ${table} t`,
  );
  return row?.hash ?? '';
}
