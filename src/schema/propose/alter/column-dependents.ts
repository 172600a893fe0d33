import type { ClientBase } from 'pg';

/** Objects that depend on a column. */
export interface ColumnDependents {
  /** Anything but its default: an index, constraint, view, policy, grant or identity. */
  readonly any: boolean;
  /**
   * Objects that prevent a change of its type, as described by Postgres: `view v`, `policy p on table t`, `column c of
   * table t` (a generated one).
   */
  readonly obstacles: readonly string[];
}

// From version 18 on, a NOT NULL is a constraint that depends on its column. From version 15 on, a generated column
// depends on its source columns; in 14 its expression does.
const DEPENDENTS = `
  SELECT bool_or(a.attacl IS NOT NULL OR a.attidentity <> '' OR a.attgenerated <> '' OR d.objid IS NOT NULL) AS any,
         coalesce(array_agg(DISTINCT o.name) FILTER (WHERE o.name IS NOT NULL), '{}') AS obstacles
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND NOT a.attisdropped
    LEFT JOIN pg_catalog.pg_depend d
      ON d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = c.oid AND d.refobjsubid = a.attnum
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_attrdef own
                      WHERE d.classid = 'pg_catalog.pg_attrdef'::regclass AND own.oid = d.objid
                        AND own.adrelid = c.oid AND own.adnum = a.attnum)
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k
                      WHERE d.classid = 'pg_catalog.pg_constraint'::regclass AND k.oid = d.objid AND k.contype = 'n')
    LEFT JOIN pg_catalog.pg_rewrite r ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND r.oid = d.objid
    LEFT JOIN pg_catalog.pg_attrdef e ON d.classid = 'pg_catalog.pg_attrdef'::regclass AND e.oid = d.objid
    LEFT JOIN LATERAL (
      SELECT CASE
               WHEN r.rulename = '_RETURN' THEN pg_catalog.pg_describe_object(d.refclassid, r.ev_class, 0)
               WHEN e.oid IS NOT NULL THEN pg_catalog.pg_describe_object(d.refclassid, e.adrelid, e.adnum)
               WHEN d.classid IN ('pg_catalog.pg_rewrite'::regclass, 'pg_catalog.pg_policy'::regclass,
                                  'pg_catalog.pg_trigger'::regclass, 'pg_catalog.pg_proc'::regclass,
                                  'pg_catalog.pg_publication_rel'::regclass)
                 OR (d.classid = d.refclassid AND d.objsubid > 0)
               THEN pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid)
             END AS name) o ON true
   WHERE n.nspname = $1 AND c.relname = $2 AND a.attname = $3
   GROUP BY a.attnum`;

/** Reads the objects that depend on a column. */
export async function readDependents(
  client: ClientBase,
  schema: string,
  table: string,
  column: string,
): Promise<ColumnDependents> {
  const { rows } = await client.query<ColumnDependents>(DEPENDENTS, [schema, table, column]);
  return rows[0] ?? { any: true, obstacles: [] };
}
