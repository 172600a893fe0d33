import { type ClientBase, escapeLiteral } from 'pg';

import { anyWithPartitions } from '../../schema/table/table-kind.js';
import type { KeyColumn } from '../model/load-plan.js';
import type { Target } from '../model/load-job.js';
import { valueAt } from '../model/packed-row.js';
import type { Row } from '../model/row.js';
import { inOrder } from './insert-step.js';
import { hasStagedKey } from './same-key.js';

/** What the database says of rows before they are written. */
export interface NewRows {
  /** Places of the rows whose key is not stored, in the byte order of their keys; null: all, in any order. */
  readonly places: readonly number[] | null;
  /** The time of the transaction, as a text that every date-time type reads. */
  readonly now: string;
  /** Policies of row level security decide what this role writes, or it lacks a privilege that a merge needs. */
  readonly isRestricted: boolean;
  /** Triggers on INSERT, also of a partition, which may do anything. */
  readonly hasTriggers: boolean;
  /** COPY can be told to take a column's default for some rows: from Postgres 16 on. */
  readonly copiesDefaults: boolean;
}

const PLACE = '"harbor place"';

/**
 * Asks which rows are new, by the index of the key, whatever the planner knows. In an append all are: it asks for their
 * order, if they carry a key.
 */
export async function findNewRows(client: ClientBase, target: Target, rows: readonly Row[]): Promise<NewRows> {
  const key = target.key.filter(({ index }) => rows.some((row) => typeof valueAt(row, index) === 'string'));
  const parameters = key.map(({ index }) => rows.map((row) => valueAt(row, index)));
  const found = await client.query<NewRows>(buildFindNewRows(target, key), parameters);
  return found.rows[0] as NewRows;
}

/** @param key - the columns of the key that rows carry */
function buildFindNewRows({ plan, onConflict }: Target, key: readonly KeyColumn[]): string {
  const table = escapeLiteral(plan.quotedTable);
  const names = key.map(({ quoted }) => quoted);
  const arrays = key.map((_, index) => `$${index + 1}::text[]`);
  const typed = key.map(({ quoted, type }) => `s.${quoted}::${type} AS ${quoted}`);
  const isNew =
    onConflict === 'insert'
      ? ''
      : `
  LEFT JOIN LATERAL (SELECT true AS found FROM ${plan.quotedTable} AS t WHERE ${hasStagedKey('t', key, [])} LIMIT 1) AS stored ON true
  WHERE stored.found IS NULL`;
  const places =
    key.length === 0
      ? 'NULL'
      : `(
  SELECT coalesce(json_agg(s.${PLACE} - 1${inOrder(key)}), '[]')
  FROM (
    SELECT ${typed.join(', ')}, s.${PLACE}
    FROM unnest(${arrays.join(', ')}) WITH ORDINALITY AS s(${names.join(', ')}, ${PLACE})
  ) AS s${isNew}
)`;
  const isSecured = `row_security_active(${table})`;
  const mayUpdate = onConflict !== 'insert' && (plan.extraUpdatable || plan.columns.some(({ updatable }) => updatable));
  const isRestricted = mayUpdate ? `${isSecured} OR NOT has_table_privilege(${table}, 'UPDATE')` : isSecured;
  return `SELECT ${places} AS places,
  to_json(now()) AS now,
  ${isRestricted} AS "isRestricted",
  EXISTS (
    SELECT FROM pg_catalog.pg_trigger
    WHERE tgrelid = ${anyWithPartitions(`${table}::regclass`)} AND NOT tgisinternal AND tgenabled <> 'D' AND tgtype & 4 <> 0
  ) AS "hasTriggers",
  current_setting('server_version_num')::integer >= 160000 AS "copiesDefaults"`;
}
