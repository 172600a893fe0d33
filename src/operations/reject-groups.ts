import { checkFilter, type RejectFilter } from '../quarantine/reject-filter.js';
import { groupedRecords, NEWEST_OF_GROUP, OLDEST_OF_GROUP, type StateFilter } from '../quarantine/reject-groups.js';
import type { RejectReason } from '../records/reject-reasons.js';
import type { Questions } from './questions.js';

/** Rejected records of one table with one reason. */
export interface RejectGroup {
  /** Table name, `hybrid`, or the name of a combined load. */
  readonly table: string;
  readonly reason: RejectReason;
  readonly count: number;
  /** False: there are more than `count`, which stops at a bound. */
  readonly isExact: boolean;
  /** When the first and the last of them were rejected; of those counted, where a filter names a load. */
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

/** Records counted at most: of each group, or of a load. */
const COUNTED = 100_000;

type Counted = Omit<RejectGroup, 'isExact'>;

/** Counts the rejected records that match a filter, by table and reason. */
export async function readRejectGroups(questions: Questions, filter: RejectFilter): Promise<RejectGroups> {
  checkFilter(filter);
  const groups = await (filter.loadId === undefined ? byIndex(questions, filter) : byScan(questions, filter));
  return {
    groups: groups.toSorted((a, b) => compare(a.table, b.table) || b.count - a.count || compare(a.reason, b.reason)),
    count: groups.reduce((sum, { count }) => sum + count, 0),
    isExact: groups.every(({ isExact }) => isExact),
  };
}

/** Open and replayed records have an index each. */
async function byIndex(questions: Questions, filter: RejectFilter): Promise<RejectGroup[]> {
  const { replayed = false } = filter;
  const states = replayed === 'any' ? [false, true] : [replayed];
  const groups = new Map<string, RejectGroup>();
  for (const state of states) {
    for (const group of await countByIndex(questions, { ...filter, replayed: state })) {
      const key = JSON.stringify([group.table, group.reason]);
      const before = groups.get(key);
      groups.set(key, before === undefined ? group : join(before, group));
    }
  }
  return [...groups.values()];
}

/** Counts in the index alone. */
async function countByIndex({ query, quarantine }: Questions, filter: StateFilter): Promise<RejectGroup[]> {
  const parameters: unknown[] = [];
  const { records, schemaOfRecord } = quarantine;
  const { groups, name, isWanted, ofGroup } = groupedRecords(records, filter, parameters, schemaOfRecord);
  const rows = await query<Counted>(
    `WITH RECURSIVE ${groups}
     SELECT g.table_name AS "table", g.reason, c.count, f.created_at AS oldest, l.created_at AS newest
       FROM ${name} AS g
      CROSS JOIN LATERAL (SELECT count(*)::float8 AS count
                            FROM (SELECT ${ofGroup} ORDER BY ${OLDEST_OF_GROUP} LIMIT $${parameters.push(COUNTED + 1)}) AS r) AS c
      CROSS JOIN LATERAL (SELECT r.created_at ${ofGroup} ORDER BY ${OLDEST_OF_GROUP} LIMIT 1) AS f
      CROSS JOIN LATERAL (SELECT r.created_at ${ofGroup} ORDER BY ${NEWEST_OF_GROUP} LIMIT 1) AS l
      WHERE ${isWanted}`,
    parameters,
  );
  return rows.map((row) => ({ ...row, count: Math.min(row.count, COUNTED), isExact: row.count <= COUNTED }));
}

/** Reads the records of a load, up to the bound. */
async function byScan({ query, quarantine }: Questions, filter: RejectFilter): Promise<RejectGroup[]> {
  const parameters: unknown[] = [];
  const condition = quarantine.conditionOf(filter, parameters);
  const rows = await query<Counted>(
    `SELECT r.table_name AS "table", r.reason, count(*)::float8 AS count, min(r.created_at) AS oldest, max(r.created_at) AS newest
       FROM (SELECT r.table_name, r.reason, r.created_at FROM ${quarantine.records} AS r WHERE ${condition}
              LIMIT $${parameters.push(COUNTED)}) AS r
      GROUP BY r.table_name, r.reason`,
    parameters,
  );
  const isExact = rows.reduce((sum, { count }) => sum + count, 0) < COUNTED;
  return rows.map((row) => ({ ...row, isExact }));
}

function join(a: RejectGroup, b: RejectGroup): RejectGroup {
  return {
    ...a,
    count: a.count + b.count,
    isExact: a.isExact && b.isExact,
    oldest: a.oldest < b.oldest ? a.oldest : b.oldest,
    newest: a.newest > b.newest ? a.newest : b.newest,
  };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
