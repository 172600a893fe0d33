/** How Citus keeps a table on its workers. */
export interface Distribution {
  /**
   * In shards by the value of a column, the same with several copies of each shard, whole on every worker, or whole on one
   * worker.
   */
  readonly kind: 'distributed' | 'replicated' | 'reference' | 'single-shard';
  /** The column whose value tells the shard of a row; null unless the table is distributed or replicated. */
  readonly column: string | null;
  /** Tables with the same number have shards that belong together on the same workers. */
  readonly colocation: number;
}

/** Runs a query on a connection. */
type RunQuery = (sql: string, parameters: unknown[]) => Promise<unknown[]>;

// A table that is only known to Citus, and stays on the coordinator, has no colocation.
const DISTRIBUTIONS = `
  SELECT wanted.name AS "table",
         CASE WHEN p.partmethod = 'h' AND p.repmodel = 'c' THEN 'replicated' WHEN p.partmethod <> 'n' THEN 'distributed'
              WHEN p.repmodel = 't' THEN 'reference' ELSE 'single-shard' END AS kind,
         column_to_column_name(p.logicalrelid, p.partkey) AS column,
         p.colocationid AS colocation
    FROM unnest($1::text[]) AS wanted (name)
    JOIN pg_catalog.pg_dist_partition p ON p.logicalrelid = to_regclass(wanted.name)
   WHERE p.partmethod <> 'n' OR p.colocationid <> 0`;

/**
 * How Citus keeps tables, in a database that has the extension; the tables of the coordinator alone are not among them.
 * @param tables - quoted, with their schemas
 */
export async function readDistributions(
  run: RunQuery,
  tables: readonly string[],
): Promise<ReadonlyMap<string, Distribution>> {
  const rows = (await run(DISTRIBUTIONS, [tables])) as (Distribution & { readonly table: string })[];
  return new Map(rows.map(({ table, ...distribution }) => [table, distribution]));
}

/** Whether a table is distributed by a column, or for null a table of a single shard. */
export function isKeptAs(distribution: Distribution | null | undefined, column: string | null): boolean {
  const kind = column === null ? 'single-shard' : 'distributed';
  return distribution?.kind === kind && distribution.column === column;
}

/** For messages: what a table is. */
export function describeDistribution({ kind, column }: Distribution): string {
  return kind === 'distributed' ? `distributed by ${column}` : `a ${kind} table`;
}
