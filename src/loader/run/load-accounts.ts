import type { LoadStatus } from '../../entities/index.js';
import { CommitUnansweredError } from '../../postgres/connection-loss.js';
import type { LedgerEntry } from '../../stats/load-ledger.js';
import type { CommittedBatches } from '../read/committed-batches.js';
import type { LoadContext } from '../model/load-context.js';
import type { LoadJob } from '../model/load-job.js';
import { progressOf } from './load-report.js';
import { successRateOf } from '../../results/load-counts.js';
import type { BatchCounts, BatchFailure } from '../../results/load-result.js';
import { addTallies, countsOfTarget, emptyTally, failedTally, type LoadTally } from '../model/load-tally.js';
import type { PreparedBatch } from '../read/prepare-batch.js';
import { nameType } from '../values/rejected-value.js';
import { faultOf } from '../model/stop-load.js';

/** Keeps count of one load, and tells those who listen. */
export class LoadAccounts {
  private readonly failures: BatchFailure[] = [];
  private readonly unknown: number[] = [];
  private sum: LoadTally;
  private count = 0;
  private before = 0;
  private retried = 0;

  /** @param inOwnTransactions - nobody but a caller knows whether its transaction commits, so there nothing counts yet */
  constructor(
    private readonly context: LoadContext,
    private readonly job: LoadJob,
    private readonly entry: LedgerEntry,
    private readonly inOwnTransactions: boolean,
  ) {
    this.sum = emptyTally(job.targets.length);
  }

  /** What the batches so far come to. */
  get tally(): LoadTally {
    return this.sum;
  }

  /** Batches so far, whatever became of them. */
  get batches(): number {
    return this.count;
  }

  /** Of the records received, those earlier attempts have dealt with. */
  get receivedEarlier(): number {
    return this.before;
  }

  /** Numbers of the batches whose end nobody could learn. */
  get unanswered(): readonly number[] {
    return this.unknown;
  }

  /** Begins with what earlier attempts have committed; the counters of this process are not theirs. */
  resume({ count, tally }: CommittedBatches): void {
    this.count = count;
    this.sum = tally;
    this.before = tally.received;
  }

  /** How often something was tried again after a passing error. */
  get retries(): number {
    return this.retried;
  }

  /** Notes that something is tried again. */
  addRetry(): void {
    this.retried += 1;
    this.publish('retrying');
  }

  /** Notes a batch that is in. */
  addBatch(tally: LoadTally): void {
    this.count += 1;
    this.add(tally);
  }

  /** Notes a batch that was rolled back, or whose end nobody could learn. */
  addFailure(
    error: unknown,
    { batchNo, firstPosition, received, skippedReasons }: Omit<PreparedBatch, 'units' | 'rejected' | 'unknownFields'>,
  ): void {
    const { job, context } = this;
    const { code, message } = faultOf(error);
    this.count += 1;
    this.add(failedTally(received, skippedReasons, job.targets.length));
    this.failures.push({ batchNo, firstPosition, records: received, code, message });
    if (this.inOwnTransactions) {
      context.stats.addError(job.targets.at(-1)?.plan.table ?? job.name, message);
    }
    const isUnknown = error instanceof CommitUnansweredError;
    if (isUnknown) {
      this.unknown.push(batchNo);
    }
    const outcome = isUnknown ? 'is not known to be in' : 'was rolled back';
    context.logger.error(`load ${this.entry.loadId}: batch ${batchNo} ${outcome}: ${message}`);
  }

  /**
   * Publishes how far the load is.
   * @param tally - of what is at work, where that is not in the accounts yet
   */
  publish(status: LoadStatus | 'retrying', tally: LoadTally = this.sum): void {
    const { job, context } = this;
    const { loadId } = this.entry;
    const progress = {
      ...progressOf(loadId, job.name, status, tally),
      batches: this.count,
      retries: this.retried,
      receivedEarlier: this.before,
    };
    context.stats.publish(progress);
    try {
      job.options.onProgress?.(progress);
    } catch (error) {
      // What is committed is committed, whatever a listener makes of it.
      context.logger.warn(`load ${loadId}: onProgress threw ${nameType(error)}`);
    }
  }

  batchCounts(): BatchCounts {
    const { stored, duplicates } = this.sum;
    return {
      batches: this.count,
      successfulBatches: this.count - this.failures.length,
      failedBatches: this.failures.length,
      successRate: successRateOf(stored + duplicates, this.sum),
      // Batches end in another order than they begin.
      failures: this.failures.toSorted((a, b) => a.batchNo - b.batchNo),
    };
  }

  private add(tally: LoadTally): void {
    this.sum = addTallies(this.sum, tally);
    if (this.inOwnTransactions) {
      this.job.targets.forEach(({ plan }, index) => this.context.stats.add(plan.table, countsOfTarget(tally, index)));
    }
  }
}
