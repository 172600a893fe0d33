import type { ClientBase } from 'pg';

import { StorageError } from '../../errors/index.js';
import { quoteIdentifier, quoteTable } from '../../postgres/identifiers.js';

/** The primary key of a table, to go through its rows page by page. */
export interface PageKey {
  /** Quoted, in key order. */
  readonly columns: readonly string[];
  readonly types: readonly string[];
}

/** Rows whose key comes after one of two keys, and not after the other; without them, from or to the end. */
export interface Page {
  readonly after: readonly string[] | undefined;
  readonly upTo: readonly string[] | undefined;
}

interface KeyRow {
  name: string;
  type: string;
}

/** @throws StorageError `NO_PRIMARY_KEY` */
export async function readPageKey(client: ClientBase, schema: string, table: string): Promise<PageKey> {
  const { rows } = await client.query<KeyRow>(
    `SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type
       FROM pg_catalog.pg_index i
       JOIN pg_catalog.pg_class c ON c.oid = i.indrelid
       JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k(attnum, position)
       JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
      WHERE n.nspname = $1 AND c.relname = $2 AND i.indisprimary AND k.position <= i.indnkeyatts
      ORDER BY k.position`,
    [schema, table],
  );
  if (rows.length === 0) {
    throw new StorageError(
      'NO_PRIMARY_KEY',
      `${quoteTable(schema, table)} is no table with a primary key, by which its rows could be gone through in batches`,
    );
  }
  return { columns: rows.map(({ name }) => quoteIdentifier(name)), types: rows.map(({ type }) => type) };
}

/** The next page of at most `size` rows, and a few more where rows are inserted into it meanwhile. */
export async function nextPage(
  client: ClientBase,
  quotedTable: string,
  key: PageKey,
  after: readonly string[] | undefined,
  size: number,
): Promise<Page> {
  const { where, parameters } = inPage(key, { after, upTo: undefined });
  const columns = key.columns.map((name) => `${name}::text`).join(', ');
  const { rows } = await client.query<string[]>({
    text: `SELECT ${columns} FROM ${quotedTable} AS t WHERE ${where}
            ORDER BY ${key.columns.map((name) => `t.${name}`).join(', ')} LIMIT 1 OFFSET ${size - 1}`,
    values: [...parameters],
    rowMode: 'array',
  });
  return { after, upTo: rows[0] };
}

/** The condition that a row `t` is in the page, with the parameters it takes, from $1. */
export function inPage(
  { columns, types }: PageKey,
  { after, upTo }: Page,
): { readonly where: string; readonly parameters: readonly string[] } {
  const row = columns.map((name) => `t.${name}`).join(', ');
  const bound = (first: number): string => types.map((type, index) => `$${first + index}::${type}`).join(', ');
  const conditions = [
    after === undefined ? 'true' : `(${row}) > (${bound(1)})`,
    upTo === undefined ? 'true' : `(${row}) <= (${bound(1 + (after?.length ?? 0))})`,
  ];
  return { where: conditions.join(' AND '), parameters: [...(after ?? []), ...(upTo ?? [])] };
}
