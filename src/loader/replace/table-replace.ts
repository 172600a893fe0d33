import type { ClientBase } from 'pg';

import { InvalidLoadError } from '../../errors/index.js';
import { withSettings } from '../../postgres/with-transaction.js';
import { insertRejectedRecords } from '../../quarantine/rejected-records.js';
import { type LoadCounts, NO_COUNTS, storedOf } from '../../results/load-counts.js';
import {
  addTotals,
  emptyTotals,
  firstRejects,
  type LoadTotals,
  recordCounts,
  summarizeRejects,
} from '../../stats/load-totals.js';
import { sumOf } from '../../stats/name-counter.js';
import { resetTemporaryTables } from '../isolate/isolation-tables.js';
import { writeUnits } from '../isolate/write-units.js';
import { identifyKeys } from '../merge/identify-keys.js';
import type { AnySignal } from '../model/any-signal.js';
import { Evidence } from '../model/evidence.js';
import type { LoadJob, Target } from '../model/load-job.js';
import { afterRejects, checkInterrupt, StopLoad } from '../model/stop-load.js';
import type { PreparedBatch } from '../read/batch-builder.js';
import { type LoadSession, WHOLE_LOAD } from '../write/session/load-session.js';
import { rowsOf } from '../write/write-staged.js';
import { ContentSwap, type StagedContent } from './content-swap.js';
import { createKeptRecords, dropKeptRecords, keepRecords } from './kept-records.js';
import { createStaging, ROW_NUMBER, STAGING, STAGING_NAME, stagingTarget } from './staging-table.js';

/** Reads the input in batches, and stops when one of them has failed. */
export type BatchReader = (failure: AbortSignal) => AsyncIterable<PreparedBatch>;

/** How a replace deals with the rest of its load. */
export interface ReplaceHooks {
  readonly readBatches: BatchReader;
  readonly signal: AnySignal;
  /** The job by plans that hold until the transaction ends, for rows that are staged already. */
  readonly lockedIn: (client: ClientBase, madeBy: LoadJob) => Promise<LoadJob>;
  /** Told what was read so far, of which nothing counts as stored yet. */
  readonly onRead: (soFar: LoadTotals) => void;
}

/**
 * Replaces a table's content in the transaction of a client: stages the input batch by batch, in bounded memory and
 * without a lock on the table, and swaps the content at the end.
 */
export class TableReplace {
  private readonly target: Target;
  /** The same job, into the staging table. */
  private readonly staging: LoadJob;
  private readonly keepsRecords: boolean;
  private read: LoadTotals = emptyTotals(1);
  private hasStaged = false;
  /** Staged records whose key was staged already. */
  private duplicates = 0;

  constructor(
    private readonly client: ClientBase,
    private readonly session: LoadSession,
    private readonly job: LoadJob,
    private readonly hooks: ReplaceHooks,
  ) {
    // A hybrid load only merges.
    this.target = job.targets[0] as Target;
    this.staging = { ...job, targets: [stagingTarget(this.target)] };
    // Where the first rejected record ends the load, none has to be found again.
    this.keepsRecords = job.options.maxRejects > 0;
  }

  /**
   * Does all of it, unless a transaction whose COMMIT got no reply has done it.
   * @throws InvalidLoadError when no row is left to replace the content with, or the transaction has another isolation
   */
  async run(): Promise<LoadTotals> {
    try {
      return await this.replace();
    } catch (error) {
      if (!(error instanceof StopLoad)) {
        throw error;
      }
      const rejects = [...this.read.rejects, ...error.rejects.map((reject) => this.nameTarget(reject))];
      throw new StopLoad(error.reason, firstRejects(rejects));
    }
  }

  private async replace(): Promise<LoadTotals> {
    const { client, session } = this;
    const { ledger } = session.context;
    await this.checkIsolation();
    const earlier = await ledger.claimBatch(client, session.entry, WHOLE_LOAD);
    if (earlier !== undefined) {
      return earlier;
    }
    // The source may be slow, and nobody waits for a lock meanwhile.
    await withSettings(client, { idle_in_transaction_session_timeout: 0 }, async () => {
      await client.query(createStaging(this.target.plan));
      if (this.keepsRecords) {
        await createKeptRecords(client, this.target);
      }
      await this.stageAll();
    });
    const totals = await this.swap(await this.analyzeStaged());
    await client.query(`DROP TABLE ${STAGING}`);
    if (this.keepsRecords) {
      await dropKeptRecords(client);
    }
    await ledger.recordBatch(client, session.entry, WHOLE_LOAD.batchNo, totals);
    return totals;
  }

  private async checkIsolation(): Promise<void> {
    const { rows } = await this.client.query<{ transaction_isolation: string }>('SHOW transaction_isolation');
    if (rows[0]?.transaction_isolation !== 'read committed') {
      throw new InvalidLoadError(
        'A replace must see what others committed while it waited for its lock. Begin the transaction as READ COMMITTED.',
      );
    }
  }

