import type { DataSource, EntityTarget, ObjectLiteral } from 'typeorm';

import type { SchemaDifference } from '../errors/index.js';
import { answered } from '../postgres/faults/database-error.js';
import { boundedReading, type TransactionLimits } from '../postgres/with-transaction.js';
import { type ExportFormat, exportLines, type ExportReport } from '../quarantine/export-lines.js';
import type { KeptRecord, QuarantinedRecord } from '../quarantine/quarantined-record.js';
import { QuarantineStore } from '../quarantine/quarantine-store.js';
import type { RejectFilter, RejectListFilter } from '../quarantine/reject-filter.js';
import { checkSchema } from '../schema/check-schema.js';
import { compareMigrations } from '../schema/migrations/pending-migrations.js';
import type { HistoryFilter } from '../stats/history-filter.js';
import { type HistoryEntry, LoadHistory } from '../stats/load-history.js';
import type { ShardEntry } from '../stats/shards/shard-history.js';
import { type Activity, type ActivityPeriod, readActivity } from './activity.js';
import { readFreshness, type TableFreshness } from './freshness.js';
import { type BatchFilter, type BatchPage, type LoadTimeline, readBatches, readTimeline } from './load-batches.js';
import type { Questions } from './questions.js';
import { readRejectGroups, type RejectGroups } from './reject-groups.js';
import { readRunning, type RunningFilter, type RunningLoads } from './running-loads.js';

/** A page of the history. */
export interface LoadPage {
  /** Newest first. */
  readonly loads: readonly HistoryEntry[];
  /** Whether there are newer loads: `before` the first of these. */
  readonly hasNewer: boolean;
  /** Whether there are older loads: `after` the last of these. */
  readonly hasOlder: boolean;
}

/** Differences between entities and live tables. */
export interface SchemaDifferences {
  /** The compared tables. */
  readonly tables: readonly string[];
  /** They stop loads before they write. Migrations that are not applied are not among them. */
  readonly breaking: readonly SchemaDifference[];
  /** They do not affect loads. */
  readonly other: readonly SchemaDifference[];
}

/** A migration that is not applied. */
export interface PendingMigration {
  readonly name: string;
  /** The command that applies it. */
  readonly fix: string;
}

const DEFAULT_PAGE = 50;
const STATEMENT_TIMEOUT_MS = 5_000;
const LOCK_TIMEOUT_MS = 1_000;

const OF_HISTORY = ['HISTORY_UNREADABLE', 'Could not read the history of loads'] as const;
const OF_QUARANTINE = ['QUARANTINE_FAILED', 'Could not read or delete rejected records'] as const;
const OF_SCHEMA = ['SCHEMA_UNREADABLE', 'Could not read the database schema'] as const;

/**
 * What operators ask the database. Every question is read-only, takes no lock that a load waits for, and each of its statements
 * has a timeout. Errors are those of `LoadStatsService`, `QuarantineService` and `SchemaService`: `HISTORY_UNREADABLE`,
 * `QUARANTINE_FAILED`, `SCHEMA_UNREADABLE`, and `INVALID_FILTER` for a wrong filter.
 * @internal
 */
export class StorageOperations {
  private readonly questions: Questions;

  /** @param limits - `statementTimeoutMs` is 5000 by default, `lockTimeoutMs` 1000 */
  constructor(dataSource: DataSource, limits: Partial<TransactionLimits> = {}) {
    const all = { statementTimeoutMs: STATEMENT_TIMEOUT_MS, lockTimeoutMs: LOCK_TIMEOUT_MS, ...limits };
    const read = boundedReading(dataSource, all);
    this.questions = {
      dataSource,
      read,
      query: (sql, parameters) => read(async (client) => (await client.query(sql, [...parameters])).rows),
      history: new LoadHistory(dataSource, read),
      quarantine: new QuarantineStore(dataSource, all, read),
    };
  }

  /** What ran in a period: loads, records and durations by buckets of time. */
  async activity(period: ActivityPeriod): Promise<Activity> {
    return answered(readActivity(this.questions, period), ...OF_HISTORY);
  }

  /** Past and running loads, newest first. Page by page with `limit`, and `after` (older) or `before` (newer). */
  async loads(filter: HistoryFilter = {}): Promise<LoadPage> {
    return answered(this.pageOf(filter), ...OF_HISTORY);
  }

  /** One load, or null. */
  async load(id: string): Promise<HistoryEntry | null> {
    return answered(this.questions.history.find(id), ...OF_HISTORY);
  }

  /** The committed batches of a load, page by page. A small load is one statement and has none. */
  async batches(load: HistoryEntry, filter: BatchFilter = {}): Promise<BatchPage> {
    return answered(readBatches(this.questions, load, filter), ...OF_HISTORY);
  }

