import type { RejectReason } from '../records/reject-reasons.js';
import { checkFilter, type RejectFilter } from '../quarantine/reject-filter.js';
import type { Questions } from './questions.js';

/** Rejected records of one table with one reason. */
export interface RejectGroup {
  /** Table name, `hybrid`, or the name of a combined load. */
  readonly table: string;
  readonly reason: RejectReason;
  readonly count: number;
  /** False: there are more than `count`; it was counted up to a bound only. */
  readonly isExact: boolean;
  /** When the first and the last of them were rejected. */
  readonly oldest: Date;
  readonly newest: Date;
}

/** Rejected records by table and reason. */
export interface RejectGroups {
  /** By table, then most frequent reason first. */
  readonly groups: readonly RejectGroup[];
  /** The sum of all counts. */
  readonly count: number;
  /** Whether every count is exact. */
  readonly isExact: boolean;
}

/** Rejected records that match a filter, by table and reason. */
export async function readRejectGroups({ query, quarantine }: Questions, filter: RejectFilter): Promise<RejectGroups> {
  checkFilter(filter);
  const parameters: unknown[] = [];
  const rows = await query<Omit<RejectGroup, 'isExact'>>(
    `SELECT r.table_name AS "table", r.reason, count(*)::float8 AS count, min(r.created_at) AS oldest, max(r.created_at) AS newest
       FROM ${quarantine.records} AS r WHERE ${quarantine.conditionOf(filter, parameters)}
      GROUP BY r.table_name, r.reason ORDER BY r.table_name, count(*) DESC, r.reason`,
    parameters,
  );
  const groups = rows.map((row) => ({ ...row, isExact: true }));
  return {
    groups,
    count: groups.reduce((sum, { count }) => sum + count, 0),
    isExact: groups.every(({ isExact }) => isExact),
  };
}