  /** Reads and normalizes the next batch while one is staged. */
  private async stageAll(): Promise<void> {
    const { hooks } = this;
    const failed = new AbortController();
    let staging = Promise.resolve();
    try {
      for await (const batch of hooks.readBatches(failed.signal)) {
        const { skippedReasons, unknownFields, received } = batch;
        const tables = [{ ...NO_COUNTS, received, skipped: sumOf(skippedReasons) }];
        this.read = addTotals(this.read, { ...emptyTotals(1), tables, skippedReasons, unknownFields });
        hooks.onRead(this.read);
        await staging;
        checkInterrupt(hooks.signal);
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
    const { client, session, staging, job } = this;
    const { loadId } = session.entry;
    await resetTemporaryTables(client, staging.targets, recordCounts(this.read).rejected > 0);
    const units = await identifyKeys(client, staging, batch.units);
    const maxRejects = this.remainingRejects - batch.rejected.length;
    if (maxRejects < 0) {
      throw new StopLoad('rejects', summarizeRejects(batch.rejected));
    }
    const context = {
      job: staging,
      loadId,
      maxRejects,
      sharesTables: true,
      evidence: new Evidence([this.hasStaged]),
      observers: session.context.stats.observers,
    };
    const outcome = await afterRejects(batch.rejected, () =>
      session.inPart(client, (pieces) => writeUnits(client, context, units, pieces)),
    );
    const rejectedByStaging = outcome.rejected.map(({ rejection, ...record }) => ({
      ...record,
      rejection: this.nameTarget(rejection),
    }));
    const rejected = [...batch.rejected, ...rejectedByStaging].sort((a, b) => a.position - b.position);
    await insertRejectedRecords(client, session.context.rejectedTable, { loadId, table: job.name }, rejected);
    if (this.keepsRecords) {
      const positions = new Set(rejectedByStaging.map(({ position }) => position));
      await keepRecords(
        client,
        job,
        units.filter(({ position }) => !positions.has(position)),
      );
    }
    const tables = [{ ...NO_COUNTS, rejected: rejected.length }];
    this.read = addTotals(this.read, { ...emptyTotals(1), tables, rejects: summarizeRejects(rejected) });
    const [counts] = outcome.tables as readonly [LoadCounts];
    const { updated, unchanged, duplicates } = counts;
    this.hasStaged ||= storedOf(counts) > 0;
    this.duplicates += updated + unchanged + duplicates;
  }

  /** Postgres names the staging table in its errors; people know the table the row was meant for. */
  private nameTarget<T extends { readonly message: string }>(rejection: T): T {
    const message = rejection.message.replace(`table ${STAGING_NAME}`, `table ${this.target.plan.table}`);
    return { ...rejection, message };
  }

  private get remainingRejects(): number {
    return this.job.options.maxRejects - recordCounts(this.read).rejected;
  }

  private async analyzeStaged(): Promise<StagedContent> {
    // Autovacuum does not analyze a temporary table, and the planner would guess.
    await this.client.query(`ANALYZE ${STAGING}`);
    const { rows } = await this.client.query<{ rows: string; last: string }>(
      `SELECT count(*) AS rows, COALESCE(max(${ROW_NUMBER}), 0) AS last FROM ${STAGING}`,
    );
    return { rows: Number(rows[0]?.rows), lastRow: Number(rows[0]?.last) };
  }

  private async swap(content: StagedContent): Promise<LoadTotals> {
    const { client, session, job, hooks, read } = this;
    this.checkNotEmpty(content.rows);
    checkInterrupt(hooks.signal);
    const swap = async (pieces: number): ReturnType<ContentSwap['run']> => {
      await ContentSwap.lock(client, this.target);
      const [target] = (await hooks.lockedIn(client, job)).targets as readonly [Target];
      return new ContentSwap(client, session, target, content, this.remainingRejects).run(pieces);
    };
    const { written, removed, rejected, rejectedDuplicates, rejects } = await session.inPart(client, swap);
    this.checkNotEmpty(rowsOf(written));
    checkInterrupt(hooks.signal);
    const counts = recordCounts(read);
    const swapped: LoadCounts = {
      ...counts,
      ...written,
      skipped: counts.skipped,
      duplicates: this.duplicates - rejectedDuplicates,
      rejected: counts.rejected + rejected,
    };
    return { ...read, tables: [swapped], removed, rejects: firstRejects([...read.rejects, ...rejects]) };
  }

  /** A replace without a row is almost certainly a mistake. */
  private checkNotEmpty(rows: number): void {
    const { job } = this;
    const { received } = recordCounts(this.read);
    if (rows === 0 && !job.options.allowEmpty) {
      throw new InvalidLoadError(
        `${received === 0 ? 'There are no records' : `None of the ${received} records is a row of ${job.name}`}, ` +
          'so the replace would empty the table. Pass allowEmpty: true if that is what you want.',
      );
    }
  }
}
