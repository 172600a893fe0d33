import type { ClientBase } from 'pg';
import type { EntityManager } from 'typeorm';

import { InvalidLoadError } from '../../errors/index.js';
import { classifyFault } from '../../postgres/faults/sqlstate.js';
import { clientOf } from '../../postgres/with-transaction.js';
import { type LoadTotals, recordCounts } from '../../stats/load-totals.js';
import type { ObservedLoad } from '../../stats/observe/load-observers.js';
import { resetTemporaryTables } from '../isolate/isolation-tables.js';
import type { AnySignal } from '../model/any-signal.js';
import { type LoadJob, mayMakeTemporaryTables } from '../model/load-job.js';
import { staysInHistory } from '../model/load-options.js';
import { checkInterrupt, unlessInterrupted } from '../model/stop-load.js';
import { NotPipelinedError, PipelinedLoad, type ReadRecords } from '../pipelined/pipelined-load.js';
import { keysOf, type PreparedBatch } from '../read/batch-builder.js';
import type { LoadSession } from '../write/session/load-session.js';
import { COPY_FROM_ROWS } from '../model/row.js';
import { BlockedKeys, BlockedKeysError } from './blocked-keys.js';
import type { CurrentJob } from './current-job.js';
import { withEarlierBatches } from './in-flight.js';
import type { LoadAccounts } from './load-accounts.js';
import { observedBatch } from './observe/observed-load.js';
import { BatchReport, handOver, type RowsListener } from './row-report.js';
import { type AttemptHow, writeBatch } from './write-batch.js';

/** What the batches of a load share. */
interface RunningLoad {
  readonly current: CurrentJob;
  readonly session: LoadSession;
  readonly accounts: LoadAccounts;
  readonly signal: AnySignal;
  /** The load joins its transaction. */
  readonly manager: EntityManager | undefined;
  /** Undefined where nobody observes the load. */
  readonly observed: ObservedLoad | undefined;
  /** Takes what became of the records of each batch. */
  readonly onRows: RowsListener | undefined;
}

/** How a load of one batch is written. */
export interface WholeLoad {
  /** It is first tried in one round trip. */
  readonly pipelines: boolean;
  /** Its records as an earlier try has read them; by other plans they are read again. */
  readonly read?: ReadRecords | undefined;
  /** Nothing is written before it settles. */
  readonly after?: Promise<void> | undefined;
}

/** A batch, and how it is written. */
interface BatchOrder {
  readonly batch: PreparedBatch;
  readonly keys: ReadonlySet<string>;
  readonly work: (client: ClientBase, how: AttemptHow) => Promise<LoadTotals>;
  /** Waits for the batches before this one. */
  readonly untilEarlierEnd?: () => Promise<void>;
  readonly first?: PipelinedLoad | undefined;
  /** Takes what became of each record. */
  readonly report: BatchReport;
}

/** Writes the batches of a load, in its own transactions or in its caller's, and accounts for them. */
export class BatchWriter {
  private readonly blockedKeys = new BlockedKeys(() => this.job);

  constructor(private readonly load: RunningLoad) {}

  private get job(): LoadJob {
    return this.load.current.now;
  }

  /** Writes a batch of several; a failure that is the batch's own is noted, and the load continues. */
  async writeOne(batch: PreparedBatch, keys: ReadonlySet<string>, untilEarlierEnd: () => Promise<void>): Promise<void> {
    const work: BatchOrder['work'] = (client, how) => this.writeUnlessInterrupted(client, batch, how);
    try {
      await this.write({ batch, keys, work, untilEarlierEnd, report: new BatchReport() });
    } catch (error) {
      const kind = classifyFault(error);
      const isItsOwn = kind === 'contention' || kind === 'cancelled' || error instanceof BlockedKeysError;
      // Without a load key no later load retries the batch, so its keys need not be blocked.
      const mayGoOn = isItsOwn && (this.job.options.loadKey === undefined || this.blockedKeys.add(keys));
      if (this.load.manager !== undefined || !mayGoOn) {
        throw error;
      }
    }
    this.load.accounts.publish('running');
  }

  /**
   * Writes the one batch of a load, and the load's end with it.
   * @throws NotPipelinedError when one statement cannot do it
   */
  async writeWhole(batch: PreparedBatch, { pipelines, after }: WholeLoad): Promise<void> {
    const { session } = this.load;
    const report = new BatchReport();
    const { job } = this;
    const first = pipelines
      ? PipelinedLoad.of(session, job, batch, (written) => report.note(job, batch, written, batch.rejected))
      : undefined;
    const work: BatchOrder['work'] = async (client, how) => {
      const found = await first?.find(client);
      if (found !== undefined) {
        return found;
      }
      const { options } = this.job;
      if (options.keepsHistory) {
        await session.context.ledger.open(client, session.entry);
      }
      const totals = await this.writeUnlessInterrupted(client, batch, how);
      if (staysInHistory(options, recordCounts(totals).rejected)) {
        await session.complete(client, totals);
      }
      return totals;
    };
    await after;
    await this.write({ batch, keys: keysOf(batch), work, first, report });
  }

  /** Writes a batch and accounts for it. */
  private async write({ batch, keys, work, untilEarlierEnd, first, report }: BatchOrder): Promise<void> {
    const { accounts, session, signal, current, observed, onRows } = this.load;
    const mayRetry = (): boolean => !signal.aborted;
    const attempt = (): Promise<LoadTotals> => {
      const taken = accounts.takenBefore(batch.batchNo);
      return current.withFreshPlan(async () => {
        if (this.sharesTables && batch.units.length >= COPY_FROM_ROWS) {
          const joined = await clientOf(this.load.manager as EntityManager);
          await resetTemporaryTables(joined, this.job.targets, accounts.records.rejected > 0);
        }
        return session.inBatch(batch, (client, how) => work(client, { ...how, taken, report }), mayRetry, first);
      });
    };
    try {
      checkInterrupt(signal);
      this.blockedKeys.check(keys);
      const totals = await observedBatch(observed, session, batch, () => withEarlierBatches(attempt, untilEarlierEnd));
      accounts.addBatch(totals, batch.batchNo);
    } catch (caught) {
      const error = unlessInterrupted(caught, signal);
      if (!(error instanceof InvalidLoadError || error instanceof NotPipelinedError)) {
        accounts.addFailure(error, batch);
      }
      throw error;
    }
    if (onRows !== undefined) {
      await untilEarlierEnd?.();
      await handOver(report.rows, onRows, this.load.manager !== undefined);
    }
  }

  /** In a caller's transaction all batches share their temporary tables. */
  private get sharesTables(): boolean {
    return this.load.manager !== undefined && mayMakeTemporaryTables(this.job);
  }

  private async writeUnlessInterrupted(client: ClientBase, batch: PreparedBatch, how: AttemptHow): Promise<LoadTotals> {
    const { accounts, session, signal } = this.load;
    const rejectedBefore = accounts.records.rejected;
    const { job, sharesTables } = this;
    const totals = await writeBatch(client, session, job, batch, { ...how, rejectedBefore, sharesTables });
    checkInterrupt(signal);
    return totals;
  }
}
