import { type ClientBase, escapeLiteral } from 'pg';

import { anyWithPartitions } from '../../schema/table/table-kind.js';
import type { KeyColumn } from '../model/load-plan.js';
import type { Target } from '../model/load-job.js';
import { valueAt } from '../model/packed-row.js';
import type { Row } from '../model/row.js';
import { inOrder } from './insert-step.js';
import { hasAnyStagedKey, hasStagedKey } from './same-key.js';

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
  if (target.plan.live.kind.distribution === null || target.onConflict === 'insert') {
    const found = await client.query<NewRows>(buildFindNewRows(target, key), parameters);
    return found.rows[0] as NewRows;
  }
  // Citus takes no lookup row by row: all rows in their order, and then those that are stored.
  const all = await client.query<NewRows>(buildFindNewRows({ ...target, onConflict: 'insert' }, key), parameters);
  const stored = await client.query<{ place: string }>(buildFindStored(target, key), parameters);
  const places = new Set(stored.rows.map(({ place }) => Number(place) - 1));
  const found = all.rows[0] as NewRows;
  return { ...found, places: found.places?.filter((place) => !places.has(place)) ?? null };
}

function buildFindStored({ plan }: Target, key: readonly KeyColumn[]): string {
  const incoming = `SELECT ${typedKey(key)}, s.${PLACE} FROM ${keysWithPlaces(key)}`;
  return `SELECT s.${PLACE} AS place FROM ${plan.quotedTable} AS t JOIN (${incoming}) AS s ON ${hasAnyStagedKey('t', key)}`;
}

/** The key's columns of the incoming row, of their types. */
function typedKey(key: readonly KeyColumn[]): string {
  return key.map(({ quoted, type }) => `s.${quoted}::${type} AS ${quoted}`).join(', ');
}

/** The incoming keys from parameters, one array a column. */
function keysWithPlaces(key: readonly KeyColumn[]): string {
  const arrays = key.map((_, index) => `$${index + 1}::text[]`).join(', ');
  return `unnest(${arrays}) WITH ORDINALITY AS s(${key.map(({ quoted }) => quoted).join(', ')}, ${PLACE})`;
}

/** @param key - the columns of the key that rows carry */
function buildFindNewRows({ plan, onConflict }: Target, key: readonly KeyColumn[]): string {
  const table = escapeLiteral(plan.quotedTable);
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
    SELECT ${typedKey(key)}, s.${PLACE}
    FROM ${keysWithPlaces(key)}
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
