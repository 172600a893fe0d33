import type { ClientBase } from 'pg';
import type { DataSource } from 'typeorm';

import {
  HistoryPeriodEntity,
  LoadBatchEntity,
  LoadEntity,
  LoadShardEntity,
  RejectedRecordEntity,
} from '../entities/index.js';
import { type Check, findMistakes } from '../errors/find-mistakes.js';
import { StorageError } from '../errors/index.js';
import { quotedTableOf } from '../postgres/data-source.js';
import { type TransactionLimits, withReading, withTransaction } from '../postgres/with-transaction.js';

/** Selects the loads that a purge of the history deletes. */
export interface HistoryPurgeOptions {
  /** Deletes loads that ended before this time. */
  readonly olderThan: Date;
  /**
   * Deletes completed loads with a load key too, if they ended before this time as well. Their keys are free then: a load
   * with one of them is done again. @default none of them is deleted
   */
  readonly keepKeys?: Date | undefined;
  /** Only counts what a purge would delete. @default false */
  readonly dryRun?: boolean | undefined;
}

/** What a purge of the history has deleted. */
export interface HistoryPurgeResult {
  readonly loads: number;
  readonly batches: number;
}

interface DueLoad {
  readonly id: string;
  readonly startedAt: string;
}

const MOMENT: Check = ['a valid Date', (value) => value instanceof Date && !Number.isNaN(value.getTime())];

const CHECKS: Readonly<Record<keyof HistoryPurgeOptions, Check>> = {
  olderThan: MOMENT,
  keepKeys: MOMENT,
  dryRun: ['true or false', (value) => typeof value === 'boolean'],
};

/** Rows that one transaction deletes at most. */
const LOADS_A_PAGE = 500;
const BATCHES_A_PAGE = 5_000;

/** Deletes old loads and their batches, a page in a transaction. */
export class HistoryPurge {
  private readonly loads: string;
  private readonly batches: string;
  private readonly shards: string;
  private readonly period: string;
  /** Condition of the loads `l` to delete, with $1 and $2. */
  private readonly isDue: string;

  constructor(
    private readonly dataSource: DataSource,
    private readonly limits: TransactionLimits,
  ) {
    this.loads = quotedTableOf(dataSource, LoadEntity);
    this.batches = quotedTableOf(dataSource, LoadBatchEntity);
    this.shards = quotedTableOf(dataSource, LoadShardEntity);
    this.period = quotedTableOf(dataSource, HistoryPeriodEntity);
    // A load without $2 keeps its key, and so does one that the key can still resume. `started_at` has an index.
    this.isDue = `l.status <> 'running' AND l.started_at < $1::timestamptz AND l.finished_at < $1::timestamptz
         AND (l.load_key IS NULL OR l.status = 'completed' AND l.failed = 0 AND l.finished_at < $2::timestamptz)
         AND NOT EXISTS (SELECT FROM ${quotedTableOf(dataSource, RejectedRecordEntity)} AS r
                          WHERE r.load_id = l.id AND r.replayed_at IS NULL)`;
  }

  /** @throws StorageError `INVALID_FILTER` naming all mistakes */
  async run(options: HistoryPurgeOptions): Promise<HistoryPurgeResult> {
    const mistakes = findMistakes(options, CHECKS, 'not an option');
    if ((options?.olderThan as unknown) === undefined) {
      mistakes.unshift('olderThan is missing');
    }
    if (mistakes.length > 0) {
      throw new StorageError('INVALID_FILTER', `Invalid options of a purge of the history: ${mistakes.join('; ')}`);
    }
    const moments = [options.olderThan.toISOString(), options.keepKeys?.toISOString() ?? null];
    return options.dryRun === true ? this.count(moments) : this.deleteAll(moments);
  }

