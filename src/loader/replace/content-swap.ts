import type { ClientBase } from 'pg';

import { StorageError } from '../../errors/index.js';
import { describeFault } from '../../postgres/database-fault.js';
import { classifyFault } from '../../postgres/sqlstate.js';
import { withSavepoint } from '../../postgres/with-transaction.js';
import { withSetting } from '../../postgres/with-setting.js';
import { insertRejectedRecords, type RejectedRecord } from '../../quarantine/rejected-records.js';
import { sqlstateReason } from '../../records/reject-reasons.js';
import type { Target } from '../model/load-job.js';
import type { RejectSummary } from '../../results/load-result.js';
import { firstRejects, summarizeRejects } from '../model/load-tally.js';
import { StopLoad } from '../model/stop-load.js';
import { findKeptRecords, indexKeptRecords } from './kept-records.js';
import { buildDeleteOthers, buildDeleteRow, buildSwap } from './swap-statements.js';

/** What is to be exchanged, and for what. */
export interface SwapOrder {
  readonly target: Target;
  readonly loadId: string;
  /** Quoted name of the quarantine table. */
  readonly rejectedTable: string;
  /** How many records more may be rejected. */
  readonly maxRejects: number;
  /** Rows in the staging table, and the highest of their numbers; they count from 1, with gaps. */
  readonly rows: number;
  readonly lastRow: number;
}

/** What the swap did. */
export interface SwapOutcome {
  /** Rows of the table that hold the load. */
  readonly stored: number;
  readonly inserted: number;
  readonly updated: number;
  readonly deleted: number;
  /** Records rejected by the table itself. */
  readonly rejected: number;
  readonly rejects: readonly RejectSummary[];
}

/** Exchanges the content of a table for what was staged. Only from here on are other writers kept out. */
export class ContentSwap {
  private stored: number;
  private inserted = 0;
  private updated = 0;
  private deleted = 0;
  private rejected = 0;
  private rejects: readonly RejectSummary[] = [];
  private indexed = false;

  constructor(
    private readonly client: ClientBase,
    private readonly order: SwapOrder,
  ) {
    this.stored = order.rows;
  }

  /**
   * Locks the table until the end of the transaction (readers go on reading the old rows), deletes the rows the load
   * does not bring and writes those it does.
   * @param pieces - in how many statements; more after one took too long
   * @throws pg's DatabaseError when the fault is no row's
   */
  async run(pieces: number): Promise<SwapOutcome> {
    const { client } = this;
    const { target, lastRow } = this.order;
    await client.query(`LOCK TABLE ${target.plan.quotedTable} IN SHARE ROW EXCLUSIVE MODE`);
    if (target.plan.hasDeferredConstraints) {
      // At COMMIT nobody could tell any more which row is at fault.
      await client.query('SET CONSTRAINTS ALL IMMEDIATE');
    }
    // With row_security off Postgres fails (42501) where a policy would have hidden rows from the DELETE in silence.
    await withSetting(client, 'row_security', 'off', async () => {
      this.deleted += (await client.query(buildDeleteOthers(target))).rowCount ?? 0;
    });
    const size = Math.ceil(lastRow / pieces);
    for (let first = 1; first <= lastRow; first += size) {
      await this.writeRange(first, Math.min(first + size - 1, lastRow));
    }
    await this.checkContent();
    const { stored, inserted, updated, deleted, rejected, rejects } = this;
    return { stored, inserted, updated, deleted, rejected, rejects };
  }

  /** Writes a range of the staging table's rows; halves it until those at fault stand alone, each attempt under a savepoint. */
  private async writeRange(first: number, last: number): Promise<void> {
    const { target, loadId, maxRejects } = this.order;
    try {
      const parameters = [first, last, ...(target.plan.loadId === undefined ? [] : [loadId])];
      const { rows } = await withSavepoint(this.client, () =>
        this.client.query<{ inserted: number; updated: number }>(buildSwap(target), parameters),
      );
      this.inserted += rows[0]?.inserted ?? 0;
      this.updated += rows[0]?.updated ?? 0;
    } catch (error) {
      if (classifyFault(error) !== 'row') {
        throw error;
      }
      if (this.rejected >= maxRejects) {
        // One more is rejected for certain, whichever it is.
        throw new StopLoad('rejects');
      }
      if (first === last) {
        return this.reject(first, error);
      }
      if (!this.indexed) {
        this.indexed = true;
        await indexKeptRecords(this.client, target);
      }
      const middle = Math.floor((first + last) / 2);
      await this.writeRange(first, middle);
      await this.writeRange(middle + 1, last);
    }
  }

  /**
   * Rejects a row, and with it every record that was folded into it: of those, nobody could tell any more which one
   * brought what is at fault. A rejected record is not part of the load, so the stored row of its key goes too.
   */
  private async reject(row: number, error: unknown): Promise<void> {
    const { target, loadId, rejectedTable, maxRejects } = this.order;
    const { code, column, message } = describeFault(error);
    const rejection = { rule: sqlstateReason(code), column, message };
    const records = await findKeptRecords(this.client, target, row);
    if (records.length === 0) {
      // A trigger that rejects the statement, whatever its rows.
      throw error;
    }
    const rejected = records.map((record): RejectedRecord => ({ ...record, rejection }));
    this.rejected += rejected.length;
    if (this.rejected > maxRejects) {
      throw new StopLoad('rejects');
    }
    await insertRejectedRecords(this.client, rejectedTable, { loadId, table: target.plan.table }, rejected);
    this.deleted += (await this.client.query(buildDeleteRow(target), [row])).rowCount ?? 0;
    this.rejects = firstRejects([...this.rejects, ...summarizeRejects(rejected)]);
    this.stored -= 1;
  }

  /** Neither a trigger nor a rule may have kept rows in or out without a word: the counts would be untrue. */
  private async checkContent(): Promise<void> {
    const { plan } = this.order.target;
    const { rows } = await this.client.query<{ held: string }>(`SELECT count(*) AS held FROM ${plan.quotedTable}`);
    const held = Number(rows[0]?.held);
    if (held !== this.stored) {
      throw new StorageError(
        'ROWS_SUPPRESSED',
        `${plan.table} would hold ${held} rows in the place of ${this.stored}: a trigger or a rule kept some in or out`,
      );
    }
  }
}
