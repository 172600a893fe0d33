import type { LoadStatus } from '../../entities/index.js';
import { CommitUnansweredError } from '../../postgres/faults/connection-error.js';
import { type LoadCounts, loadedOf, NO_COUNTS, successRateOf } from '../../results/load-counts.js';
import type { LoadProgress } from '../../stats/load-progress.js';
import { statisticsNameOf } from '../../schema/table/entity-metadata.js';
import { addTotals, emptyTotals, failedTotals, type LoadTotals, recordCounts } from '../../stats/load-totals.js';
import type { LoadContext } from '../model/load-context.js';
import { type LoadJob, tallyCount } from '../model/load-job.js';
import type { BatchCounts, BatchFailure } from '../../results/load-result.js';
import { faultOf } from '../model/stop-load.js';
import type { PreparedBatch } from '../read/batch-builder.js';
import type { CommittedBatches } from '../read/committed-batches.js';
import { nameType } from '../values/rejected-value.js';
import { outsideTurns } from './joined-loads.js';

/** Counts one load, and tells those who listen. */
export class LoadAccounts {
  private readonly failures: BatchFailure[] = [];
  private readonly unknownOutcomes: number[] = [];
  /** For each table, the first batch that has stored records in it; -1 for one of an earlier attempt. */
  private readonly firstTaken: number[];
  private sum: LoadTotals;
  private count = 0;
  private before = 0;
  private retried = 0;
  private hasWarned = false;

  /** @param ownsTransactions - only a caller knows whether its transaction commits, so there nothing counts yet */
  constructor(
    private readonly context: LoadContext,
    private readonly job: LoadJob,
    private loadId: string,
    private readonly ownsTransactions: boolean,
  ) {
    this.sum = emptyTotals(tallyCount(job));
    this.firstTaken = job.targets.map(() => Infinity);
  }

  /** The sum of the batches so far. */
  get totals(): LoadTotals {
    return this.sum;
  }

  /** The counts of the records so far. */
  get records(): LoadCounts {
    return recordCounts(this.sum);
  }

  /** Batches so far, committed or failed. */
  get batches(): number {
    return this.count;
  }

  /** Of the records received, those of earlier attempts. */
  get receivedEarlier(): number {
    return this.before;
  }

  /** Numbers of the batches with an unknown commit outcome. */
  get unanswered(): readonly number[] {
    return this.unknownOutcomes;
  }

  /** How often something was retried. */
  get retries(): number {
    return this.retried;
  }

  /** For each table, whether batches before this one have stored records in it. */
  takenBefore(batchNo: number): boolean[] {
    return this.firstTaken.map((first) => first < batchNo);
  }

  /** Begins with what earlier attempts have committed; the counters of this process are not theirs. */
  resume(loadId: string, { count, totals }: CommittedBatches): void {
    this.loadId = loadId;
    this.count = count;
    this.sum = totals;
    this.before = recordCounts(totals).received;
    this.noteTaken(totals, -1);
  }

  addRetry(): void {
    this.retried += 1;
    this.publish('retrying');
  }

  /** Adds a committed batch. */
  addBatch(totals: LoadTotals, batchNo: number): void {
    this.count += 1;
    this.noteTaken(totals, batchNo);
    this.add(totals);
  }

  /** Adds a batch that was rolled back, or whose commit outcome is unknown. */
  addFailure(
    error: unknown,
    {
      batchNo,
      firstPosition,
      received,
      skippedReasons,
    }: Pick<PreparedBatch, 'batchNo' | 'firstPosition' | 'received' | 'skippedReasons'>,
  ): void {
    const { job, context } = this;
    const { code, message } = faultOf(error);
    this.count += 1;
    this.add(failedTotals(received, skippedReasons, tallyCount(job)));
    this.failures.push({ batchNo, firstPosition, records: received, code, message });
    if (this.ownsTransactions) {
      context.stats.addError(this.statisticsName(job.targets.length - 1), message);
    }
    const isUnknown = error instanceof CommitUnansweredError;
    if (isUnknown) {
      this.unknownOutcomes.push(batchNo);
    }
    const outcome = isUnknown ? 'has an unknown commit outcome' : 'was rolled back';
    context.logger.error(`load ${this.loadId}: batch ${batchNo} ${outcome}: ${message}`);
  }

  /**
   * Publishes how far the load is.
   * @param totals - of records that are read but not in the accounts yet
   */
  publish(status: LoadStatus | 'retrying', totals: LoadTotals = this.sum): void {
    const { job, context, loadId } = this;
    const counts = recordCounts(totals);
    const { received, skipped, rejected, failed } = counts;
    const progress = {
      loadId,
      table: job.name,
      loadKey: job.options.loadKey,
      source: job.options.source,
      shard: job.options.shard,
      status,
      received,
      receivedEarlier: this.before,
      loaded: loadedOf(counts),
      skipped,
      rejected,
      failed,
      batches: this.count,
      retries: this.retried,
    };
    outsideTurns(() => {
      context.stats.publish(progress);
      this.tell(progress);
    });
  }

  /** A listener's error must not undo what is committed, nor end the process. */
  private tell(progress: LoadProgress): void {
    const { job, context, loadId } = this;
    const onError = (error: unknown): void => {
      if (!this.hasWarned) {
        this.hasWarned = true;
        context.logger.warn(`load ${loadId}: onProgress failed with ${nameType(error)}`);
      }
    };
    try {
      // The listener may be an async function.
      Promise.resolve(job.options.onProgress?.(progress)).catch(onError);
    } catch (error) {
      onError(error);
    }
  }

  batchCounts(): BatchCounts {
    return {
      batches: this.count,
      successfulBatches: this.count - this.failures.length,
      failedBatches: this.failures.length,
      successRate: successRateOf(this.records),
      // Batches end in another order than they begin.
      failures: this.failures.toSorted((a, b) => a.batchNo - b.batchNo),
    };
  }

  private noteTaken({ tables }: LoadTotals, batchNo: number): void {
    tables.forEach((counts, index) => {
      if (loadedOf(counts) > 0) {
        this.firstTaken[index] = Math.min(this.firstTaken[index] ?? Infinity, batchNo);
      }
    });
  }

  private statisticsName(target: number): string {
    const { job, context } = this;
    const plan = job.targets[target]?.plan;
    return plan === undefined ? job.name : statisticsNameOf(context.dataSource, plan.table, plan.schema);
  }

  private add(totals: LoadTotals): void {
    const { context } = this;
    this.sum = addTotals(this.sum, totals);
    if (this.ownsTransactions) {
      this.job.targets.forEach((_, index) =>
        context.stats.add(this.statisticsName(index), totals.tables[index] ?? NO_COUNTS),
      );
    }
  }
}
