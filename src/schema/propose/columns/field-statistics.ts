import type { ClientBase } from 'pg';

import { kindOf, type ValueKind } from '../alter/column-types.js';

/** What an extra column holds of one field. */
export interface FieldStatistics {
  readonly field: string;
  /** How many of the values read are of each kind. */
  readonly kinds: ReadonlyMap<ValueKind, number>;
}

/** What was read of an extra column. */
export interface ExtraStatistics {
  /** Rows of the table; of a sample, as Postgres estimates it. */
  readonly rows: number;
  readonly rowsRead: number;
  readonly sampled: boolean;
  /** Most frequent first. */
  readonly fields: readonly FieldStatistics[];
  /** Rarer fields that are not among `fields`. */
  readonly moreFields: number;
}

/** A table cannot have more than 1,600 columns; of so many fields nobody wants a list either. */
const MOST_FIELDS = 1_000;

/**
 * Reads what an extra column holds, counted by Postgres: memory here is bounded by the number of fields.
 * @param sampleAbove - a table of more rows is read by TABLESAMPLE, about so many of them
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
  // The same seed each time: an unchanged table gives the same proposal.
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

/** From the size of the table's file as it is now, also where it was never analysed. */
async function estimateRows(client: ClientBase, quotedTable: string): Promise<number> {
  const { rows } = await client.query<{ 'QUERY PLAN': readonly { Plan: { 'Plan Rows': number } }[] }>(
    `EXPLAIN (FORMAT JSON) SELECT 1 FROM ${quotedTable}`,
  );
  return rows[0]?.['QUERY PLAN'][0]?.Plan['Plan Rows'] ?? 0;
}
