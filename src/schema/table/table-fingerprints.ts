import { type ClientBase, escapeLiteral, type QueryResult } from 'pg';

import type { LiveTable } from './live-table.js';

// Every ALTER rewrites catalog rows of the table, so their location and transaction show whether anything changed, without
// reading their content. A new default is seen at its column: its old one is removed there first. One UNION is planned in
// half the time of a subquery for each catalog.
const CATALOGS = [
  ['pg_attribute', 'attrelid', 'AND attnum > 0'],
  ['pg_index', 'indrelid', ''],
  ['pg_constraint', 'conrelid', ''],
  ['pg_rewrite', 'ev_class', ''],
  // Citus has a trigger of this kind on each table that it keeps.
  ['pg_trigger', 'tgrelid', 'AND tgisinternal AND tgtype & 32 <> 0'],
] as const;

/**
 * @param oid - SQL of the table's oid
 * @param inherits - SQL condition: rows of tables that inherit from it are its rows, too, and these tables no partitions
 */
function fingerprintOf(oid: string, inherits: string): string {
  const rows = [...CATALOGS, ['pg_inherits', 'inhparent', `AND ${inherits}`] as const].map(
    ([catalog, column, condition]) =>
      `SELECT tableoid, xmin, ctid FROM pg_catalog.${catalog} WHERE ${column} = ${oid} ${condition}`,
  );
  return `concat_ws('/', ${oid}, has_database_privilege(current_database(), 'TEMPORARY'),
    (SELECT sum(hashtextextended(concat_ws(' ', tableoid, xmin, ctid), 0)) FROM (${rows.join(' UNION ALL ')}) AS r))`;
}

// pg_relation_filenode reads what is committed now, whatever the snapshot shows.
const fingerprintsOf = (tables: readonly string[]): string => `
  SELECT ${fingerprintOf('c.oid', "c.relkind = 'r'")} AS fingerprint,
         pg_relation_filenode(c.oid) IS DISTINCT FROM nullif(c.relfilenode, 0) AS "isOutdated"
    FROM unnest(ARRAY[${tables.map((table) => escapeLiteral(table)).join(', ')}]::text[]) WITH ORDINALITY AS wanted (name, place)
    LEFT JOIN pg_catalog.pg_class c ON c.oid = to_regclass(wanted.name)
   ORDER BY wanted.place`;

/** SQL condition: a table is as it was when it was read. */
export function hasFingerprint(quotedTable: string, { kind }: Pick<LiveTable, 'kind'>, fingerprint: string): string {
  const oid = `${escapeLiteral(quotedTable)}::regclass::oid`;
  return `${fingerprintOf(oid, String(kind.partitionKey === null))} = ${escapeLiteral(fingerprint)}`;
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
 * The states of tables that nobody can alter until the end of the transaction: they get the lock that a write takes, or one
 * that keeps other writers out, too. A
 * role that may write single columns only cannot take it by LOCK TABLE; the lock that a read takes keeps ALTER out, too.
 * @throws an error of code 42P01 when there is no such table
 */
export async function lockAndReadStates(
  client: ClientBase,
  tables: readonly LockedTable[],
  mode: 'ROW EXCLUSIVE' | 'SHARE ROW EXCLUSIVE',
): Promise<TableState[]> {
  const locks = tables.map(({ quotedTable, live: { mayLock } }) =>
    mayLock ? `LOCK TABLE ONLY ${quotedTable} IN ${mode} MODE` : `SELECT FROM ONLY ${quotedTable} WHERE false`,
  );
  const query = fingerprintsOf(tables.map(({ quotedTable }) => quotedTable));
  const results = await client.query([...locks, query].join('; '));
  const [{ rows }] = (results as unknown as QueryResult<TableState>[]).slice(-1) as [QueryResult<TableState>];
  return rows;
}