  private async count(moments: readonly unknown[]): Promise<HistoryPurgeResult> {
    const { rows } = await withReading(this.dataSource, (client) =>
      client.query<HistoryPurgeResult>(
        `SELECT count(*)::float8 AS loads,
                COALESCE(sum((SELECT count(*) FROM ${this.batches} AS b WHERE b.load_id = l.id)), 0)::float8 AS batches
           FROM ${this.loads} AS l WHERE ${this.isDue}`,
        [...moments],
      ),
    );
    return rows[0] ?? { loads: 0, batches: 0 };
  }

  private async deleteAll(moments: readonly unknown[]): Promise<HistoryPurgeResult> {
    let deleted: HistoryPurgeResult = { loads: 0, batches: 0 };
    let last: DueLoad | undefined;
    for (;;) {
      const page = await withTransaction(this.dataSource, this.limits, (client) =>
        this.deletePage(client, [...moments, last?.startedAt ?? '-infinity', last?.id ?? null]),
      );
      deleted = { loads: deleted.loads + page.loads, batches: deleted.batches + page.batches };
      if (page.isLast) {
        return deleted;
      }
      last = page.last ?? last;
    }
  }

  /**
   * Deletes a page. A row that somebody has locked, for example a load that claims its key, is passed over.
   * @returns what was deleted, and where the next page begins
   */
  private async deletePage(
    client: ClientBase,
    parameters: readonly unknown[],
  ): Promise<HistoryPurgeResult & { readonly last?: DueLoad | undefined; readonly isLast: boolean }> {
    // As JSON, a date-time is in ISO, whatever DateStyle role and database have set.
    const due = await client.query<DueLoad>(
      `SELECT l.id, to_json(l.started_at) #>> '{}' AS "startedAt" FROM ${this.loads} AS l
        WHERE ${this.isDue} AND (l.started_at > $3::timestamptz OR l.started_at = $3::timestamptz AND l.id > $4::uuid)
        ORDER BY l.started_at, l.id LIMIT $5 FOR UPDATE OF l SKIP LOCKED`,
      [...parameters, LOADS_A_PAGE],
    );
    const ids = due.rows.map(({ id }) => id);
    const { rowCount } = await client.query(
      `DELETE FROM ${this.batches} AS b
        USING (SELECT load_id, batch_no FROM ${this.batches} WHERE load_id = ANY($1::uuid[])
                ORDER BY load_id, batch_no LIMIT $2) AS p
        WHERE b.load_id = p.load_id AND b.batch_no = p.batch_no`,
      [ids, BATCHES_A_PAGE],
    );
    const batches = rowCount ?? 0;
    if (batches === BATCHES_A_PAGE) {
      // More to come. A key must not stand for a load whose batches are gone in part.
      await client.query(
        `UPDATE ${this.loads} SET load_key = NULL WHERE id = ANY($1::uuid[]) AND load_key IS NOT NULL`,
        [ids],
      );
      return { loads: 0, batches, isLast: false };
    }
    return {
      loads: await this.deleteLoads(client, ids),
      batches,
      last: due.rows.at(-1),
      isLast: ids.length < LOADS_A_PAGE,
    };
  }

  /** Deletes loads without batches, and notes from when on the history is complete; milliseconds are what a Date holds. */
  private async deleteLoads(client: ClientBase, ids: readonly string[]): Promise<number> {
    await client.query(`DELETE FROM ${this.shards} WHERE load_id = ANY($1::uuid[])`, [ids]);
    const { rows } = await client.query<{ n: number }>(
      `WITH gone AS (DELETE FROM ${this.loads} WHERE id = ANY($1::uuid[]) RETURNING finished_at),
            noted AS (INSERT INTO ${this.period} AS h (id, complete_from)
                      SELECT 1, date_trunc('milliseconds', max(finished_at)) + interval '1 millisecond'
                        FROM gone HAVING count(*) > 0
                      ON CONFLICT (id) DO UPDATE SET complete_from = GREATEST(h.complete_from, EXCLUDED.complete_from))
       SELECT count(*)::float8 AS n FROM gone`,
      [ids],
    );
    return rows[0]?.n ?? 0;
  }
}
