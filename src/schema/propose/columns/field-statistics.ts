import type { ClientBase } from 'pg';

import { kindOf, type ValueKind } from '../alter/column-types.js';

/** Statistics of one field in an extra column. */
export interface FieldStatistics {
  readonly field: string;
  /** Number of values of each kind. */
  readonly kinds: ReadonlyMap<ValueKind, number>;
}

/** Statistics of an extra column. */
export interface ExtraStatistics {
  /** Rows of the table; for a sample, Postgres' estimate. */
  readonly rows: number;
  readonly rowsRead: number;
  readonly sampled: boolean;
  /** Most frequent first. */
  readonly fields: readonly FieldStatistics[];
  /** Number of rarer fields not in `fields`. */
  readonly moreFields: number;
}

/** A table has at most 1,600 columns, and a longer list would not be useful. */
const MOST_FIELDS = 1_000;

/**
 * Reads statistics of an extra column, counted by Postgres, so memory is bounded by the number of fields.
 * @param sampleAbove - larger tables are sampled by TABLESAMPLE, about this many rows
 */
export async function readExtraStatistics(
  client: ClientBase,
  quotedTable: string,
  extra: string,
  sampleAbove: number,
): Promise<ExtraStatistics> {
  const { rows: counted } = await client.query<{ n: number }>(
    `SELECT count(*)::integer AS n FROM (SELECT 1 FROM ${quotedTable} LIMIT $1) AS counted`,
    [sampleAbove + 1],
  );
  const atLeast = counted[0]?.n ?? 0;
  const sampled = atLeast > sampleAbove;
  const rows = sampled ? Math.max(atLeast, await estimateRows(client, quotedTable)) : atLeast;
  // A fixed seed: an unchanged table gives the same proposal.
  const sample = sampled ? ` TABLESAMPLE SYSTEM (${(100 * sampleAbove) / rows}) REPEATABLE (1)` : '';
  const { rows: found } = await client.query<FoundRow>(statisticsOf(`${quotedTable} AS t${sample}`, extra), [
    MOST_FIELDS,
  ]);
  const [summary] = found;
  return {
    rows,
    rowsRead: summary?.rows_read ?? 0,
    sampled,
    fields: found.flatMap(({ field, kinds }) =>
      field === null ? [] : [{ field, kinds: new Map(Object.entries(kinds ?? {})) as FieldStatistics['kinds'] }],
    ),
    moreFields: summary?.more ?? 0,
  };
}

interface FoundRow {
  field: string | null;
  kinds: Record<string, number> | null;
  rows_read: number;
  more: number;
}

function statisticsOf(source: string, extra: string): string {
  return `WITH source AS MATERIALIZED (
  SELECT CASE WHEN jsonb_typeof(t.${extra}) = 'object' THEN t.${extra} ELSE '{}' END AS extra FROM ${source}
), kinds AS (
  SELECT e.key, ${kindOf('e.value')} AS kind, count(*) AS n
    FROM source CROSS JOIN LATERAL jsonb_each(source.extra) AS e GROUP BY 1, 2
), fields AS (
  SELECT key, jsonb_object_agg(kind, n) AS kinds, sum(n) AS total FROM kinds GROUP BY key
)
SELECT f.key AS field, f.kinds, s.rows_read, (s.fields - count(f.key) OVER ())::integer AS more
  FROM (SELECT (SELECT count(*)::integer FROM source) AS rows_read, (SELECT count(*) FROM fields) AS fields) AS s
  LEFT JOIN (SELECT * FROM fields ORDER BY total DESC, key COLLATE "C" LIMIT $1) AS f ON true
 ORDER BY f.total DESC, f.key COLLATE "C"`;
}

/** Based on the current size of the table's file, even if it was never analysed. */
async function estimateRows(client: ClientBase, quotedTable: string): Promise<number> {
  const { rows } = await client.query<{ 'QUERY PLAN': readonly { Plan: { 'Plan Rows': number } }[] }>(
    `EXPLAIN (FORMAT JSON) SELECT 1 FROM ${quotedTable}`,
  );
  return rows[0]?.['QUERY PLAN'][0]?.Plan['Plan Rows'] ?? 0;
}
