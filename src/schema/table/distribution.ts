import type { ClientBase } from 'pg';

/** How Citus keeps a table on its workers. */
export interface Distribution {
  /** In shards by the value of a column, whole on every worker, or whole on one worker. */
  readonly kind: 'distributed' | 'reference' | 'single-shard';
  /** The column whose value tells the shard of a row; null unless the table is distributed. */
  readonly column: string | null;
  /** Tables with the same number have shards that belong together on the same workers. */
  readonly colocation: number;
}

// A table that is only known to Citus, and stays on the coordinator, has no colocation.
const DISTRIBUTION = `
  SELECT CASE WHEN p.partmethod <> 'n' THEN 'distributed' WHEN p.repmodel = 't' THEN 'reference' ELSE 'single-shard' END AS kind,
         column_to_column_name(p.logicalrelid, p.partkey) AS column,
         p.colocationid AS colocation
    FROM pg_catalog.pg_dist_partition p
    JOIN pg_catalog.pg_class c ON c.oid = p.logicalrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE n.nspname = $1 AND c.relname = $2 AND (p.partmethod <> 'n' OR p.colocationid <> 0)`;

/** Reads how Citus keeps a table, in a database that has the extension; null for a table of the coordinator alone. */
export async function readDistribution(
  client: ClientBase,
  schema: string,
  table: string,
): Promise<Distribution | null> {
  const { rows } = await client.query<Distribution>(DISTRIBUTION, [schema, table]);
  return rows[0] ?? null;
}
