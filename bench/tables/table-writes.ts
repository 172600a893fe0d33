import type { ClientBase } from 'pg';

import { checkpoint } from './table-state.js';
import type { BenchTable } from '../report/table.js';

/** What a load wrote. */
export interface Writes {
  /** Of the whole server, so with the history of the load and what the system did meanwhile. */
  readonly walBytes: number;
  /** Pages of the table, its indexes and its TOAST table that appear in the WAL, hint bits included. */
  readonly pages: number;
  /** Rows of the table with another version than before. */
  readonly newVersions: number;
}

/** Needs Postgres 16 or later, and a superuser. */
export async function watchWrites(
  client: ClientBase,
  table: BenchTable,
  load: () => Promise<unknown>,
): Promise<Writes> {
  await client.query('CREATE EXTENSION IF NOT EXISTS pg_walinspect');
  await client.query(
    `CREATE TEMPORARY TABLE versions_before AS SELECT ctid AS place, xmin AS writer FROM ${table.quoted}`,
  );
  await checkpoint(client);
  const start = await walPosition(client);
  await load();
  const end = await walPosition(client);
  const { rows } = await client.query<Writes>(
    `WITH tables AS (
       SELECT unnest(ARRAY[oid, reltoastrelid]) AS oid FROM pg_class WHERE oid = $3::regclass
     ), files AS (
       SELECT pg_relation_filenode(oid) AS file FROM tables WHERE oid <> 0
       UNION SELECT pg_relation_filenode(indexrelid) FROM pg_index WHERE indrelid IN (SELECT oid FROM tables)
     )
     SELECT ($2::pg_lsn - $1::pg_lsn)::float AS "walBytes",
       (SELECT count(DISTINCT (relfilenode, relforknumber, relblocknumber))::integer
        FROM pg_get_wal_block_info($1, $2, false) WHERE relfilenode IN (SELECT file FROM files)) AS pages,
       (SELECT count(*)::integer FROM ${table.quoted} t
        WHERE NOT EXISTS (SELECT FROM versions_before WHERE place = t.ctid AND writer = t.xmin)) AS "newVersions"`,
    [start, end, table.quoted],
  );
  await client.query('DROP TABLE versions_before');
  return rows[0] as Writes;
}

/** Where the server writes WAL next. */
export async function walPosition(client: ClientBase): Promise<string> {
  const { rows } = await client.query<{ position: string }>('SELECT pg_current_wal_insert_lsn()::text AS position');
  return rows[0]?.position ?? '';
}
