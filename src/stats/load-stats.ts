import type { DataSource } from 'typeorm';

import { answered } from '../postgres/faults/database-error.js';
import type { TransactionLimits } from '../postgres/with-transaction.js';
import { addCounts, type LoadCounts, loadedOf, NO_COUNTS, successRateOf } from '../results/load-counts.js';
import { HistoryPurge, type HistoryPurgeOptions, type HistoryPurgeResult } from './history-purge.js';
import type { HistoryFilter } from './history-filter.js';
import { type HistoryEntry, type HistoryPeriod, LoadHistory } from './load-history.js';
import type { LoadProgress } from './load-progress.js';
import type { ShardEntry } from './shards/shard-history.js';
import { LoadObservers } from './observe/load-observers.js';

/** Counts since the process started, or since the last `reset`. */
export interface LoadStatistics extends LoadCounts {
  /** inserted + updated + unchanged + deleted + duplicates */
  readonly loaded: number;
  /** loaded + failed + rejected */
  readonly totalAttempted: number;
  /** loaded / totalAttempted; 0 when nothing was attempted */
  readonly successRate: number;
  /** All errors; `errors` holds the last 100. */
  readonly errorCount: number;
  readonly errors: readonly string[];
}

/** Statistics of all tables together, and of each. */
export interface StatsSnapshot extends LoadStatistics {
  readonly tables: Readonly<Record<string, LoadStatistics>>;
}

interface Account {
  readonly counts: LoadCounts;
  readonly errorCount: number;
  readonly errors: readonly string[];
}

const ERRORS_KEPT = 100;
const UNREADABLE = ['HISTORY_UNREADABLE', 'Could not read the history of loads'] as const;
const NOT_PURGED = ['HISTORY_PURGE_FAILED', 'Could not delete all old loads'] as const;
const NOTHING: Account = { counts: NO_COUNTS, errorCount: 0, errors: [] };

/**
 * Statistics and history of loads. Counters of this process change when a batch is committed or has failed; loads in a
 * caller's transaction (`withManager`) are in the history only, because only the caller knows whether it commits.
 */
export class LoadStats {
  private readonly accounts = new Map<string, Account>();
  private readonly past: LoadHistory;
  /** @internal */
  readonly observers = new LoadObservers();

  /** @internal */
  constructor(
    private readonly dataSource: DataSource,
    private readonly limits: TransactionLimits,
  ) {
    this.past = new LoadHistory(dataSource);
  }

  /** Counters of every table and their sum. */
  snapshot(): StatsSnapshot {
    const accounts = [...this.accounts.values()];
    const total = accounts.reduce(addAccounts, NOTHING);
    const tables = [...this.accounts].map(([table, account]) => [table, statisticsOf(account)] as const);
    return { ...statisticsOf(total), tables: Object.fromEntries(tables) };
  }

  /** Counters of one table; all zero without loads. */
  forTable(table: string): LoadStatistics {
    return statisticsOf(this.accounts.get(table) ?? NOTHING);
  }

  /** Resets the counters of this process; the history stays. */
  reset(): void {
    this.accounts.clear();
  }

  /**
   * Past and running loads, newest first, from `storage_loads`. Page by page with `limit` and `after`.
   * @throws StorageError `HISTORY_UNREADABLE` for a database error; `INVALID_FILTER` if `after` names no load, or `limit` is no number of loads
   */
  async history(filter: HistoryFilter = {}): Promise<HistoryEntry[]> {
    return answered(this.past.list(filter), ...UNREADABLE);
  }

  /** One load, or null. Errors as {@link history}. */
  async findLoad(id: string): Promise<HistoryEntry | null> {
    return answered(this.past.find(id), ...UNREADABLE);
  }

  /** The shards of a load, in the order of their indexes; none of a load that one loader does. Errors as {@link history}. */
  async shards(loadId: string): Promise<ShardEntry[]> {
    const load = await this.findLoad(loadId);
    return load === null ? [] : answered(this.past.shards(load), ...UNREADABLE);
  }

  /**
   * Totals of all loads for each table, from `storage_loads`; {@link historyPeriod} tells which loads may be missing. Errors
   * as {@link history}.
   */
  async totals(): Promise<Readonly<Record<string, LoadStatistics>>> {
    const totals = await answered(this.past.totals(), ...UNREADABLE);
    return Object.fromEntries(
      totals.map(({ table, errors, ...counts }) => [table, statisticsOf({ counts, errorCount: errors, errors: [] })]),
    );
  }

  /** The period whose loads are all in the history, and so in {@link totals}. Errors as {@link history}. */
  async historyPeriod(): Promise<HistoryPeriod> {
    return answered(this.past.period(), ...UNREADABLE);
  }

  /**
   * Deletes old loads and their batches from the history, page by page in short transactions. Rows of the loaded tables and
   * counters of this process stay. Kept are running loads, loads with open rejected records, loads that their load key can
   * resume, and every other load key unless `keepKeys` is set. {@link historyPeriod} tells from when on the history is
   * complete afterwards. No load is waited for.
   * @throws StorageError `INVALID_FILTER` naming all mistakes in the options; `HISTORY_PURGE_FAILED` for a database error:
   * pages that were deleted before stay deleted
   */
  async purge(options: HistoryPurgeOptions): Promise<HistoryPurgeResult> {
    return answered(new HistoryPurge(this.dataSource, this.limits).run(options), ...NOT_PURGED);
  }

  /** @internal */
  add(table: string, counts: LoadCounts): void {
    const account = this.accounts.get(table) ?? NOTHING;
    this.accounts.set(table, { ...account, counts: addCounts(account.counts, counts) });
    this.observers.counted(table, counts);
  }

  /** @internal */
  addError(table: string, message: string): void {
    const account = this.accounts.get(table) ?? NOTHING;
    this.accounts.set(table, addAccounts(account, { counts: NO_COUNTS, errorCount: 1, errors: [message] }));
  }

  /**
   * Tells nobody: the command line needs no progress of all loads, and so not rxjs.
   * @internal
   */
  publish(_progress: LoadProgress): void {}

  /** @internal */
  endProgress(): void {}
}

function addAccounts(a: Account, b: Account): Account {
  return {
    counts: addCounts(a.counts, b.counts),
    errorCount: a.errorCount + b.errorCount,
    errors: [...a.errors, ...b.errors].slice(-ERRORS_KEPT),
  };
}

function statisticsOf({ counts, errorCount, errors }: Account): LoadStatistics {
  const loaded = loadedOf(counts);
  const totalAttempted = loaded + counts.failed + counts.rejected;
  return { ...counts, loaded, totalAttempted, successRate: successRateOf(counts), errorCount, errors };
}
