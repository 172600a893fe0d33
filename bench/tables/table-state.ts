import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import type { ClientBase } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

import { quoteIdentifier } from '../../src/postgres/identifiers.js';
import { errorCode } from '../../src/errors/error-text.js';
import { runStatement } from './connection.js';
import { copyLines } from './copy-lines.js';
import type { BenchRecord } from './data.js';
import { type BenchTable, columnList } from '../report/table.js';

const INSUFFICIENT_PRIVILEGE = '42501';

/** Sets the table to the initial state of a case: exactly these rows. */
export async function fillTable(client: ClientBase, table: BenchTable, rows: readonly BenchRecord[]): Promise<void> {
  await client.query(`TRUNCATE ${table.quoted}`);
  if (rows.length > 0) {
    const copy = client.query(copyFrom(`COPY ${table.quoted} (${columnList(table)}) FROM STDIN`));
    await pipeline(Readable.from(copyLines(table, rows), { objectMode: false }), copy);
    // No statistics, hint bits or visible pages are left for a contestant to write.
    await client.query(`VACUUM (ANALYZE) ${table.quoted}`);
  }
  await checkpoint(client);
}

/** Ends what all others but `client` are doing in this database, so that their locks are gone. */
export async function endOpenWork(url: string, client: ClientBase & { readonly processID?: number }): Promise<void> {
  await runStatement(
    url,
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE datname = current_database() AND pid NOT IN (pg_backend_pid(), ${client.processID ?? 0})
       AND backend_type = 'client backend' AND state <> 'idle'`,
  );
}

/** A checkpoint, so that no contestant pays for unwritten pages of another. Skipped without the privilege. */
export async function checkpoint(client: ClientBase): Promise<void> {
  try {
    await client.query('CHECKPOINT');
  } catch (error) {
    if (errorCode(error) !== INSUFFICIENT_PRIVILEGE) {
      throw error;
    }
  }
}

/** Checksums of all rows, independent of their order. */
export interface Checksums {
  readonly exact: string | null;
  /** Does not distinguish an empty text from null. */
  readonly emptyAsNull: string | null;
}

export async function readChecksums(client: ClientBase, { quoted, columns }: BenchTable): Promise<Checksums> {
  const sum = (value: (column: string) => string): string =>
    `sum(hashtextextended(ROW(${columns.map(({ name }) => value(quoteIdentifier(name))).join(', ')})::text, 0))::text`;
  const { rows } = await client.query<Checksums>(
    `SELECT ${sum((column) => column)} AS "exact", ${sum((column) => `NULLIF(${column}::text, '')`)} AS "emptyAsNull"
     FROM ${quoted}`,
  );
  return rows[0] ?? { exact: null, emptyAsNull: null };
}

export async function countRows(client: ClientBase, { quoted }: BenchTable): Promise<number> {
  const { rows } = await client.query<{ count: number }>(`SELECT count(*)::integer AS count FROM ${quoted}`);
  return rows[0]?.count ?? 0;
}
