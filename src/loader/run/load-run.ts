import type { EntityManager } from 'typeorm';

import { InvalidLoadError, StorageError } from '../../errors/index.js';
import { isWrittenInOrder } from '../merge/write-order.js';
import type { LoadStatus } from '../../entities/index.js';
import type { ObservedLoad } from '../../stats/observe/load-observers.js';
import { AnySignal } from '../model/any-signal.js';
import type { LoadContext } from '../model/load-context.js';
import { type LoadJob, tallyCount } from '../model/load-job.js';
import type { ReportedResult, BatchCounts } from '../../results/load-result.js';
import { staysInHistory } from '../model/load-options.js';
import { COPY_FROM_ROWS } from '../model/row.js';
import type { AnyOutcome } from '../model/row-outcome.js';
import { endOfLoad, faultOf, StopLoad, toPublicError } from '../model/stop-load.js';
import { NotPipelinedError, type ReadRecords } from '../pipelined/pipelined-load.js';
import type { PreparedBatch } from '../read/batch-builder.js';
import { CommittedBatches } from '../read/committed-batches.js';
import { readSource } from '../read/file-batches.js';
import { closeSource, readAll } from '../read/read-batches.js';
import { LoadSession } from '../write/session/load-session.js';
import { BatchWriter, type WholeLoad } from './batch-writer.js';
import { LoadChecks } from './checks/load-checks.js';
import type { CurrentJob } from './current-job.js';
import { InFlight } from './in-flight.js';
import { LoadAccounts } from './load-accounts.js';
import { observedEnd, observedStart } from './observe/observed-load.js';
import type { ResultShape } from './result-shapes.js';
import { type ReplaceInput, runReplace } from './run-replace.js';
import type { RowsListener } from './row-report.js';
import { writeBatches } from './write-batches.js';

/** What a load is run with. */
interface LoadSurroundings {
  /** The load joins its transaction: nothing is retried, and nothing counts until the caller commits. */
  readonly manager: EntityManager | undefined;
  /** Aborted when the caller rolls that transaction back. */
  readonly rollback: AbortSignal | undefined;
  /** Undefined where nobody observes the load. */
  readonly observed: ObservedLoad | undefined;
}

type Records = Iterable<unknown> | AsyncIterable<unknown>;

/**
 * One load, from its first record to its last. Each batch passes four stages: read, normalize, write in a transaction,
 * account.
 */
export class LoadRun<Result extends ReportedResult> {
  private readonly startedAt = Date.now();
  private readonly signal: AnySignal;
  private readonly accounts: LoadAccounts;
  private readonly checks = new LoadChecks();
  private session: LoadSession;
  private committed: CommittedBatches;
  private alreadyCompleted = false;
  /** The load is complete, with all of its shards. */
  private loadCompleted = false;
  /** Records of the whole input, once it has ended. */
  private inputRecords: number | undefined;
  /** What became of the records of a load in one transaction. */
  private rows: readonly AnyOutcome[] = [];

  private readonly manager: EntityManager | undefined;
  private readonly observed: ObservedLoad | undefined;

  constructor(
    private readonly context: LoadContext,
    private readonly current: CurrentJob,
    private readonly shape: ResultShape<Result>,
    { manager, rollback, observed }: LoadSurroundings,
  ) {
    const job = current.now;
    this.manager = manager;
    this.observed = observed;
    const signals = [context.shutdown, job.options.signal, rollback];
    this.signal = new AnySignal(signals.filter((signal) => signal !== undefined));
    this.session = LoadSession.create(context, job, manager, (code) => {
      this.accounts.addRetry();
      observed?.retried(job.name, code);
    });
    this.accounts = new LoadAccounts(context, job, this.session.entry.loadId, manager === undefined);
    this.committed = CommittedBatches.none(tallyCount(job));
  }

  private get job(): LoadJob {
    return this.current.now;
  }

