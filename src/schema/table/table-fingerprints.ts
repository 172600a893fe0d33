import type { ClientBase } from 'pg';

/** Schema and name of a table. */
export interface TableName {
  readonly schema: string;
  readonly name: string;
}

// Every ALTER rewrites the catalog rows of the table, so their location and transaction show whether anything changed,
// without reading their content.
const FINGERPRINTS = `
  SELECT hashtextextended(concat_ws('/', c.oid, has_database_privilege(current_database(), 'TEMPORARY'),
           (SELECT string_agg(concat(a.xmin, a.ctid), ' ' ORDER BY a.attnum)
              FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0),
           (SELECT string_agg(concat(d.xmin, d.ctid), ' ' ORDER BY d.adnum)
              FROM pg_catalog.pg_attrdef d WHERE d.adrelid = c.oid),
           (SELECT string_agg(concat(i.indexrelid, i.xmin, i.ctid), ' ' ORDER BY i.indexrelid)
              FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid),
           (SELECT string_agg(concat(k.xmin, k.ctid), ' ' ORDER BY k.oid)
              FROM pg_catalog.pg_constraint k WHERE k.conrelid = c.oid),
           (SELECT string_agg(concat(r.xmin, r.ctid), ' ' ORDER BY r.oid)
              FROM pg_catalog.pg_rewrite r WHERE r.ev_class = c.oid),
           (SELECT count(*) FROM pg_catalog.pg_inherits h WHERE h.inhparent = c.oid AND c.relkind = 'r')), 0)::text AS fingerprint
    FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS wanted (schema, name, place)
    LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = wanted.schema
    LEFT JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = wanted.name AND c.relkind IN ('r', 'p')
   ORDER BY wanted.place`;

/** A fingerprint of each table that changes with its definition, in one short statement. */
export async function readFingerprints(client: ClientBase, tables: readonly TableName[]): Promise<string[]> {
  const { rows } = await client.query<{ fingerprint: string }>(FINGERPRINTS, [
    tables.map(({ schema }) => schema),
    tables.map(({ name }) => name),
  ]);
  return rows.map(({ fingerprint }) => fingerprint);
}
