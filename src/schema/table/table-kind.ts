import type { ClientBase } from 'pg';

/** What kind of table it is, and what else decides over its rows. */
export interface TableKind {
  /** For example `RANGE (created_at)`; null for a table that is not partitioned. */
  readonly partitionKey: string | null;
  /** Tables that inherit from it without being its partitions. */
  readonly children: readonly string[];
  /** Rules on INSERT or UPDATE: Postgres runs other statements instead. */
  readonly rules: readonly string[];
}

const KIND = `
  SELECT pg_get_partkeydef(c.oid) AS "partitionKey",
         ARRAY(SELECT i.inhrelid::regclass::text FROM pg_catalog.pg_inherits i
                WHERE i.inhparent = c.oid AND c.relkind = 'r' ORDER BY 1) AS children,
         ARRAY(SELECT r.rulename::text FROM pg_catalog.pg_rewrite r
                WHERE r.ev_class = c.oid AND r.ev_type IN ('2', '3') AND r.ev_enabled <> 'D' ORDER BY 1) AS rules
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE n.nspname = $1 AND c.relname = $2`;

/** Reads the kind of a table that exists. */
export async function readTableKind(client: ClientBase, schema: string, table: string): Promise<TableKind> {
  const { rows } = await client.query<TableKind>(KIND, [schema, table]);
  return rows[0] ?? { partitionKey: null, children: [], rules: [] };
}
