import type { DataSource } from 'typeorm';

import { HistoryPeriodEntity, HYBRID, HYBRID_ENTITIES, LoadBatchEntity, LoadEntity } from '../entities/index.js';
import { isId } from '../entities/is-id.js';
import { StorageError } from '../errors/index.js';
import { quotedTableOf } from '../postgres/data-source.js';
import { statisticsNameOf } from '../schema/table/entity-metadata.js';
import { type Reading, withReading } from '../postgres/with-transaction.js';
import { addCounts, type LoadCounts, NO_COUNTS, storedOf } from '../results/load-counts.js';
import type { NamedLoad } from './committed-batches.js';
import { type CommittedCounts, readCommittedCounts } from './committed-counts.js';
import { checkHistoryFilter, conditionOf, type HistoryFilter } from './history-filter.js';
import { ledgerTablesOf } from './ledger-tables.js';
import type { LoadTables } from './load-totals.js';
import { readShards, type ShardEntry } from './shards/shard-history.js';

/**
 * A past or running load. For a load without an end (`running`), even if its process was killed, counts are the sums of its
 * committed batches.
 */
export interface HistoryEntry
  extends
    LoadCounts,
    Pick<LoadEntity, 'loadKey' | 'disposition' | 'options' | 'source' | 'status' | 'attempt'>,
    Pick<LoadEntity, 'unknownFields' | 'unknownFieldsPolicy' | 'startedAt' | 'finishedAt'> {
  readonly loadId: string;
  /** Table name, `hybrid` for a load into both tables, or the name of a combined load. */
  readonly table: string;
  /** Into how many shards the load is divided; null where one loader does it. */
  readonly shards: number | null;
  /** Hybrid and combined loads only: records stored, instead of inserted, updated and unchanged, which are 0. */
  readonly stored: number | null;
  /** Hybrid and combined loads only: the counts of each table, by table name. */
  readonly tables: Readonly<Record<string, LoadCounts>> | null;
  /** The error that ended it, or `COUNTS_UNREADABLE`; never contains row values. */
  readonly error: { readonly code: string; readonly message: string } | null;
}

/** The period whose loads are all in the history; null where it has no limit. */
export interface HistoryPeriod {
  /** Loads that ended before this time may be missing, because a purge deleted some. */
  readonly completeFrom: Date | null;
  /** Loads that ended at or after this time may be missing, because some have `history: 'off'`. */
  readonly incompleteFrom: Date | null;
}

/** Totals of all loads into a table. */
export interface TableTotal extends LoadCounts {
  readonly table: string;
  /** Loads that ended with an error. */
  readonly errors: number;
}

/** A row of sums: of all closed loads into a table, or of one running load. */
interface SumRow extends TableTotal {
  readonly runningId: string | null;
  /** The tables of a running combined load. */
  readonly combined: readonly string[] | null;
  /** Schema its entity names. */
  readonly schema: string | null;
}

const DEFAULT_LIMIT = 50;
const COUNTS = Object.keys(NO_COUNTS);

// Counts are far below 2^53, where float8 is exact and is returned as a number. Tables of older versions lack some.
const ENTRY_COUNTS = ['stored', ...COUNTS].map((name) => `l.${name}::float8 AS ${name}`).join(', ');
const TABLE_SUMS = COUNTS.map((name) => `COALESCE(sum((entry.value->>'${name}')::bigint), 0)::float8 AS ${name}`).join(
  ', ',
);

/** Reads `storage_loads`, and `storage_load_batches` of running loads. */
export class LoadHistory {
  /** @param read - runs the queries; without limits by default */
  constructor(
    private readonly dataSource: DataSource,
    private readonly read: Reading = (work) => withReading(dataSource, work),
  ) {}

  async list(filter: HistoryFilter): Promise<HistoryEntry[]> {
    checkHistoryFilter(filter);
    const { limit = DEFAULT_LIMIT, after, before } = filter;
    for (const [name, id] of Object.entries({ after, before })) {
      if (id !== undefined && (await this.find(id)) === null) {
        throw new StorageError('INVALID_FILTER', `${name}: the history has no load ${JSON.stringify(id)}`);
      }
    }
    const parameters: unknown[] = [];
    const condition = conditionOf(filter, parameters, this.tableOf(LoadEntity));
    const order = before === undefined ? 'started_at DESC, id' : 'started_at, id DESC';
    return this.entries(`WHERE ${condition} ORDER BY ${order} LIMIT $${parameters.push(limit)}`, parameters);
  }

  async find(loadId: string): Promise<HistoryEntry | null> {
    const [entry] = isId(loadId) ? await this.entries('WHERE id = $1', [loadId]) : [];
    return entry ?? null;
  }

  /** The shards of a load. */
  async shards(load: HistoryEntry): Promise<ShardEntry[]> {
    return readShards(this.query, ledgerTablesOf(this.dataSource), load);
  }

  /** The loads with these ids, newest first. */
  async findAll(loadIds: readonly string[]): Promise<HistoryEntry[]> {
    return this.entries('WHERE id = ANY ($1::uuid[])', [loadIds]);
  }

