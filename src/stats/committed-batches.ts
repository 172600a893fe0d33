import { ONLY_SHARD, type Shard } from '../results/load-result.js';
import type { BatchName, LoadTables } from './load-totals.js';

/** A committed batch, of any attempt of its load. */
export interface CommittedBatch extends BatchName {
  /** Position in the input of its first record, from 0. */
  readonly first: number;
  /** Position after its last record. */
  readonly end: number;
  /** What it did, as JSON; see {@link readTotals}. */
  readonly counts: unknown;
}

/** A load, and what it writes to. */
export interface NamedLoad extends LoadTables {
  readonly loadId: string;
}

/** Runs a query on a connection, or on any one of a pool. */
export type RunQuery = (sql: string, parameters: readonly unknown[]) => Promise<unknown[]>;

/** Batches read at once: each may carry the summaries of some rejected records. */
const BATCHES_A_PAGE = 1_000;
const FIRST_UUID = '00000000-0000-0000-0000-000000000000';

/**
 * The committed batches of loads, load by load, in the order of their numbers. Those of shard i of n are numbered i, i + n,
 * i + 2 n and so on.
 * @param batchTable - quoted name of `storage_load_batches`
 * @param which.omitted - members of the counts that are not needed
 * @param which.shard - only the batches of this shard
 */
export async function* readCommittedBatches(
  query: RunQuery,
  batchTable: string,
  loads: readonly NamedLoad[],
  {
    omitted = [],
    shard = ONLY_SHARD,
  }: { readonly omitted?: readonly string[]; readonly shard?: Shard | undefined } = {},
): AsyncGenerator<CommittedBatch> {
  const known = new Map(loads.map(({ loadId, table, tables }) => [loadId, { table, tables }]));
  let [lastId, lastNo] = [FIRST_UUID, -1];
  for (;;) {
    const rows = (await query(
      `SELECT load_id AS "loadId", batch_no AS "batchNo", first_position::float8 AS first, end_position::float8 AS end,
              counts - $5::text[] AS counts
         FROM ${batchTable}
        WHERE load_id = ANY($1::uuid[]) AND (load_id, batch_no) > ($2::uuid, $3::integer)
          AND batch_no % $6::integer = $7::integer
        ORDER BY load_id, batch_no LIMIT $4`,
      [[...known.keys()], lastId, lastNo, BATCHES_A_PAGE, omitted, shard.count, shard.index],
    )) as Omit<CommittedBatch, keyof LoadTables>[];
    for (const batch of rows) {
      yield { ...batch, ...(known.get(batch.loadId) ?? { table: '' }) };
      [lastId, lastNo] = [batch.loadId, batch.batchNo];
    }
    if (rows.length < BATCHES_A_PAGE) {
      return;
    }
  }
}