  /**
   * Loads all records in one transaction.
   * @throws NotPipelinedError when one statement cannot do it: nothing is written or counted
   */
  async load(records: Iterable<unknown>, how: WholeLoad = { pipelines: false }): Promise<Result> {
    await this.loadWhole(records, how);
    return this.job.options.returning === undefined ? this.result() : { ...this.result(), rows: this.rows };
  }

  private async loadWhole(records: Iterable<unknown>, how: WholeLoad): Promise<void> {
    await this.begin(records, { resumes: false });
    if (this.alreadyCompleted) {
      return;
    }
    if (this.job.options.disposition === 'replace') {
      await this.replace(records, { showsWhileRunning: false });
      return;
    }
    try {
      const batch = this.isByTheSamePlans(how.read) ? how.read.batch : readAll(() => this.job, records, this.committed);
      if (batch === undefined) {
        await this.endWithoutRecords();
        return;
      }
      if (batch.received >= COPY_FROM_ROWS) {
        this.tellStart();
      }
      this.checks.note(this.job, batch);
      await this.writer((rows) => (this.rows = rows)).writeWhole(batch, how);
    } catch (error) {
      throw await this.stop(error);
    }
    await this.finish();
  }

  /** Loads in one transaction a batch, and continues after a batch that failed alone; a replace is one transaction. */
  async loadBatch(records: Records): Promise<Result & BatchCounts> {
    await this.begin(records, { resumes: true });
    if (this.alreadyCompleted) {
      return this.batchResult();
    }
    if (this.job.options.disposition === 'replace') {
      // The history shows it while it runs: it may wait long for its source.
      await this.replace(records, { showsWhileRunning: true });
      return this.batchResult();
    }
    this.tellStart();
    const inFlight = new InFlight(() => this.parallelism());
    try {
      await writeBatches({
        inFlight,
        batches: this.read(records, inFlight.failure),
        // Only a load into one table has it.
        writer: this.writer(this.job.options.onRows as RowsListener | undefined),
        begin: async () => (this.job.options.keepsHistory ? this.session.open() : undefined),
        onUnsent: (error, batch) => this.accounts.addFailure(endOfLoad(error, this.signal), batch),
      });
    } catch (error) {
      throw await this.stop(error);
    }
    const { rejected, failed } = this.accounts.records;
    if (this.job.options.shard !== undefined) {
      // A shard without records ends as others do.
      await this.endShard();
    } else if (this.accounts.batches === 0) {
      await this.endWithoutRecords();
    } else {
      if (staysInHistory(this.job.options, rejected + failed)) {
        await this.session.close('completed', this.accounts.totals);
      }
      await this.finish();
    }
    return this.batchResult();
  }

  private async endShard(): Promise<void> {
    const load = await this.session.close('completed', this.accounts.totals, { inputRecords: this.inputRecords });
    if (load?.sourceChanged !== undefined) {
      throw await this.stop(new StorageError('SOURCE_CHANGED', load.sourceChanged));
    }
    this.loadCompleted = load?.isCompleted ?? false;
    await this.finish();
  }

  private async replace(records: Records, how: Pick<ReplaceInput, 'showsWhileRunning'>): Promise<void> {
    this.tellStart();
    const { current, session, accounts, signal, observed } = this;
    const read = (failure: AbortSignal): AsyncGenerator<PreparedBatch> => this.read(records, failure);
    try {
      await runReplace(current, session, accounts, signal, { records, read, observed, ...how });
    } catch (error) {
      throw await this.stop(error);
    }
    await this.finish();
  }

  /** Rows are made by plans, and may be wrong by others. */
  private isByTheSamePlans(read: ReadRecords | undefined): read is ReadRecords {
    return read !== undefined && this.job.targets.every(({ plan }, index) => plan === read.job.targets[index]?.plan);
  }

  private async finish(): Promise<void> {
    await this.checks.finish(this.session, this.job, this.accounts.totals);
    this.accounts.publish('completed');
    this.tellEnd('completed');
  }

