import type { ClientBase } from 'pg';

/** What hangs on a column. */
export interface ColumnDependents {
  /** Something other than its default goes with it: an index, a constraint, a view, a policy, a grant, an identity. */
  readonly any: boolean;
  /** A view shows it, or a rule names it: Postgres refuses to change its type. */
  readonly view: boolean;
}

// From version 18 on a NOT NULL is a constraint of its own, which depends on its column.
const DEPENDENTS = `
  SELECT a.attacl IS NOT NULL OR a.attidentity <> '' OR a.attgenerated <> '' OR count(d) > 0 AS any,
         count(*) FILTER (WHERE d.classid = 'pg_catalog.pg_rewrite'::regclass) > 0 AS view
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND NOT a.attisdropped
    LEFT JOIN pg_catalog.pg_depend d
      ON d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = c.oid AND d.refobjsubid = a.attnum
     AND d.classid <> 'pg_catalog.pg_attrdef'::regclass
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k
                      WHERE d.classid = 'pg_catalog.pg_constraint'::regclass AND k.oid = d.objid AND k.contype = 'n')
   WHERE n.nspname = $1 AND c.relname = $2 AND a.attname = $3
   GROUP BY a.attacl, a.attidentity, a.attgenerated`;

/** Reads what hangs on a column. */
export async function readDependents(
  client: ClientBase,
  schema: string,
  table: string,
  column: string,
): Promise<ColumnDependents> {
  const { rows } = await client.query<ColumnDependents>(DEPENDENTS, [schema, table, column]);
  return rows[0] ?? { any: true, view: false };
}
