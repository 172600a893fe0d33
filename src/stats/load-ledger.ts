import type { ClientBase } from 'pg';

import type { LoadEntity, LoadStatus } from '../entities/load.entity.js';
import { StorageError } from '../errors/index.js';
import { namingObjects } from '../postgres/faults/database-error.js';
import { countsBy, type LoadCounts, type WriteCounts } from '../results/load-counts.js';
import type { Shard } from '../results/load-result.js';
import type { LedgerTables } from './ledger-tables.js';
import { type LoadTotals, readTotals, recordCounts, writeTotals } from './load-totals.js';

/** A load at its start. */
export interface LedgerEntry {
  readonly loadId: string;
  /** From 1; incremented when a load with the same key resumes. */
  readonly attempt: number;
  readonly loadKey: string | undefined;
  readonly table: string;
  readonly disposition: string;
  readonly source: string | undefined;
  readonly options: LoadEntity['options'];
  /** Undefined where one loader does the load. The attempt is that at the shard. */
  readonly shard?: Shard | undefined;
}

/** A load when it ends. */
export interface ClosedLoad {
  readonly status: LoadStatus;
  readonly counts: LoadCounts;
  /** Hybrid and combined loads only. */
  readonly stored?: number | undefined;
  readonly tables?: Readonly<Record<string, LoadCounts>>;
  /** Fields without a column, and how they were handled; undefined if there were none. */
  readonly unknown: { readonly policy: string; readonly fields: Readonly<Record<string, number>> } | undefined;
  readonly error: { readonly code: string; readonly message: string } | undefined;
}

/** The columns of {@link valuesOfEnd}, which are the first parameters; in the rows of loads and of shards. */
export const END_COLUMNS = `status = $1, received = $2, inserted = $3, updated = $4, unchanged = $5, deleted = $6, duplicates = $7,
  skipped = $8, rejected = $9, failed = $10, stored = $11, tables = $12, error_code = $13, error_message = $14,
  unknown_fields = $15, unknown_fields_policy = $16, finished_at = statement_timestamp()`;

export function valuesOfEnd({ status, counts, stored, tables, error, unknown }: ClosedLoad): unknown[] {
  return [
    status,
    counts.received,
    counts.inserted,
    counts.updated,
    counts.unchanged,
    counts.deleted,
    counts.duplicates,
    counts.skipped,
    counts.rejected,
    counts.failed,
    stored ?? null,
    tables === undefined ? null : JSON.stringify(tables),
    error?.code ?? null,
    error?.message ?? null,
    unknown === undefined ? null : JSON.stringify(unknown.fields),
    unknown?.policy ?? null,
  ];
}

/** A load that is complete. */
export interface CompletedLoad {
  readonly entry: LedgerEntry;
  readonly closed: ClosedLoad;
}

/** SQL of what a statement counts in one table. */
export type WriteCountsSql = Readonly<Record<keyof WriteCounts, string>>;

const NONE_WRITTEN: WriteCountsSql = { inserted: '0', updated: '0', unchanged: '0', deleted: '0', skipped: '0' };

/** Position of a batch in the input. */
export interface BatchPlace {
  readonly batchNo: number;
  /** Position of its first record, from 0. */
  readonly firstPosition: number;
  /** After its last record. Of a shard, it may be beyond `firstPosition + received`. */
  readonly endPosition: number;
  readonly received: number;
}

/** Writes `storage_loads` and `storage_load_batches`, in the transaction of the given client. */
export class LoadLedger {
  constructor(private readonly tables: LedgerTables) {}

  /**
   * Inserts a load without a load key; LoadKeys inserts one with a key. A repetition, after the reply to a COMMIT was lost,
   * changes nothing.
   */
  async open(client: ClientBase, entry: LedgerEntry): Promise<void> {
    if (entry.loadKey !== undefined) {
      return;
    }
    const opening = client.query(
      `INSERT INTO ${this.tables.loads} (id, table_name, disposition, source, status, options)
       VALUES ($1, $2, $3, $4, 'running', $5)
       ON CONFLICT (id) DO NOTHING`,
      [entry.loadId, entry.table, entry.disposition, entry.source ?? null, entry.options ?? null],
    );
    await namingObjects(opening);
  }

