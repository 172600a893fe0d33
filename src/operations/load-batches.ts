import { LoadBatchEntity } from '../entities/index.js';
import { StorageError } from '../errors/index.js';
import { quotedTableOf } from '../postgres/data-source.js';
import type { LoadCounts } from '../results/load-counts.js';
import type { HistoryEntry } from '../stats/load-history.js';
import { readTotals, recordCounts } from '../stats/load-totals.js';
import type { Questions } from './questions.js';

/** Selects batches of a load, by their numbers. */
export interface BatchFilter {
  /** @default 100 */
  readonly limit?: number | undefined;
  /** Number of the last batch of the previous page. */
  readonly after?: number | undefined;
}

/** A committed batch of a load. */
export interface BatchEntry {
  /** From 0. */
  readonly batchNo: number;
  /** The attempt of the load that committed it, from 1. */
  readonly attempt: number;
  /** Input position of its first record, from 0, and that after its last record. */
  readonly firstPosition: number;
  readonly endPosition: number;
  readonly committedAt: Date;
  /** The counts of its records; for a hybrid or combined load, those of the records. Null if this version cannot read them. */
  readonly counts: LoadCounts | null;
  /** Hybrid and combined loads only: the counts of each table. */
  readonly tables: Readonly<Record<string, LoadCounts>> | null;
}

/** A page of the batches of a load. */
export interface BatchPage {
  /** In the order of their numbers. */
  readonly batches: readonly BatchEntry[];
  /** Whether more follow. */
  readonly hasMore: boolean;
}

/** Batches of neighbouring numbers. */
interface TimelineSlice {
  readonly firstBatchNo: number;
  readonly lastBatchNo: number;
  readonly batches: number;
  /** Records received. */
  readonly records: number;
  /** When the first and the last of them were committed. */
  readonly from: Date;
  readonly until: Date;
  /** The highest attempt among them. */
  readonly attempt: number;
}

/** All committed batches of a load, in few slices. */
export interface LoadTimeline {
  readonly batches: number;
  /** In the order of their numbers; one batch each, if there are few. */
  readonly slices: readonly TimelineSlice[];
}

const DEFAULT_LIMIT = 100;
const SLICES = 60;

/** A page of the batches of a load. */
export async function readBatches(
  { dataSource, query, history }: Questions,
  load: HistoryEntry,
  { limit = DEFAULT_LIMIT, after = -1 }: BatchFilter,
): Promise<BatchPage> {
  const rows = await query<Omit<BatchEntry, 'counts' | 'tables'> & { readonly kept: unknown }>(
    `SELECT batch_no AS "batchNo", attempt, first_position::float8 AS "firstPosition", end_position::float8 AS "endPosition",
            committed_at AS "committedAt", counts - $4::text[] AS kept
       FROM ${quotedTableOf(dataSource, LoadBatchEntity)}
      WHERE load_id = $1 AND batch_no > $2 ORDER BY batch_no LIMIT $3`,
    [load.loadId, after, limit + 1, ['rejects', 'unknownFields']],
  );
  const batches = rows.slice(0, limit).map(({ kept, ...batch }) => {
    const totals = readableTotals(load, batch.batchNo, kept);
    const counts = totals && recordCounts(totals);
    const names = history.tableNames({ table: load.table, tables: load.options?.tables });
    const tables =
      totals === null || (names.length === 1 && load.options?.tables === undefined)
        ? null
        : Object.fromEntries(names.map((name, index) => [name, totals.tables[index] as LoadCounts]));
    return { ...batch, counts, tables };
  });
  return { batches, hasMore: rows.length > limit };
}

function readableTotals(load: HistoryEntry, batchNo: number, kept: unknown): ReturnType<typeof readTotals> | null {
  const { loadId, table, options } = load;
  try {
    return readTotals(kept, { loadId, batchNo, table, tables: options?.tables });
  } catch (error) {
    if (error instanceof StorageError) {
      return null;
    }
    throw error;
  }
}

/** All batches of a load, in at most some sixty slices. */
export async function readTimeline(
  { dataSource, query }: Questions,
  { loadId, shards }: Pick<HistoryEntry, 'loadId' | 'shards'>,
): Promise<LoadTimeline> {
  const slices = await query<TimelineSlice>(
    `SELECT min(b.batch_no) AS "firstBatchNo", max(b.batch_no) AS "lastBatchNo", count(*)::float8 AS batches,
            sum(b.records)::float8 AS records,
            min(b.committed_at) AS "from", max(b.committed_at) AS "until", max(b.attempt) AS attempt
       FROM (SELECT batch_no, attempt, committed_at,
                    CASE WHEN $3 THEN (counts->'tables'->-1->>'received')::bigint ELSE end_position - first_position END AS records,
                    (row_number() OVER (ORDER BY batch_no) - 1) * $2::integer / GREATEST(count(*) OVER (), $2::integer) AS slice
               FROM ${quotedTableOf(dataSource, LoadBatchEntity)} WHERE load_id = $1) AS b
      GROUP BY b.slice ORDER BY b.slice`,
    [loadId, SLICES, shards !== null],
  );
  return { batches: slices.reduce((sum, slice) => sum + slice.batches, 0), slices };
}
