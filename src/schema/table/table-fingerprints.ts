import { type ClientBase, escapeLiteral, type QueryResult } from 'pg';

import type { LiveTable } from './live-table.js';

// Every ALTER rewrites the catalog rows of the table, so their location and transaction show whether anything changed,
// without reading their content. pg_relation_filenode reads what is committed now, whatever the snapshot shows.
const fingerprintsOf = (tables: readonly string[]): string => `
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
           (SELECT count(*) FROM pg_catalog.pg_inherits h WHERE h.inhparent = c.oid AND c.relkind = 'r')), 0)::text AS fingerprint,
         pg_relation_filenode(c.oid) IS DISTINCT FROM nullif(c.relfilenode, 0) AS "isOutdated"
    FROM unnest(ARRAY[${tables.map((table) => escapeLiteral(table)).join(', ')}]::text[]) WITH ORDINALITY AS wanted (name, place)
    LEFT JOIN pg_catalog.pg_class c ON c.oid = to_regclass(wanted.name)
   ORDER BY wanted.place`;

/** SQL condition: the tables (quoted, with their schemas) have these fingerprints. */
export function haveFingerprints(tables: ReadonlyMap<string, string>): string {
  const expected = escapeLiteral([...tables.values()].join(' '));
  return `(SELECT string_agg(f.fingerprint, ' ') FROM (${fingerprintsOf([...tables.keys()])}) AS f) = ${expected}`;
}

/** SQL condition: the tables (quoted, with their schemas) have no triggers but those of foreign keys. */
export function haveNoTriggers(tables: readonly string[]): string {
  const oids = tables.map((table) => `${escapeLiteral(table)}::regclass`);
  return `NOT EXISTS (SELECT FROM pg_catalog.pg_trigger WHERE tgrelid IN (${oids.join(', ')}) AND NOT tgisinternal)`;
}

/** The definition of a table as the transaction sees it. */
export interface TableState {
  readonly fingerprint: string;
  /** The table was rewritten after the transaction took its snapshot, which shows an older definition. */
  readonly isOutdated: boolean;
}

/** A table to lock. */
export interface LockedTable {
  readonly quotedTable: string;
  readonly live: Pick<LiveTable, 'mayLock'>;
}

/**
 * A fingerprint of each table that changes with its definition, in one short statement.
 * @param tables - quoted, with their schemas
 */
export async function readFingerprints(client: ClientBase, tables: readonly string[]): Promise<string[]> {
  const { rows } = await client.query<TableState>(fingerprintsOf(tables));
  return rows.map(({ fingerprint }) => fingerprint);
}

/**
 * The states of tables that nobody can alter until the end of the transaction: they get the lock that a write takes. A
 * role that may write single columns only cannot take it by LOCK TABLE; the lock that a read takes keeps ALTER out, too.
 * @throws an error of code 42P01 when there is no such table
 */
export async function lockAndReadStates(client: ClientBase, tables: readonly LockedTable[]): Promise<TableState[]> {
  const locks = tables.map(({ quotedTable, live: { mayLock } }) =>
    mayLock ? `LOCK TABLE ONLY ${quotedTable} IN ROW EXCLUSIVE MODE` : `SELECT FROM ONLY ${quotedTable} WHERE false`,
  );
  const query = fingerprintsOf(tables.map(({ quotedTable }) => quotedTable));
  const results = await client.query([...locks, query].join('; '));
  const [{ rows }] = (results as unknown as QueryResult<TableState>[]).slice(-1) as [QueryResult<TableState>];
  return rows;
}