  /** All committed batches of a load, in at most sixty slices. */
  async timeline(load: Pick<HistoryEntry, 'loadId' | 'shards'>): Promise<LoadTimeline> {
    return answered(readTimeline(this.questions, load), ...OF_HISTORY);
  }

  /** The shards of a load; none of a load that one loader does. */
  async shards(load: HistoryEntry): Promise<readonly ShardEntry[]> {
    return answered(this.questions.history.shards(load), ...OF_HISTORY);
  }

  /** Loads without an end, running or killed. */
  async running(filter: RunningFilter = {}): Promise<RunningLoads> {
    return answered(readRunning(this.questions, filter), ...OF_HISTORY);
  }

  /**
   * When records last arrived in each table, and which table is stale. By name.
   * @param running - what {@link running} has just returned; without it, it is asked again
   */
  async freshness(running?: RunningLoads): Promise<readonly TableFreshness[]> {
    return answered(readFreshness(this.questions, running), ...OF_HISTORY);
  }

  /** Counts of rejected records by table and reason; open ones, unless the filter says otherwise. */
  async rejectsByTableAndReason(filter: RejectFilter = {}): Promise<RejectGroups> {
    return answered(readRejectGroups(this.questions, filter), ...OF_QUARANTINE);
  }

  /** Rejected records without their bytes, newest first; as `QuarantineService.list`. */
  async rejects(filter: RejectListFilter = {}): Promise<readonly QuarantinedRecord[]> {
    return answered(this.questions.quarantine.list(filter), ...OF_QUARANTINE);
  }

  /**
   * One rejected record, or null.
   * @param mostBytes - of the record itself; a longer one is cut
   */
  async reject(id: string, mostBytes = 0): Promise<QuarantinedRecord | null> {
    return answered(this.questions.quarantine.get(id, mostBytes > 0, mostBytes), ...OF_QUARANTINE);
  }

  /** The exact number of rejected records that match a filter: those that a replay, export or purge would take. */
  async countRejects(filter: RejectFilter = {}): Promise<number> {
    return answered(this.questions.quarantine.count(filter), ...OF_QUARANTINE);
  }

  /**
   * The lines of a file that loads the rejected records of a filter again; as `QuarantineService.export`.
   * @param tables - records of other tables are left out: they have come since these were asked for
   */
  exportRejects(
    filter: RejectFilter,
    format: ExportFormat,
    report: ExportReport,
    tables: ReadonlySet<string>,
  ): AsyncGenerator<Buffer> {
    return exportLines(ofTables(this.questions.quarantine.readAll(filter), tables), format, report);
  }

  /** The clock of the database, by which records are rejected. */
  async now(): Promise<Date> {
    const asking = this.questions.query<{ now: Date }>(
      "SELECT date_trunc('milliseconds', clock_timestamp()) AS now",
      [],
    );
    const [row] = await answered(asking, ...OF_QUARANTINE);
    return row?.now ?? new Date();
  }

  /** Migrations of this package and of the DataSource that are not applied. */
  async pendingMigrations(): Promise<readonly PendingMigration[]> {
    const { dataSource, read } = this.questions;
    const comparing = read((client) => compareMigrations(client, dataSource));
    const differences = await answered(comparing, ...OF_SCHEMA);
    return differences.filter(({ breaks }) => breaks).map(({ expected, fix }) => ({ name: expected, fix }));
  }

  /**
   * Compares entities with their live tables; {@link pendingMigrations} has what is not applied.
   * @param entity - an entity or the name of its table. @default all entities of the DataSource
   */
  async schemaDifferences(entity?: EntityTarget<ObjectLiteral>): Promise<SchemaDifferences> {
    const { dataSource, read } = this.questions;
    const { tables, differences } = await answered(checkSchema(dataSource, entity, read), ...OF_SCHEMA);
    return {
      tables,
      breaking: differences.filter((difference) => difference.breaks && !isPending(difference)),
      other: differences.filter(({ breaks }) => !breaks),
    };
  }

  private async pageOf(filter: HistoryFilter): Promise<LoadPage> {
    const { history } = this.questions;
    const { limit = DEFAULT_PAGE, after, before } = filter;
    const found = await history.list({ ...filter, limit: limit + 1 });
    const hasMore = found.length > limit;
    if (before === undefined) {
      const loads = found.slice(0, limit);
      return { loads, hasOlder: hasMore, hasNewer: after !== undefined };
    }
    return { loads: found.slice(hasMore ? 1 : 0), hasNewer: hasMore, hasOlder: true };
  }
}

async function* ofTables(records: AsyncIterable<KeptRecord>, tables: ReadonlySet<string>): AsyncGenerator<KeptRecord> {
  for await (const record of records) {
    if (tables.has(record.table)) {
      yield record;
    }
  }
}

function isPending({ kind, breaks }: SchemaDifference): boolean {
  return kind === 'migration' && breaks;
}
