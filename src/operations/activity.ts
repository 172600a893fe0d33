import type { LoadStatus } from '../entities/index.js';
import { LoadEntity } from '../entities/index.js';
import { quotedTableOf } from '../postgres/data-source.js';
import type { LoadCounts } from '../results/load-counts.js';
import type { HistoryPeriod } from '../stats/load-history.js';
import type { Questions } from './questions.js';

/** The periods of {@link Activity}. */
export type ActivityPeriod = '24h' | '7d' | '30d';

/** Length and number of the buckets of each period; the last bucket is the current one. */
const PERIODS: Readonly<Record<ActivityPeriod, { readonly bucketMs: number; readonly buckets: number }>> = {
  '24h': { bucketMs: 3_600_000, buckets: 24 },
  '7d': { bucketMs: 6 * 3_600_000, buckets: 28 },
  '30d': { bucketMs: 24 * 3_600_000, buckets: 30 },
};

/** Names of the periods, shortest first. */
export const ACTIVITY_PERIODS = Object.keys(PERIODS) as readonly ActivityPeriod[];

/**
 * Records by outcome: `received = stored + inserted + updated + unchanged + deleted + duplicates + skipped + rejected +
 * failed`.
 */
export interface RecordOutcomes extends LoadCounts {
  /** Records of hybrid and combined loads, each counted once; the other loads have inserted, updated and unchanged. */
  readonly stored: number;
}

/** Loads that started in a time, and what became of their records. */
interface ActivityCounts {
  /** Loads by status. */
  readonly loads: Readonly<Record<LoadStatus, number>>;
  /** Records of the loads that have ended; those of a running load are counted at its end. */
  readonly records: RecordOutcomes;
  /** From the first start of a load to its end, in seconds; null when none has ended. */
  readonly averageSeconds: number | null;
  readonly maxSeconds: number | null;
  /** Records received by loads that have ended, by their seconds; null when none has taken any time. */
  readonly recordsPerSecond: number | null;
}

/** Loads that started from `from` on, and before `until`. */
export interface ActivityBucket extends ActivityCounts {
  readonly from: Date;
  readonly until: Date;
}

/** What ran in a period. A load counts in the bucket in which it started. */
export interface Activity {
  readonly period: ActivityPeriod;
  /** Start of the first bucket. Buckets begin at full hours, at 0, 6, 12 and 18 o'clock, or at midnight, in UTC. */
  readonly from: Date;
  /** End of the last bucket, which contains the present. */
  readonly until: Date;
  readonly bucketMs: number;
  /** Oldest first, without gaps. */
  readonly buckets: readonly ActivityBucket[];
  readonly total: ActivityCounts;
  /** Which loads may be missing: purged ones, and those of `history: 'off'`. */
  readonly history: HistoryPeriod;
}

/** The counts of the records of a load, as they are listed. */
export const RECORD_COUNTS = [
  'received',
  'stored',
  'inserted',
  'updated',
  'unchanged',
  'deleted',
  'duplicates',
  'skipped',
  'rejected',
  'failed',
] as const satisfies readonly (keyof RecordOutcomes)[];

const STATUSES = ['running', 'completed', 'failed', 'interrupted'] as const satisfies readonly LoadStatus[];

/** The column of a status: records can be `failed` as well. */
type LoadsColumn = `${LoadStatus}Loads`;

type Sums = Readonly<Record<(typeof RECORD_COUNTS)[number] | LoadsColumn | 'ended' | 'seconds', number>> & {
  readonly longest: number | null;
};

/** A clock that was set back in a load would make its duration negative. */
const SECONDS = 'GREATEST(EXTRACT(epoch FROM l.finished_at - l.started_at), 0)';

// Counts are far below 2^53, where float8 is exact and is returned as a number. A status of a newer version counts in no column.
const SUMS = [
  ...RECORD_COUNTS.map(
    (name) => `COALESCE(sum(COALESCE(l.${name}, 0)) FILTER (WHERE l.status <> 'running'), 0)::float8 AS ${name}`,
  ),
  ...STATUSES.map((name) => `(count(*) FILTER (WHERE l.status = '${name}'))::float8 AS "${name}Loads"`),
  '(count(*) FILTER (WHERE l.finished_at IS NOT NULL))::float8 AS ended',
  `COALESCE(sum(${SECONDS}), 0)::float8 AS seconds`,
  `(max(${SECONDS}) FILTER (WHERE l.finished_at IS NOT NULL))::float8 AS longest`,
].join(', ');

/** Sums up the loads that started in a period, by buckets of time. */
export async function readActivity(questions: Questions, period: ActivityPeriod): Promise<Activity> {
  const { bucketMs, buckets } = PERIODS[period];
  const { dataSource, query } = questions;
  // The time of the server, as that of the loads.
  const rows = await query<Sums & { readonly from: Date }>(
    `SELECT b.from_time AS "from", s.*
       FROM (SELECT date_bin($1::interval, now(), '2000-01-01 00:00:00+00') - n * $1::interval AS from_time
               FROM generate_series(0, $2::integer - 1) AS n) AS b
       LEFT JOIN LATERAL (SELECT ${SUMS} FROM ${quotedTableOf(dataSource, LoadEntity)} AS l
                           WHERE l.started_at >= b.from_time AND l.started_at < b.from_time + $1::interval) AS s ON true
      ORDER BY b.from_time`,
    [`${bucketMs} milliseconds`, buckets],
  );
  const filled = rows.map((row) => ({
    from: row.from,
    until: new Date(row.from.getTime() + bucketMs),
    ...countsOf(row),
  }));
  return {
    period,
    from: filled[0]?.from as Date,
    until: filled.at(-1)?.until as Date,
    bucketMs,
    buckets: filled,
    total: countsOf(rows.reduce<Sums>(addSums, NOTHING)),
    history: await questions.history.period(),
  };
}

const NOTHING = {
  ...Object.fromEntries(
    [...RECORD_COUNTS, ...STATUSES.map((name) => `${name}Loads`), 'ended', 'seconds'].map((name) => [name, 0]),
  ),
  longest: null,
} as Sums;

function addSums(a: Sums, b: Sums): Sums {
  const names = Object.keys(NOTHING) as (keyof Sums)[];
  const sums = names.map((name) => [name, Number(a[name]) + Number(b[name])]);
  const longest = a.longest === null || b.longest === null ? (a.longest ?? b.longest) : Math.max(a.longest, b.longest);
  return { ...(Object.fromEntries(sums) as Sums), longest };
}

function countsOf(sums: Sums): ActivityCounts {
  const records = RECORD_COUNTS.map((name) => [name, sums[name]] as const);
  const loads = STATUSES.map((name) => [name, sums[`${name}Loads`]] as const);
  const { received, ended, seconds, longest } = sums;
  return {
    loads: Object.fromEntries(loads) as Record<LoadStatus, number>,
    records: Object.fromEntries(records) as unknown as RecordOutcomes,
    averageSeconds: ended === 0 ? null : seconds / ended,
    maxSeconds: longest,
    recordsPerSecond: seconds > 0 ? received / seconds : null,
  };
}
