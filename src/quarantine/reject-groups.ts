import { conditionOf, type RejectFilter, tableNamesOf } from './reject-filter.js';

/** A filter of open records, or of replayed ones. */
export type StateFilter = Omit<RejectFilter, 'replayed' | 'loadId'> & { readonly replayed: boolean };

/**
 * SQL of rejected records by group: a table and a reason. The groups are found one by one, and the records of each, by the index
 * of open or of replayed records, so that it does not matter how many records other groups have.
 */
export interface GroupedRecords {
  /** A common table expression, for WITH RECURSIVE, which is to be selected from as `g`. */
  readonly groups: string;
  readonly name: string;
  /** Condition of a group `g` that the filter may have records of. */
  readonly isWanted: string;
  /** `FROM … WHERE …` of its records `r` that match the filter. */
  readonly ofGroup: string;
}

/**
 * What to sort the records of a group by, and then by anything else. Only the index of the group has this order: by the time
 * alone, the planner may take the index of all times, and pass over the records of all other groups.
 */
export const OLDEST_OF_GROUP = 'r.table_name, r.reason, r.created_at';
export const NEWEST_OF_GROUP = 'r.table_name DESC, r.reason DESC, r.created_at DESC';

/**
 * @param records - quoted name of the quarantine
 * @param parameters - receives the values of the filter
 * @param schema - SQL of the schema of a record's table
 * @param newest - SQL of a time: later records are not wanted
 */
export function groupedRecords(
  records: string,
  filter: StateFilter,
  parameters: unknown[],
  schema: string,
  newest = "'infinity'",
): GroupedRecords {
  const { table, reason, replayed, since, until } = filter;
  const bind = (value: unknown): string => `$${parameters.push(value)}`;
  const isOfState = conditionOf({ replayed }, parameters, schema);
  const name = replayed ? 'replayed_groups' : 'open_groups';
  const next = (isBehind: string): string => `
    SELECT r.table_name, r.reason FROM ${records} AS r WHERE ${isOfState} ${isBehind}
     ORDER BY r.table_name, r.reason LIMIT 1`;
  const wanted = [
    table !== undefined && `g.table_name = ANY (${bind(tableNamesOf(table))}::text[])`,
    reason !== undefined && `g.reason = ${bind(reason)}`,
  ];
  const from = since === undefined ? "'-infinity'" : bind(since.toISOString());
  const to = until === undefined ? "'infinity'" : bind(until.toISOString());
  // The group tells the rest, but for the schema that a name may have.
  const ofRecord = { replayed, since, until, table: table?.includes('.') === true ? table : undefined };
  return {
    name,
    groups: `${name} AS (
      (${next('')})
      UNION ALL
      SELECT n.* FROM ${name} AS g CROSS JOIN LATERAL (${next('AND (r.table_name, r.reason) > (g.table_name, g.reason)')}) AS n
    )`,
    isWanted: wanted.filter((condition) => condition !== false).join(' AND ') || 'true',
    // Rows are compared, not columns: columns that equal a value would have no part in the order.
    ofGroup: `FROM ${records} AS r
      WHERE (r.table_name, r.reason, r.created_at) >= (g.table_name, g.reason, ${from}::timestamptz)
        AND (r.table_name, r.reason, r.created_at) <= (g.table_name, g.reason, LEAST(${to}::timestamptz, ${newest}))
        AND ${conditionOf(ofRecord, parameters, schema)}`,
  };
}
