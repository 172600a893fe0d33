import type { LoadStatus } from '../../entities/load.entity.js';
import { type LoadCounts, NO_COUNTS, storedOf } from '../../results/load-counts.js';
import type { RunQuery } from '../committed-batches.js';
import type { LedgerTables } from '../ledger-tables.js';

/** A shard of a load. For one that is running, counts are the sums of its committed batches. */
export interface ShardEntry extends LoadCounts {
  /** Its index, from 0. */
  readonly shard: number;
  /** `not started` until a loader begins it. */
  readonly status: LoadStatus | 'not started';
  /** From 1; 0 until it begins. */
  readonly attempt: number;
  /** Hybrid loads only: records stored, instead of inserted, updated and unchanged. */
  readonly stored: number | null;
  /** The error that ended it; never contains row values. */
  readonly error: { readonly code: string; readonly message: string } | null;
  /** When it was started first. */
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
}

/** The load whose shards are read. */
interface ShardedLoad {
  readonly loadId: string;
  readonly shards: number | null;
  /** Null for a load into one table. */
  readonly tables: object | null;
}

type Sums = LoadCounts & Pick<ShardEntry, 'shard'>;

const NAMES = Object.keys(NO_COUNTS);
// Counts are far below 2^53, where float8 is exact and is returned as a number.
const COUNTS = ['stored', ...NAMES].map((name) => `${name}::float8 AS ${name}`).join(', ');
// The last counts of a batch are those of its records.
const SUMS = NAMES.map((name) => `sum((counts->'tables'->-1->>'${name}')::bigint)::float8 AS ${name}`).join(', ');

/** The shards of a load, in the order of their indexes; none of a load that one loader does. */
export async function readShards(query: RunQuery, tables: LedgerTables, load: ShardedLoad): Promise<ShardEntry[]> {
  if (load.shards === null) {
    return [];
  }
  const begun = (await query(
    `SELECT shard, status, attempt, ${COUNTS},
            CASE WHEN error_code IS NOT NULL THEN jsonb_build_object('code', error_code, 'message', error_message) END AS error,
            started_at AS "startedAt", finished_at AS "finishedAt"
       FROM ${tables.shards} WHERE load_id = $1`,
    [load.loadId],
  )) as ShardEntry[];
  const running = begun.flatMap(({ shard, status }) => (status === 'running' ? [shard] : []));
  const sums = running.length === 0 ? [] : await sumsOf(query, tables, load, running);
  const byIndex = new Map(begun.map((entry) => [entry.shard, entry]));
  for (const counts of sums) {
    const entry = byIndex.get(counts.shard) as ShardEntry;
    byIndex.set(counts.shard, { ...entry, ...(load.tables === null ? counts : storedCounts(counts)) });
  }
  return Array.from({ length: load.shards }, (_, shard) => byIndex.get(shard) ?? { ...NOT_STARTED, shard });
}

const NOT_STARTED: Omit<ShardEntry, 'shard'> = {
  ...NO_COUNTS,
  status: 'not started',
  attempt: 0,
  stored: null,
  error: null,
  startedAt: null,
  finishedAt: null,
};

/** What running shards have committed. */
async function sumsOf(
  query: RunQuery,
  { batches }: LedgerTables,
  { loadId, shards }: ShardedLoad,
  running: readonly number[],
): Promise<Sums[]> {
  return (await query(
    `SELECT batch_no % $2::integer AS shard, ${SUMS} FROM ${batches}
      WHERE load_id = $1 AND batch_no % $2::integer = ANY($3::integer[]) GROUP BY 1`,
    [loadId, shards, running],
  )) as Sums[];
}

function storedCounts(counts: Sums): Sums & Pick<ShardEntry, 'stored'> {
  return { ...counts, inserted: 0, updated: 0, unchanged: 0, stored: storedOf(counts) };
}
