import type { ClientBase } from 'pg';

import { InvalidLoadError } from '../../errors/index.js';
import { withSetting } from '../../postgres/with-setting.js';
import { insertRejectedRecords } from '../../quarantine/rejected-records.js';
import type { LedgerEntry, LoadLedger } from '../../stats/load-ledger.js';
import { identifyKeys } from '../merge/identify-keys.js';
import type { LoadJob, Target } from '../model/load-job.js';
import {
  addTallies,
  emptyTally,
  firstRejects,
  type LoadTally,
  NO_TARGET_COUNTS,
  summarizeRejects,
} from '../model/load-tally.js';
import { type LoadTransactions, WHOLE } from '../write/load-transactions.js';
import type { PreparedBatch } from '../read/prepare-batch.js';
import { StopLoad } from '../model/stop-load.js';
import { createIsolation, isolationTables } from '../isolate/isolation-tables.js';
import { writeUnits } from '../isolate/write-units.js';
import { ContentSwap, type SwapOrder } from './content-swap.js';
import { createKeptRecords, dropKeptRecords, keepRecords } from './kept-records.js';
import { createStaging, dropStaging, ROW_NUMBER, STAGING, STAGING_NAME, stagingOf, STAGE } from './staging-table.js';

/** The load a replace belongs to. */
export interface ReplaceContext {
  readonly job: LoadJob;
  readonly entry: LedgerEntry;
  readonly ledger: LoadLedger;
  /** Quoted name of the quarantine table. */
  readonly rejectedTable: string;
  readonly transactions: LoadTransactions;
  /** @throws StopLoad when the load is to stop */
  readonly checkInterrupt: () => void;
  /** Told what was read so far, of which nothing counts as stored yet. */
  readonly onRead: (soFar: LoadTally) => void;
}

/** Reads the input in batches, and stops when one of them has failed. */
export type BatchReader = (failure: AbortSignal) => AsyncIterable<PreparedBatch>;

/**
 * Replaces a table's content in the transaction of a client: stages the input batch by batch, in bounded memory and
 * without a lock on the table, and exchanges the content at the end in one go.
 */
export class TableReplace {
  private readonly target: Target;
  /** The same job, for the staging table. */
  private readonly staging: LoadJob;
  private readonly keepsRecords: boolean;
  private read = emptyTally(1);
  /** Records that were staged, duplicates included. */
  private staged = 0;

  constructor(
    private readonly client: ClientBase,
    private readonly context: ReplaceContext,
  ) {
    const { job } = context;
    // A hybrid load only merges.
    this.target = job.targets[0] as Target;
    this.staging = { ...job, targets: [stagingOf(this.target)] };
    // Where the first rejected record ends the load, none has to be found again.
    this.keepsRecords = job.options.maxRejects > 0;
  }

  /**
   * Does all of it; what was done in a transaction whose COMMIT got no reply is not done again.
   * @throws InvalidLoadError when nothing is left to replace the content with, or the transaction has another isolation
   */
  async run(readBatches: BatchReader): Promise<LoadTally> {
    const { client } = this;
    const { ledger, entry, checkInterrupt, transactions } = this.context;
    await this.checkIsolation();
    const earlier = await ledger.claimBatch(client, entry, WHOLE);
    if (earlier !== undefined) {
      return earlier as LoadTally;
    }
    // The source may be slow, and nobody waits for a lock meanwhile.
    await withSetting(client, 'idle_in_transaction_session_timeout', '0', async () => {
      await createStaging(client, this.target);
      if (this.keepsRecords) {
        await client.query(createIsolation(this.staging.targets));
        await createKeptRecords(client, this.target);
      }
      await this.stageAll(readBatches);
    });
    const order = await this.orderSwap();
    this.checkNotEmpty(order.rows);
    checkInterrupt();
    const swapped = await transactions.runPart(client, (pieces) => new ContentSwap(client, order).run(pieces));
    this.checkNotEmpty(swapped.stored);
    checkInterrupt();
    const { stored, inserted, updated, deleted, rejected, rejects } = swapped;
    const duplicates = this.staged - rejected - stored;
    const unchanged = stored - inserted - updated;
    const tally: LoadTally = {
      ...this.read,
      stored,
      duplicates,
      rejected: this.read.rejected + rejected,
      targets: [{ ...NO_TARGET_COUNTS, inserted, updated, unchanged, duplicates, deleted }],
      rejects: firstRejects([...this.read.rejects, ...rejects]),
    };
    await dropStaging(client, this.staging.targets);
    if (this.keepsRecords) {
      await dropKeptRecords(client);
    }
    await ledger.recordBatch(client, entry, WHOLE.batchNo, tally);
    return tally;
  }

