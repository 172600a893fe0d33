import type { ClientBase } from 'pg';

import type { LoadEntity, LoadStatus } from '../entities/load.entity.js';
import { StorageError } from '../errors/index.js';
import type { LoadCounts } from '../results/load-counts.js';

/** Quoted names of the tables the accounts are kept in. */
export interface LedgerTables {
  readonly loads: string;
  readonly batches: string;
}

/** A load as it is entered. */
export interface LedgerEntry {
  /** Settled when the load is entered: its key may be that of a load that was begun before. */
  loadId: string;
  /** From 1; more when a load of the same key goes on. */
  attempt: number;
  readonly loadKey: string | undefined;
  readonly table: string;
  readonly disposition: string;
  readonly source: string | undefined;
  readonly options: LoadEntity['options'];
}

/** A load as it is closed. */
export interface LedgerAccount {
  readonly status: LoadStatus;
  readonly counts: LoadCounts;
  /** Hybrid loads only. */
  readonly stored?: number;
  readonly tables?: Readonly<Record<string, LoadCounts>>;
  /** Fields no column knows, and what became of them; undefined where there were none. */
  readonly unknown: { readonly policy: string; readonly fields: Readonly<Record<string, number>> } | undefined;
  readonly error?: { readonly code: string; readonly message: string };
}

/** Where a batch lies in the input. */
export interface BatchPlace {
  readonly batchNo: number;
  /** Position of its first record, from 0. */
  readonly firstPosition: number;
  readonly received: number;
}

/** Writes `storage_loads` and `storage_load_batches`, in the transaction of the client it is given. */
export class LoadLedger {
  constructor(private readonly tables: LedgerTables) {}

  /**
   * Enters a load without a load key; one that has a key is entered by LoadKeys. Entering it again, after the reply to a
   * COMMIT was lost, changes nothing.
   */
  async open(client: ClientBase, entry: LedgerEntry): Promise<void> {
    if (entry.loadKey !== undefined) {
      return;
    }
    await client.query(
      `INSERT INTO ${this.tables.loads} (id, table_name, disposition, source, status, options)
       VALUES ($1, $2, $3, $4, 'running', $5)
       ON CONFLICT (id) DO NOTHING`,
      [entry.loadId, entry.table, entry.disposition, entry.source ?? null, entry.options ?? null],
    );
  }

  /**
   * Claims a batch before anything of it is written. The insert waits for another transaction that has claimed it, so
   * it also answers whether a COMMIT whose reply was lost took place; a SELECT would miss one that is still at work.
   *
   * With a load key, the claim also holds the row of the load until the batch is in: who takes the load over waits for
   * it, and is followed by no batch of this attempt.
   * @returns what the batch did when it is in already, undefined when it is now claimed
   * @throws StorageError `LOAD_TAKEN_OVER` when a later attempt goes on with the load
   */
  async claimBatch(client: ClientBase, entry: LedgerEntry, batch: BatchPlace): Promise<unknown> {
    const { loadId, loadKey, attempt } = entry;
    const end = batch.firstPosition + batch.received;
    const claimed = await client.query(
      `INSERT INTO ${this.tables.batches} (load_id, batch_no, attempt, first_position, end_position)
       SELECT $1::uuid, $2::integer, $3::integer, $4::bigint, $5::bigint
       ${loadKey === undefined ? '' : `FROM ${this.tables.loads} WHERE id = $1 AND attempt = $3 FOR SHARE`}
       ON CONFLICT (load_id, batch_no) DO NOTHING`,
      [loadId, batch.batchNo, attempt, batch.firstPosition, end],
    );
    if (claimed.rowCount === 1) {
      return undefined;
    }
    const earlier = await client.query<{ counts: unknown }>(
      `SELECT counts FROM ${this.tables.batches} WHERE load_id = $1 AND batch_no = $2 AND attempt = $3`,
      [loadId, batch.batchNo, attempt],
    );
    if (earlier.rows[0] === undefined && loadKey !== undefined) {
      throw new StorageError(
        'LOAD_TAKEN_OVER',
        `a later load with the load key ${JSON.stringify(loadKey)} has taken it over and goes on with it`,
      );
    }
    return earlier.rows[0]?.counts;
  }

  /** Notes what a claimed batch did, in its own transaction; how many records it has may only show at its end. */
  async recordBatch(
    client: ClientBase,
    { loadId }: LedgerEntry,
    batchNo: number,
    counts: { readonly received: number },
  ): Promise<void> {
    await client.query(
      `UPDATE ${this.tables.batches} SET counts = $3, end_position = first_position + $4
        WHERE load_id = $1 AND batch_no = $2`,
      [loadId, batchNo, JSON.stringify(counts), counts.received],
    );
  }

  /** Closes a load that is neither closed nor taken over. */
  async close(client: ClientBase, entry: LedgerEntry, account: LedgerAccount): Promise<void> {
    const { counts, unknown, error } = account;
    await client.query(
      `UPDATE ${this.tables.loads}
          SET status = $2, received = $3, inserted = $4, updated = $5, unchanged = $6, duplicates = $7, skipped = $8,
              rejected = $9, failed = $10, stored = $11, tables = $12, error_code = $13, error_message = $14,
              unknown_fields = $15, unknown_fields_policy = $16, finished_at = clock_timestamp()
        WHERE id = $1 AND status = 'running' AND attempt = $17`,
      [
        entry.loadId,
        account.status,
        counts.received,
        counts.inserted,
        counts.updated,
        counts.unchanged,
        counts.duplicates,
        counts.skipped,
        counts.rejected,
        counts.failed,
        account.stored ?? null,
        account.tables === undefined ? null : JSON.stringify(account.tables),
        error?.code ?? null,
        error?.message ?? null,
        unknown === undefined ? null : JSON.stringify(unknown.fields),
        unknown?.policy ?? null,
        entry.attempt,
      ],
    );
  }
}
