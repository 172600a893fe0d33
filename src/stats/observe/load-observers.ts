import { errorCode } from '../../errors/error-text.js';
import { type LoadCounts, storedOf } from '../../results/load-counts.js';
import { type LoadTotals, recordCounts } from '../load-totals.js';
import {
  type LoadObservation,
  type LoadObserver,
  type ObservedBatch,
  type ObservedBatchEnd,
  type ObservedLoadEnd,
  type ObservedLoadStart,
  type ObservedStatement,
  type OutcomeCounts,
  outcomesOf,
} from './load-observer.js';

/** Tells all observers of the loads of a module. */
export class LoadObservers {
  private observers: readonly LoadObserver[] = [];

  /** @returns ends it */
  add(observer: LoadObserver): () => void {
    this.observers = [...this.observers, observer];
    return () => {
      this.observers = this.observers.filter((other) => other !== observer);
    };
  }

  counted(table: string, counts: LoadCounts): void {
    tell(this.observers, (observer) => observer.counted(table, counts));
  }

  /** A load begins; undefined where nobody observes. */
  load(isJoined: boolean): ObservedLoad | undefined {
    if (this.observers.length === 0) {
      return undefined;
    }
    return new ObservedLoad(collect(this.observers, (observer) => observer.load(isJoined)));
  }

  /**
   * Runs a statement that writes rows.
   * @param errorOf - the error that a result tells
   */
  async statement<T>(
    statement: ObservedStatement,
    work: () => Promise<T>,
    errorOf: (result: T) => unknown = () => undefined,
  ): Promise<T> {
    return within(this.observers, work, (observer, inner) => observer.runStatement(statement, inner, errorOf));
  }
}

/** Tells all observers of one load. */
export class ObservedLoad {
  private isEnded = false;

  constructor(private readonly observations: readonly LoadObservation[]) {}

  /** Runs the load; one that tells no end has ended before it began. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    // Told within their contexts.
    const observed = async (): Promise<T> => {
      try {
        return await work();
      } catch (error) {
        if (!this.isEnded) {
          tell(this.observations, (observation) => observation.notBegun(errorCode(error) ?? 'UNKNOWN'));
        }
        throw error;
      }
    };
    return within(this.observations, observed, (observation, inner) => observation.runLoad(inner));
  }

  began(load: ObservedLoadStart): void {
    tell(this.observations, (observation) => observation.began(load));
  }

  retried(table: string, code: string): void {
    tell(this.observations, (observation) => observation.retried(table, code));
  }

  /** Runs a batch, however often it is tried. @param restarts - whether the load begins again after an error */
  async batch(
    batch: ObservedBatch,
    work: () => Promise<LoadTotals>,
    restarts: (error: unknown) => boolean,
  ): Promise<LoadTotals> {
    const startedAt = performance.now();
    const end = (outcome: ObservedBatchEnd['outcome'], totals: LoadTotals | undefined, error?: unknown): void => {
      const counts = totals && countsOf(totals);
      const told = { ...batch, outcome, counts, durationMs: performance.now() - startedAt, error };
      tell(this.observations, (observation) => observation.batchEnded(told));
    };
    // Told within their contexts.
    const observed = async (): Promise<LoadTotals> => {
      try {
        const totals = await work();
        end('committed', totals);
        return totals;
      } catch (error) {
        end(restarts(error) ? 'restarted' : 'failed', undefined, error);
        throw error;
      }
    };
    return within(this.observations, observed, (observation, inner) => observation.runBatch(batch, inner));
  }

  ended(end: ObservedLoadEnd): void {
    this.isEnded = true;
    tell(this.observations, (observation) => observation.ended(end));
  }
}

function countsOf(totals: LoadTotals): OutcomeCounts {
  const counts = recordCounts(totals);
  return outcomesOf(counts, totals.tables.length > 1 ? storedOf(counts) : undefined);
}

/** What an observer throws must neither undo what is committed nor fail a load: a logger that cannot write, for example. */
function collect<T, R>(told: readonly T[], what: (one: T) => R): R[] {
  return told.flatMap((one) => {
    try {
      return [what(one)];
    } catch {
      return [];
    }
  });
}

function tell<T>(told: readonly T[], what: (one: T) => void): void {
  collect(told, what);
}

/** Runs work once, within what all of them put around it. What they throw before or after it is lost. */
function within<T, R>(
  told: readonly T[],
  work: () => Promise<R>,
  around: (one: T, inner: () => Promise<R>) => Promise<R>,
): Promise<R> {
  const run = told.reduce(
    (inner, one) => async () => {
      let working: Promise<R> | undefined;
      try {
        await around(one, () => (working = inner()));
      } catch {
        // An error of the work is that of its own promise.
      }
      return working ?? inner();
    },
    work,
  );
  return run();
}
