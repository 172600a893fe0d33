import { escapeLiteral } from 'pg';
import type { DataSource } from 'typeorm';

import { LoadEntity, RejectedRecordEntity } from '../entities/index.js';
import { isId } from '../entities/is-id.js';
import { StorageError } from '../errors/index.js';
import { defaultSchema, quotedTableOf } from '../postgres/data-source.js';
import type { RejectReason } from '../records/reject-reasons.js';
import { type Reading, type TransactionLimits, withReading, withTransaction } from '../postgres/with-transaction.js';
import { type Query, readKeptRecords, readSlices } from './kept-pages.js';
import { type KeptRecord, type QuarantinedRecord, RECORD_COLUMNS } from './quarantined-record.js';
import { groupedRecords, NEWEST_OF_GROUP } from './reject-groups.js';
import {
  checkFilter,
  conditionOf,
  isNarrowed,
  LIST_CHECKS,
  type RejectFilter,
  type RejectListFilter,
} from './reject-filter.js';

/** Result of a purge. */
export interface PurgeResult {
  readonly purged: number;
  /** Of these, records that were still open: they are lost. */
  readonly open: number;
}

/** How many records were rejected for a reason. */
export interface ReasonCount {
  readonly reason: RejectReason;
  readonly count: number;
}

/** A table with rejected records. */
export interface RejectingTable {
  /** Table name, `hybrid`, or the name of a combined load. */
  readonly table: string;
  /** Null if the load that rejected them is no longer in the history. */
  readonly schema: string | null;
  /** The tables of a combined load, of which `table` is the name. */
  readonly tables: readonly string[] | null;
}

const DEFAULT_LIMIT = 50;

/** Reads and deletes rows of `storage_rejected_records`. */
export class QuarantineStore {
  /** Quoted names. */
  readonly records: string;
  readonly loads: string;
  /** SQL of the schema of a load `l`'s table; null without a load. */
  readonly schemaOfLoad: string;
  /** SQL of the schema of a record `r`'s table. */
  readonly schemaOfRecord: string;

  /** @param read - runs the queries; without limits by default */
  constructor(
    readonly dataSource: DataSource,
    private readonly limits: TransactionLimits,
    private readonly read: Reading = (work) => withReading(dataSource, work),
  ) {
    this.records = quotedTableOf(dataSource, RejectedRecordEntity);
    this.loads = quotedTableOf(dataSource, LoadEntity);
    const byDefault = escapeLiteral(defaultSchema(dataSource));
    this.schemaOfLoad = `CASE WHEN l.id IS NOT NULL THEN COALESCE(l.options->>'schema', ${byDefault}) END`;
    this.schemaOfRecord = `(SELECT ${this.schemaOfLoad} FROM ${this.loads} AS l WHERE l.id = r.load_id)`;
  }

  /** Newest first; records rejected together in input order. */
  async list(all: RejectListFilter): Promise<QuarantinedRecord[]> {
    checkFilter(all, LIST_CHECKS);
    const { limit = DEFAULT_LIMIT, after, withRaw = false, ...filter } = all;
    const parameters: unknown[] = [];
    const last = after === undefined ? undefined : `$${parameters.push(after)}`;
    const upTo = `LIMIT $${parameters.push(limit)}`;
    const page = this.pageOf(filter, parameters, last, upTo);
    const records = await this.query<QuarantinedRecord>(
      `${page.groups} SELECT ${columnsOf(withRaw)} FROM (${page.ids}) AS p JOIN ${this.records} AS r ON r.id = p.id
        ORDER BY r.created_at DESC, r.load_id, r.position, r.id ${upTo}`,
      parameters,
    );
    if (after !== undefined && records.length === 0 && (await this.get(after, false)) === null) {
      throw new StorageError('INVALID_FILTER', `after: rejected record ${after} does not exist any more`);
    }
    return withRaw ? this.addRaw(records) : records;
  }

  /** @param mostBytes - of the record itself; a longer one is cut */
  async get(id: string, withRaw: boolean, mostBytes = Infinity): Promise<QuarantinedRecord | null> {
    if (!isId(id)) {
      return null;
    }
    const found = await this.query<QuarantinedRecord>(
      `SELECT ${columnsOf(withRaw)} FROM ${this.records} AS r WHERE r.id = $1`,
      [id],
    );
    const [record] = withRaw ? await this.addRaw(found, mostBytes) : found;
    return record ?? null;
  }

  async count(filter: RejectFilter): Promise<number> {
    checkFilter(filter);
    const parameters: unknown[] = [];
    const [row] = await this.query<{ n: number }>(
      `SELECT count(*)::float8 AS n FROM ${this.records} AS r WHERE ${this.conditionOf(filter, parameters)}`,
      parameters,
    );
    return row?.n ?? 0;
  }

  /** Most frequent first. */
  async countByReason(filter: RejectFilter): Promise<ReasonCount[]> {
    checkFilter(filter);
    const parameters: unknown[] = [];
    return this.query<ReasonCount>(
      `SELECT r.reason, count(*)::float8 AS count FROM ${this.records} AS r
        WHERE ${this.conditionOf(filter, parameters)} GROUP BY r.reason ORDER BY count(*) DESC, r.reason`,
      parameters,
    );
  }

  /** The tables of the rejected records. */
  async tables(filter: RejectFilter): Promise<RejectingTable[]> {
    checkFilter(filter);
    const parameters: unknown[] = [];
    return this.query<RejectingTable>(
      `SELECT DISTINCT r.table_name AS "table", ${this.schemaOfLoad} AS schema, l.options->'tables' AS tables
         FROM ${this.records} AS r LEFT JOIN ${this.loads} AS l ON l.id = r.load_id
        WHERE ${this.conditionOf(filter, parameters)}`,
      parameters,
    );
  }