  /** Totals of all loads, by table. */
  async totals(): Promise<TableTotal[]> {
    // One statement, so that a load that ends meanwhile is counted once: as closed or as running.
    const rows = await this.query<SumRow>(
      `SELECT CASE WHEN l.status = 'running' THEN l.id END AS "runningId", entry.key AS table,
              l.options->>'schema' AS schema,
              CASE WHEN l.status = 'running' THEN l.options->'tables' END AS combined, ${TABLE_SUMS},
              (count(*) FILTER (WHERE l.error_code IS NOT NULL))::float8 AS errors
         FROM ${this.tableOf(LoadEntity)} AS l
        CROSS JOIN LATERAL jsonb_each(CASE WHEN l.status = 'running' OR l.tables IS NULL
                                           THEN jsonb_build_object(l.table_name, to_jsonb(l)) ELSE l.tables END) AS entry
        GROUP BY 1, 2, 3, 4`,
    );
    const running = rows.flatMap(({ runningId, table, combined }) =>
      runningId === null ? [] : [{ loadId: runningId, table, tables: combined ?? undefined }],
    );
    const committed = await this.committedCounts(running);
    const sums = new Map<string, TableTotal>();
    const add = (name: string, schema: string | null, counts: LoadCounts, errors: number): void => {
      const table = statisticsNameOf(this.dataSource, name, schema);
      const before = sums.get(table) ?? { ...NO_COUNTS, table, errors: 0 };
      sums.set(table, { table, ...addCounts(before, counts), errors: before.errors + errors });
    };
    for (const { runningId, table, schema, combined, errors, ...counts } of rows) {
      if (runningId === null) {
        add(table, schema, counts, errors);
      } else {
        const totals = committed.get(runningId);
        const tables = totals === undefined || totals instanceof StorageError ? [] : totals;
        this.tableNames({ table, tables: combined ?? undefined }).forEach((name, index) =>
          add(name, schema, tables[index] ?? NO_COUNTS, 0),
        );
      }
    }
    return [...sums.values()].toSorted((a, b) => (a.table < b.table ? -1 : 1));
  }

  /** The period whose loads are all in the history. */
  async period(): Promise<HistoryPeriod> {
    const [period] = await this.query<HistoryPeriod>(
      `SELECT complete_from AS "completeFrom", incomplete_from AS "incompleteFrom" FROM ${this.tableOf(HistoryPeriodEntity)}`,
    );
    return period ?? { completeFrom: null, incompleteFrom: null };
  }

  /** @param which - clauses that select loads */
  private async entries(which: string, parameters: readonly unknown[]): Promise<HistoryEntry[]> {
    const entries = await this.query<HistoryEntry>(
      `SELECT l.id AS "loadId", l.load_key AS "loadKey", l.table_name AS "table", l.disposition, l.options, l.source,
              l.status, l.attempt, (l.options->>'shards')::integer AS shards, ${ENTRY_COUNTS}, l.tables,
              l.unknown_fields AS "unknownFields", l.unknown_fields_policy AS "unknownFieldsPolicy",
              CASE WHEN l.error_code IS NOT NULL
                   THEN jsonb_build_object('code', l.error_code, 'message', l.error_message) END AS error,
              l.started_at AS "startedAt", l.finished_at AS "finishedAt"
         FROM (SELECT * FROM ${this.tableOf(LoadEntity)} ${which}) AS l
        ORDER BY l.started_at DESC, l.id`,
      [...parameters],
    );
    const running = entries.filter(({ status }) => status === 'running');
    const committed = await this.committedCounts(
      running.map(({ loadId, table, options }) => ({ loadId, table, tables: options?.tables })),
    );
    return entries.map((entry) => this.withCommitted(entry, committed.get(entry.loadId)));
  }

  /** A load writes its counts when it ends; until then its batches are summed. */
  private withCommitted(entry: HistoryEntry, totals: readonly LoadCounts[] | StorageError | undefined): HistoryEntry {
    if (totals === undefined) {
      return entry;
    }
    if (totals instanceof StorageError) {
      return { ...entry, error: { code: totals.code, message: totals.message } };
    }
    const records = totals.at(-1) ?? NO_COUNTS;
    const names = this.tableNames({ table: entry.table, tables: entry.options?.tables });
    if (entry.table !== HYBRID && entry.options?.tables === undefined) {
      return { ...entry, ...records };
    }
    const tables = names.map((table, index) => [table, totals[index] ?? NO_COUNTS] as const);
    const none = { inserted: 0, updated: 0, unchanged: 0 };
    return { ...entry, ...records, ...none, stored: storedOf(records), tables: Object.fromEntries(tables) };
  }

  /** What running loads have committed. */
  private async committedCounts(loads: readonly NamedLoad[]): Promise<CommittedCounts> {
    return readCommittedCounts(this.query, this.tableOf(LoadBatchEntity), loads);
  }

  /** The tables of a load, in the order its batches count them. */
  tableNames({ table, tables }: LoadTables): readonly string[] {
    return table === HYBRID
      ? HYBRID_ENTITIES.map((entity) => this.dataSource.getMetadata(entity).tableName)
      : (tables ?? [table]);
  }

  private tableOf(entity: new () => object): string {
    return quotedTableOf(this.dataSource, entity);
  }

  private readonly query = async <Row extends object>(
    sql: string,
    parameters: readonly unknown[] = [],
  ): Promise<Row[]> => this.read(async (client) => (await client.query<Row>(sql, [...parameters])).rows);
}