  private async checkIsolation(): Promise<void> {
    const { rows } = await this.client.query<{ transaction_isolation: string }>('SHOW transaction_isolation');
    if (rows[0]?.transaction_isolation !== 'read committed') {
      throw new InvalidLoadError(
        'A replace must see what others committed while it waited for its lock: begin the transaction as READ COMMITTED',
      );
    }
  }

  /** The next batch is read and prepared while one is staged. */
  private async stageAll(readBatches: BatchReader): Promise<void> {
    const failed = new AbortController();
    let staging = Promise.resolve();
    try {
      for await (const batch of readBatches(failed.signal)) {
        const { received, skippedReasons, unknownFields } = batch;
        this.read = addTallies(this.read, { ...emptyTally(1), received, skippedReasons, unknownFields });
        this.context.onRead(this.read);
        await staging;
        this.context.checkInterrupt();
        staging = this.stage(batch);
        staging.catch((error: unknown) => failed.abort(error));
      }
      await staging;
    } catch (error) {
      // A client still at work could not roll back.
      await staging.catch(() => {});
      throw failed.signal.aborted ? failed.signal.reason : error;
    }
  }

  private async stage(batch: PreparedBatch): Promise<void> {
    const { client, staging } = this;
    const { job, entry, rejectedTable, transactions } = this.context;
    const { loadId } = entry;
    const units = await identifyKeys(client, staging, batch.units);
    const maxRejected = job.options.maxRejects - this.read.rejected - batch.rejected.length;
    if (maxRejected < 0) {
      throw new StopLoad('rejects');
    }
    const order = { job: staging, loadId, maxRejected };
    const outcome = await transactions.runPart(client, (pieces) => writeUnits(client, order, units, pieces));
    const isolation = outcome.rejected.length === 0 ? [] : isolationTables(staging.targets);
    // Outside the savepoints of the batch, where a table of this transaction is truncated in place.
    await client.query(`TRUNCATE ${[STAGE, ...isolation].join(', ')}`);
    const named = outcome.rejected.map((record) => {
      // Postgres names the table that rejected the row; people know the one it was meant for.
      const message = record.rejection.message.replace(`table ${STAGING_NAME}`, `table ${this.target.plan.table}`);
      return { ...record, rejection: { ...record.rejection, message } };
    });
    const rejected = [...batch.rejected, ...named].sort((a, b) => a.position - b.position);
    await insertRejectedRecords(client, rejectedTable, { loadId, table: job.name }, rejected);
    if (this.keepsRecords) {
      const positions = new Set(named.map(({ position }) => position));
      await keepRecords(
        client,
        job,
        units.filter(({ position }) => !positions.has(position)),
      );
    }
    const rejects = summarizeRejects(rejected);
    this.read = addTallies(this.read, { ...emptyTally(1), rejected: rejected.length, rejects });
    this.staged += outcome.stored + outcome.duplicates;
  }

  private async orderSwap(): Promise<SwapOrder> {
    const { job, entry, rejectedTable } = this.context;
    // Nobody else analyses a temporary table, and the planner would guess.
    await this.client.query(`ANALYZE ${STAGING}`);
    const { rows } = await this.client.query<{ rows: string; last: string }>(
      `SELECT count(*) AS rows, COALESCE(max(${ROW_NUMBER}), 0) AS last FROM ${STAGING}`,
    );
    return {
      target: this.target,
      loadId: entry.loadId,
      rejectedTable,
      maxRejects: job.options.maxRejects - this.read.rejected,
      rows: Number(rows[0]?.rows),
      lastRow: Number(rows[0]?.last),
    };
  }

  /** A replace without a row is almost certainly a mistake. */
  private checkNotEmpty(rows: number): void {
    const { job } = this.context;
    const { received } = this.read;
    if (rows === 0 && !job.options.allowEmpty) {
      throw new InvalidLoadError(
        `${received === 0 ? 'There are no records' : `None of the ${received} records is a row of ${job.name}`}, ` +
          'so the replace would empty the table. Pass allowEmpty: true if that is meant.',
      );
    }
  }
}
