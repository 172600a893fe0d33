import type { ClientBase } from 'pg';

import { quoteIdentifier, quoteTable } from '../../src/postgres/identifiers.js';

interface BenchColumn {
  readonly name: string;
  /** As formatted by Postgres, for example `timestamp with time zone`. */
  readonly type: string;
}

/** The table written by all contestants, and the columns they write. */
export interface BenchTable {
  readonly name: string;
  readonly quoted: string;
  readonly key: string;
  readonly columns: readonly BenchColumn[];
}

/** Columns that only this package writes, such as the extra column. */
const OWN_COLUMNS = ['extra', 'load_id', 'created_at', 'updated_at'];
const SCHEMA = 'public';

/** Reads the columns of a table of this package from the database, in order. */
export async function readTable(client: ClientBase, name: string): Promise<BenchTable> {
  const quoted = quoteTable(SCHEMA, name);
  const { rows: columns } = await client.query<BenchColumn>(
    `SELECT attname AS name, format_type(atttypid, atttypmod) AS type
     FROM pg_attribute
     WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attname <> ALL ($2)
     ORDER BY attnum`,
    [quoted, OWN_COLUMNS],
  );
  return { name, quoted, key: 'submission_id', columns };
}

/** The same table with only the columns present in the records. */
export function carriedBy(table: BenchTable, record: object): BenchTable {
  return { ...table, columns: table.columns.filter(({ name }) => name in record) };
}

/** `"a", "b"` */
export function columnList({ columns }: BenchTable): string {
  return columns.map(({ name }) => quoteIdentifier(name)).join(', ');
}

/** `"a" text, "b" jsonb` */
export function columnDefinitions({ columns }: BenchTable): string {
  return columns.map(({ name, type }) => `${quoteIdentifier(name)} ${type}`).join(', ');
}

/** The quoted names of all columns but the key. */
export function quotedValues({ columns, key }: BenchTable): string[] {
  return columns.filter(({ name }) => name !== key).map(({ name }) => quoteIdentifier(name));
}

/** The names of all columns but the key. */
export function valueNames({ columns, key }: BenchTable): string[] {
  return columns.map(({ name }) => name).filter((name) => name !== key);
}
