import type { ClientBase } from 'pg';

import type { LoadStatus } from '../entities/load.entity.js';
import type { LoadCounts } from './load-counts.js';

/** Quoted names of the tables the accounts are kept in. */
export interface LedgerTables {
  readonly loads: string;
  readonly batches: string;
}

/** A load as it is entered. */
export interface LedgerEntry {
  readonly loadId: string;
  readonly table: string;
  readonly disposition: string;
  readonly source: string | undefined;
}

/** A load as it is closed. */
export interface LedgerAccount {
  readonly status: LoadStatus;
  readonly counts: LoadCounts;
  /** Hybrid loads only. */
  readonly stored?: number;
  readonly tables?: Readonly<Record<string, LoadCounts>>;
  readonly error?: { readonly code: string; readonly message: string };
}

/** Writes `storage_loads` and `storage_load_batches`, in the transaction of the client it is given. */
export class LoadLedger {
  constructor(private readonly tables: LedgerTables) {}

  /** Enters a load; entering it again, after the reply to a COMMIT was lost, changes nothing. */
  async open(client: ClientBase, entry: LedgerEntry): Promise<void> {
    await client.query(
      `INSERT INTO ${this.tables.loads} (id, table_name, disposition, source, status)
       VALUES ($1, $2, $3, $4, 'running')
       ON CONFLICT (id) DO NOTHING`,
      [entry.loadId, entry.table, entry.disposition, entry.source ?? null],
    );
  }

  /**
   * Claims a batch before anything of it is written. The insert waits for another transaction that has claimed it, so
   * it also answers whether a COMMIT whose reply was lost took place; a SELECT would miss one that is still at work.
   * @returns what the batch did when it is in already, undefined when it is now claimed
   */
  async claimBatch(
    client: ClientBase,
    batch: {
      readonly loadId: string;
      readonly batchNo: number;
      readonly firstPosition: number;
      readonly received: number;
    },
  ): Promise<unknown> {
    const claimed = await client.query(
      `INSERT INTO ${this.tables.batches} (load_id, batch_no, first_position, end_position)
       VALUES ($1, $2, $3, $4)
       ON CONFLICT (load_id, batch_no) DO NOTHING`,
      [batch.loadId, batch.batchNo, batch.firstPosition, batch.firstPosition + batch.received],
    );
    if (claimed.rowCount === 1) {
      return undefined;
    }
    const earlier = await client.query<{ counts: unknown }>(
      `SELECT counts FROM ${this.tables.batches} WHERE load_id = $1 AND batch_no = $2`,
      [batch.loadId, batch.batchNo],
    );
    return earlier.rows[0]?.counts;
  }

  /** Notes what a claimed batch did, in its own transaction; how many records it has may only show at its end. */
  async recordBatch(
    client: ClientBase,
    loadId: string,
    batchNo: number,
    counts: { readonly received: number },
  ): Promise<void> {
    await client.query(
      `UPDATE ${this.tables.batches} SET counts = $3, end_position = first_position + $4
        WHERE load_id = $1 AND batch_no = $2`,
      [loadId, batchNo, JSON.stringify(counts), counts.received],
    );
  }

  /** Closes a load that is not closed yet; enters it first where the transaction that did so was rolled back. */
  async close(client: ClientBase, entry: LedgerEntry, account: LedgerAccount): Promise<void> {
    await this.open(client, entry);
    const { counts, error } = account;
    await client.query(
      `UPDATE ${this.tables.loads}
          SET status = $2, received = $3, inserted = $4, updated = $5, unchanged = $6, duplicates = $7, skipped = $8,
              rejected = $9, failed = $10, stored = $11, tables = $12, error_code = $13, error_message = $14,
              finished_at = clock_timestamp()
        WHERE id = $1 AND status = 'running'`,
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
      ],
    );
  }
}
