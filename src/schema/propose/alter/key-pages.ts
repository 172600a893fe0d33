import type { ClientBase } from 'pg';
import type { QueryRunner } from 'typeorm';

import { StorageError } from '../../../errors/index.js';
import { quoteIdentifier, quoteTable } from '../../../postgres/identifiers.js';
import { changeRows } from './alter-table.js';

/** Rows changed by one transaction: ten to a few hundred milliseconds, during which a load may wait for a row. */
const PAGE_ROWS = 1_000;

/** The primary key of a table, for reading its rows in pages. */
interface PageKey {
  /** Quoted, in key order. */
  readonly columns: readonly string[];
  readonly types: readonly string[];
}

/** Rows with a key after one key and up to another; without them, from the start or to the end. */
interface Page {
  readonly after: readonly string[] | undefined;
  readonly upTo: readonly string[] | undefined;
}

interface KeyRow {
  name: string;
  type: string;
}

/**
 * Changes the rows of a table in primary key order, each page in its own transaction.
 * @param statement - changes the rows `t` of a page; its own parameters begin at `nextParameter`
 * @returns number of changed rows
 * @throws StorageError `NO_PRIMARY_KEY`
 */
export async function changeInPages(
  queryRunner: QueryRunner,
  schema: string,
  table: string,
  statement: (page: string, nextParameter: number) => string,
  ownParameters: readonly unknown[] = [],
): Promise<number> {
  const quotedTable = quoteTable(schema, table);
  const key = await changeRows(queryRunner, table, (client) => readPageKey(client, schema, table));
  let changed = 0;
  let page: Page = { after: undefined, upTo: undefined };
  do {
    const after = page.upTo;
    page = await changeRows(queryRunner, table, async (client) => {
      const next = await nextPage(client, quotedTable, key, after);
      const { where, parameters } = inPage(key, next);
      const { rowCount } = await client.query(statement(where, parameters.length + 1), [
        ...parameters,
        ...ownParameters,
      ]);
      changed += rowCount ?? 0;
      return next;
    });
  } while (page.upTo !== undefined);
  return changed;
}

async function readPageKey(client: ClientBase, schema: string, table: string): Promise<PageKey> {
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
      `${quoteTable(schema, table)} needs a primary key, because its rows are changed in batches`,
    );
  }
  return { columns: rows.map(({ name }) => quoteIdentifier(name)), types: rows.map(({ type }) => type) };
}

/** The next page of at most {@link PAGE_ROWS} rows, plus rows inserted into it meanwhile. */
async function nextPage(
  client: ClientBase,
  quotedTable: string,
  key: PageKey,
  after: readonly string[] | undefined,
): Promise<Page> {
  const { where, parameters } = inPage(key, { after, upTo: undefined });
  const columns = key.columns.map((name) => `${name}::text`).join(', ');
  const { rows } = await client.query<string[]>({
    text: `SELECT ${columns} FROM ${quotedTable} AS t WHERE ${where}
            ORDER BY ${key.columns.map((name) => `t.${name}`).join(', ')} LIMIT 1 OFFSET $${parameters.length + 1}`,
    values: [...parameters, PAGE_ROWS - 1],
    rowMode: 'array',
  });
  return { after, upTo: rows[0] };
}

/** The condition for rows `t` of the page, with its parameters from $1 on. */
function inPage(
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