  /**
   * Claims a batch before anything of it is written. The insert waits for another transaction with the same claim, so it
   * also tells whether a COMMIT without a reply took place; a SELECT would miss a running transaction.
   *
   * With a load key, the claim also locks the row of the load, or of its shard, until the batch is committed: an attempt that
   * takes it over waits for it, and no further batch of this attempt can follow.
   *
   * A batch that is already committed may lack on a synchronous standby, where its COMMIT was interrupted while it waited for one.
   * So it is read with a lock, which is written to the log: the COMMIT of this transaction waits for the standby in its place.
   * @returns the counts of the batch if it is already committed, undefined if it is now claimed
   * @throws StorageError `LOAD_TAKEN_OVER` when a later attempt has taken the load over
   */
  async claimBatch(client: ClientBase, entry: LedgerEntry, batch: BatchPlace): Promise<LoadTotals | undefined> {
    const { loadId, loadKey, attempt, shard } = entry;
    const claiming = client.query(
      // Citus cannot send a lock within INSERT … SELECT to a worker.
      `${loadKey === undefined ? '' : `WITH load AS MATERIALIZED (${this.lockedOf(shard)} FOR SHARE)`}
       INSERT INTO ${this.tables.batches} (load_id, batch_no, attempt, first_position, end_position)
       SELECT $1::uuid, $2::integer, $3::integer, $4::bigint, $5::bigint ${loadKey === undefined ? '' : 'FROM load'}
       ON CONFLICT (load_id, batch_no) DO NOTHING`,
      [loadId, batch.batchNo, attempt, batch.firstPosition, batch.endPosition, ...(shard ? [shard.index] : [])],
    );
    const claimed = await namingObjects(claiming);
    if (claimed.rowCount === 1) {
      return undefined;
    }
    const earlier = await client.query<{ counts: unknown }>(
      `SELECT counts FROM ${this.tables.batches} WHERE load_id = $1 AND batch_no = $2 AND attempt = $3 FOR SHARE`,
      [loadId, batch.batchNo, attempt],
    );
    if (earlier.rows[0] === undefined && loadKey !== undefined) {
      throw new StorageError(
        'LOAD_TAKEN_OVER',
        `A later load with the load key ${JSON.stringify(loadKey)}${shard ? ` and the shard ${shard.index}` : ''} has taken ` +
          'this one over and resumes it.',
      );
    }
    const { table, options } = entry;
    return earlier.rows[0] && readTotals(earlier.rows[0].counts, { ...batch, loadId, table, tables: options?.tables });
  }

  /** The row that belongs to an attempt at a load or at a shard of it. */
  private lockedOf(shard: Shard | undefined): string {
    return shard === undefined
      ? `SELECT id FROM ${this.tables.loads} WHERE id = $1::uuid AND attempt = $3::integer`
      : `SELECT load_id FROM ${this.tables.shards} WHERE load_id = $1::uuid AND attempt = $3::integer AND shard = $6::integer`;
  }

  /** Records the counts of a claimed batch, in its transaction; a replace knows its number of records only at the end. */
  async recordBatch(client: ClientBase, { loadId }: LedgerEntry, batchNo: number, totals: LoadTotals): Promise<void> {
    await client.query(
      `UPDATE ${this.tables.batches} SET counts = $3, end_position = GREATEST(end_position, first_position + $4)
        WHERE load_id = $1 AND batch_no = $2`,
      [loadId, batchNo, writeTotals(totals), recordCounts(totals).received],
    );
  }

  /**
   * Records the end of a load, unless it is closed or taken over. Its time is that of the statement: Citus takes no volatile
   * function in an UPDATE.
   */
  async close(client: ClientBase, entry: LedgerEntry, load: ClosedLoad): Promise<void> {
    await client.query(
      `UPDATE ${this.tables.loads} SET ${END_COLUMNS} WHERE status = 'running' AND id = $17 AND attempt = $18`,
      [...valuesOfEnd(load), entry.loadId, entry.attempt],
    );
  }

