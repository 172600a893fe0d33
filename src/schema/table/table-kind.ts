import type { ClientBase } from 'pg';

import { quoteTable } from '../../postgres/identifiers.js';
import { type Distribution, readDistributions } from './distribution.js';

/** An integer column whose default, or identity, is the next value of a sequence that counts upwards. */
interface ColumnSequence {
  readonly column: string;
  /** The sequence, quoted and with its schema. */
  readonly sequence: string;
}

/** What kind of table it is, and what else decides over its rows. */
export interface TableKind {
  /** For example `RANGE (created_at)`; null for a table that is not partitioned. */
  readonly partitionKey: string | null;
  /** Tables that inherit from it without being its partitions. */
  readonly children: readonly string[];
  /** Rules on INSERT or UPDATE: Postgres runs other statements instead. */
  readonly rules: readonly string[];
  readonly sequences: readonly ColumnSequence[];
  /** It, or one of its partitions, has triggers beside those of foreign keys. A later one does not change the fingerprint of the table. */
  readonly hasTriggers: boolean;
  /** One of its partitions has a unique index or an exclusion constraint that the table itself has not. As with triggers, a later one is not noticed. */
  readonly hasPartitionKeys: boolean;
  /** How Citus keeps the table; null for a table of this server alone. */
  readonly distribution: Distribution | null;
}

/** What the catalogs of Postgres say of a table. */
interface KindRow extends Omit<TableKind, 'distribution'> {
  readonly hasCitus: boolean;
}

/**
 * The table and its partitions, whose triggers fire for rows of the table, too: the right side of a comparison by `=`.
 * @param oid - of the table, as SQL
 */
export function anyWithPartitions(oid: string): string {
  return `ANY (array_append(ARRAY(SELECT relid::oid FROM pg_catalog.pg_partition_tree(${oid})), ${oid}::oid))`;
}

const KIND = `
  SELECT to_regclass('pg_catalog.pg_dist_partition') IS NOT NULL AS "hasCitus",
         pg_get_partkeydef(c.oid) AS "partitionKey",
         ARRAY(SELECT i.inhrelid::regclass::text FROM pg_catalog.pg_inherits i
                WHERE i.inhparent = c.oid AND c.relkind = 'r' ORDER BY 1) AS children,
         ARRAY(SELECT r.rulename::text FROM pg_catalog.pg_rewrite r
                WHERE r.ev_class = c.oid AND r.ev_type IN ('2', '3') AND r.ev_enabled <> 'D' ORDER BY 1) AS rules,
         EXISTS (SELECT FROM pg_catalog.pg_trigger g
                  WHERE g.tgrelid = ${anyWithPartitions('c.oid')} AND NOT g.tgisinternal) AS "hasTriggers",
         EXISTS (SELECT FROM pg_catalog.pg_index x
                  WHERE x.indrelid = ${anyWithPartitions('c.oid')} AND x.indrelid <> c.oid AND (x.indisunique OR x.indisexclusion)
                    AND NOT EXISTS (SELECT FROM pg_catalog.pg_inherits h WHERE h.inhrelid = x.indexrelid)) AS "hasPartitionKeys",
         (SELECT coalesce(json_agg(json_build_object('column', a.attname, 'sequence',
                   format('"%s"."%s"', replace(sn.nspname, '"', '""'), replace(s.relname, '"', '""')))), '[]')
            FROM pg_catalog.pg_attribute a
            LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
            JOIN pg_catalog.pg_depend p
              ON p.classid = 'pg_catalog.pg_attrdef'::regclass AND p.objid = d.oid AND p.refobjid <> a.attrelid
              OR a.attidentity <> '' AND p.deptype = 'i' AND p.refclassid = 'pg_catalog.pg_class'::regclass
                 AND p.refobjid = a.attrelid AND p.refobjsubid = a.attnum
            JOIN pg_catalog.pg_class s
              ON s.oid = CASE WHEN p.classid = 'pg_catalog.pg_attrdef'::regclass THEN p.refobjid ELSE p.objid END
            JOIN pg_catalog.pg_sequence q ON q.seqrelid = s.oid AND q.seqincrement > 0
            JOIN pg_catalog.pg_namespace sn ON sn.oid = s.relnamespace
           WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
             AND a.atttypid IN ('smallint'::regtype, 'integer'::regtype, 'bigint'::regtype)) AS sequences
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE n.nspname = $1 AND c.relname = $2`;

const NO_KIND: KindRow = {
  hasCitus: false,
  partitionKey: null,
  children: [],
  rules: [],
  sequences: [],
  hasTriggers: false,
  hasPartitionKeys: false,
};

/** Reads the kind of a table that exists. */
export async function readTableKind(client: ClientBase, schema: string, table: string): Promise<TableKind> {
  const { rows } = await client.query<KindRow>(KIND, [schema, table]);
  const { hasCitus, ...kind } = rows[0] ?? NO_KIND;
  if (!hasCitus) {
    return { ...kind, distribution: null };
  }
  const quoted = quoteTable(schema, table);
  const distributions = await readDistributions(async (sql, given) => (await client.query(sql, given)).rows, [quoted]);
  return { ...kind, distribution: distributions.get(quoted) ?? null };
}