  /** Claims the load key and finds what earlier attempts have committed. The source of a completed load is closed unread. */
  private async begin(records: object, options: { readonly resumes: boolean }): Promise<void> {
    const { accounts } = this;
    try {
      if (!this.job.options.keepsHistory) {
        await this.context.historyGap.note((work) => this.session.inTransaction(work), this.manager === undefined);
      }
      const { session, isCompleted, isLoadCompleted, committed } = await this.session.claimKey(options);
      this.session = session;
      this.committed = committed;
      this.alreadyCompleted = isCompleted;
      this.loadCompleted = isLoadCompleted;
      accounts.resume(session.entry.loadId, committed);
    } catch (error) {
      throw error instanceof InvalidLoadError ? error : this.publicError(error);
    }
    if (this.alreadyCompleted) {
      closeSource(records);
      accounts.publish('completed');
      this.tellEnd('completed');
    }
  }

  /** Reads and normalizes batch after batch; `failure` ends it when one has failed, however long the source would be. */
  private read(records: Records, failure: AbortSignal): AsyncGenerator<PreparedBatch> {
    const batches = readSource(() => this.job, records, this.context.threads, {
      records: this.job.options.batchSize,
      committed: this.committed,
      onEnd: (inputRecords) => (this.inputRecords = inputRecords),
      signal: this.signal.or(failure),
    });
    return this.checks.follow(() => this.job, batches);
  }

  /** One connection in a caller's transaction, and where an exact number of rejected records must stop the load. */
  private parallelism(): number {
    const alone = this.manager !== undefined || this.job.options.maxRejects !== Infinity;
    return alone || isWrittenInOrder(this.job) ? 1 : this.context.parallelism;
  }

  /** Once the load key is claimed. */
  private writer(onRows: RowsListener | undefined): BatchWriter {
    const { current, session, accounts, signal, manager, observed } = this;
    return new BatchWriter({ current, session, accounts, signal, manager, observed, onRows });
  }

  private async endWithoutRecords(): Promise<void> {
    this.context.logger.warn(`No records to load into ${this.job.name}.`);
    await this.session.release();
    this.tellEnd('completed');
  }

  /** Ends a load that cannot continue; returns the error to throw. */
  private async stop(caught: unknown): Promise<unknown> {
    const error = endOfLoad(caught, this.signal);
    if (error instanceof InvalidLoadError || error instanceof NotPipelinedError) {
      return error;
    }
    const status = error instanceof StopLoad && error.reason === 'interrupt' ? 'interrupted' : 'failed';
    await this.session.close(status, this.accounts.totals, { error });
    this.accounts.publish(status);
    this.tellEnd(status, faultOf(error).code);
    return this.publicError(error);
  }

  /** Of a small load observers are told at its end only. */
  private tellStart(): void {
    this.observed?.began(observedStart(this.session.entry));
  }

  private tellEnd(status: Exclude<LoadStatus, 'running'>, errorCode?: string): void {
    const { observed, session, accounts, alreadyCompleted } = this;
    if (observed !== undefined) {
      const durationMs = Date.now() - this.startedAt;
      observed.ended(
        observedEnd(this.job, session.entry, accounts, { status, alreadyCompleted, durationMs, errorCode }),
      );
    }
  }

  private publicError(error: unknown): Error {
    const result: ReportedResult = this.result(false);
    const end = { unanswered: this.accounts.unanswered, isJoined: this.manager !== undefined };
    return toPublicError(error, this.job, { ...result, ...this.accounts.batchCounts() }, end);
  }

  private batchResult(): Result & BatchCounts {
    return { ...this.result(), ...this.accounts.batchCounts() };
  }

  private result(completed = true): Result {
    const { shard } = this.job.options;
    return this.shape(this.job, {
      loadId: this.session.entry.loadId,
      totals: this.accounts.totals,
      alreadyCompleted: this.alreadyCompleted,
      receivedEarlier: this.accounts.receivedEarlier,
      shard: shard && { ...shard, loadCompleted: this.loadCompleted },
      durationMs: Date.now() - this.startedAt,
      retries: this.accounts.retries,
      completed,
    });
  }
}