  /**
   * The statement that inserts a load without a load key that is complete, for the statement that writes its rows. It fails
   * when the load is there, so that a load is never written twice.
   * @param written - what the statement counts in each table, instead of what the end of the load says of it; it is added to
   *   what that skips
   * @param from - where the statement has these counts
   * @param bind - takes a parameter that is read of the load, and returns its name in the statement
   */
  insertOfCompleted(
    written: readonly (readonly [table: string, counts: WriteCountsSql])[],
    from: string,
    bind: (read: (load: CompletedLoad) => unknown) => string,
  ): string {
    const json = (read: (load: CompletedLoad) => unknown): string =>
      `${bind((load) => {
        const value = read(load) ?? null;
        return value === null ? null : JSON.stringify(value);
      })}::jsonb`;
    const text = (read: (load: CompletedLoad) => unknown): string => `${bind((load) => read(load) ?? null)}::text`;
    const count = (name: keyof LoadCounts): string => `${bind(({ closed }) => closed.counts[name])}::bigint`;
    const [[, sums] = [undefined, NONE_WRITTEN]] = written;
    const isOne = written.length === 1;
    const own = isOne ? sums : NONE_WRITTEN;
    const byTable = (isOne ? [] : written).map(
      ([table, { inserted, updated, unchanged, skipped }]) =>
        `${text(() => table)}, ${json(({ closed }) => closed.tables?.[table])} || jsonb_build_object('inserted', ${inserted}, 'updated', ${updated}, 'unchanged', ${unchanged}, 'skipped', ${bind(({ closed }) => closed.tables?.[table]?.skipped ?? 0)}::bigint + ${skipped})`,
    );
    const values: Readonly<Record<string, string>> = {
      id: `${bind(({ entry }) => entry.loadId)}::uuid`,
      table_name: text(({ entry }) => entry.table),
      disposition: text(({ entry }) => entry.disposition),
      source: text(({ entry }) => entry.source),
      status: "'completed'",
      options: json(({ entry }) => entry.options),
      received: count('received'),
      ...own,
      duplicates: count('duplicates'),
      skipped: `${count('skipped')} + ${own.skipped}`,
      rejected: count('rejected'),
      failed: count('failed'),
      stored: isOne ? 'NULL::bigint' : `${bind(({ closed }) => closed.stored)}::bigint`,
      tables: isOne ? 'NULL::jsonb' : `jsonb_build_object(${byTable.join(', ')})`,
      unknown_fields: json(({ closed }) => closed.unknown?.fields),
      unknown_fields_policy: text(({ closed }) => closed.unknown?.policy),
      finished_at: 'clock_timestamp()',
    };
    return `INSERT INTO ${this.tables.loads} (${Object.keys(values).join(', ')})
  SELECT ${Object.values(values).join(', ')} FROM ${from}`;
  }

  /**
   * What a load has written and skipped that was completed by {@link insertOfCompleted}; undefined when it was not. Call it after
   * {@link open}, which waits for its transaction. It locks the load, for the reason in {@link claimBatch}.
   * @param tables - their names
   */
  async findCompleted(
    client: ClientBase,
    { loadId }: LedgerEntry,
    tables: readonly string[],
  ): Promise<WriteCounts[] | undefined> {
    const { rows } = await client.query<WriteCounts & { readonly tables: Record<string, WriteCounts> | null }>(
      `SELECT inserted::float8, updated::float8, unchanged::float8, deleted::float8, skipped::float8, tables FROM ${this.tables.loads} AS l
        WHERE id = $1 AND status = 'completed' AND NOT EXISTS (SELECT FROM ${this.tables.batches} WHERE load_id = l.id)
          FOR SHARE OF l`,
      [loadId],
    );
    const [load] = rows;
    return (
      load &&
      tables.map((table) => {
        const counts = load.tables?.[table] ?? load;
        return countsBy((name) => counts[name]);
      })
    );
  }
}