  /** All records, load by load in input order. */
  async *readAll(filter: RejectFilter): AsyncGenerator<KeptRecord> {
    checkFilter(filter);
    const parameters: unknown[] = [];
    const condition = this.conditionOf(filter, parameters);
    const loads = await this.query<{ id: string }>(
      `SELECT r.load_id AS id FROM ${this.records} AS r LEFT JOIN ${this.loads} AS l ON l.id = r.load_id
        WHERE ${condition} GROUP BY r.load_id, l.started_at
        ORDER BY COALESCE(l.started_at, min(r.created_at)), r.load_id`,
      parameters,
    );
    const rows = `FROM ${this.records} AS r WHERE ${condition} AND r.load_id = $${parameters.length + 1}`;
    for (const { id } of loads) {
      yield* readKeptRecords(this.query, this.records, rows, [...parameters, id]);
    }
  }

  /**
   * Deletes records permanently.
   * @param expected - how many: of another number, none is deleted
   * @throws StorageError `INVALID_FILTER` when the filter matches everything, `REJECTS_CHANGED` for another number than expected
   */
  async purge(filter: RejectFilter, expected?: number): Promise<PurgeResult> {
    checkFilter(filter);
    if (!isNarrowed(filter)) {
      throw new StorageError(
        'INVALID_FILTER',
        'A purge needs a filter, because it deletes rejected records permanently: for example records rejected before a date ' +
          '(until), or replayed ones (replayed: true)',
      );
    }
    const parameters: unknown[] = [];
    const condition = this.conditionOf({ ...filter, replayed: filter.replayed ?? 'any' }, parameters);
    return withTransaction(this.dataSource, this.limits, async (client) => {
      const { rows } = await client.query<PurgeResult>(
        `WITH gone AS (DELETE FROM ${this.records} AS r WHERE ${condition} RETURNING r.replayed_at)
         SELECT count(*)::float8 AS purged, (count(*) FILTER (WHERE replayed_at IS NULL))::float8 AS open FROM gone`,
        parameters,
      );
      const [result = { purged: 0, open: 0 }] = rows;
      if (expected !== undefined && result.purged !== expected) {
        throw new StorageError(
          'REJECTS_CHANGED',
          `Nothing was deleted: the filter now matches ${result.purged} rejected records instead of ${expected}`,
        );
      }
      return result;
    });
  }

  /** A filter as an SQL condition on the quarantine table `r`, see {@link conditionOf}. */
  conditionOf(filter: RejectFilter, parameters: unknown[]): string {
    return conditionOf(filter, parameters, this.schemaOfRecord);
  }

  /**
   * SQL of the ids of a page, and of few others.
   * @param last - the parameter that has the id of the last record of the previous page
   * @param upTo - the clause that has the number of records
   */
  private pageOf(
    filter: RejectFilter,
    parameters: unknown[],
    last: string | undefined,
    upTo: string,
  ): { readonly groups: string; readonly ids: string } {
    const { loadId, table, reason, replayed = false } = filter;
    const isBehind = last === undefined ? '' : `AND ${isAfter(this.records, last)}`;
    const first = (records: string, newest: string): string =>
      `SELECT r.id ${records} ${isBehind} ORDER BY ${newest}, r.load_id, r.position, r.id ${upTo}`;
    if (loadId !== undefined || (replayed === 'any' && table === undefined && reason === undefined)) {
      // The records of one load are sorted: in the index of all times, the planner might pass over all others.
      const newest = loadId === undefined ? 'r.created_at DESC' : "(r.created_at + interval '0') DESC";
      const records = `FROM ${this.records} AS r WHERE ${this.conditionOf(filter, parameters)}`;
      return { groups: '', ids: first(records, newest) };
    }
    const newest = last && `(SELECT created_at FROM ${this.records} WHERE id = ${last}::uuid)`;
    const states = (replayed === 'any' ? [false, true] : [replayed]).map((state) =>
      groupedRecords(this.records, { ...filter, replayed: state }, parameters, this.schemaOfRecord, newest),
    );
    const ids = states.map(
      ({ name, isWanted, ofGroup }) =>
        `SELECT p.id FROM ${name} AS g CROSS JOIN LATERAL (${first(ofGroup, NEWEST_OF_GROUP)}) AS p WHERE ${isWanted}`,
    );
    return { groups: `WITH RECURSIVE ${states.map(({ groups }) => groups).join(', ')}`, ids: ids.join(' UNION ALL ') };
  }

  private async addRaw(records: readonly QuarantinedRecord[], mostBytes = Infinity): Promise<QuarantinedRecord[]> {
    const complete: QuarantinedRecord[] = [];
    for (const record of records) {
      const { id, bytes } = record;
      const raw = await readSlices(this.query, this.records, { id, bytes: Math.min(bytes, mostBytes) });
      complete.push({ ...record, raw });
    }
    return complete;
  }

  private readonly query: Query = <Row>(sql: string, parameters: readonly unknown[]) =>
    this.read(async (client) => (await client.query(sql, [...parameters])).rows as Row[]);
}

/** The bytes of a record are read apart from its other columns. */
function columnsOf(withRaw: boolean): string {
  return withRaw ? `${RECORD_COLUMNS}, r.reading` : RECORD_COLUMNS;
}

/**
 * Condition of records that a list has after another. Subqueries, so that an index gives the records from there on in their order.
 * @param last - the parameter that has the id of the other
 */
function isAfter(records: string, last: string): string {
  const of = (columns: string): string => `(SELECT ${columns} FROM ${records} WHERE id = ${last}::uuid)`;
  return `r.created_at <= ${of('created_at')}
    AND (r.created_at < ${of('created_at')} OR (r.load_id, r.position, r.id) > ${of('load_id, position, id')})`;
}
