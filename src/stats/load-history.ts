import type { DataSource } from 'typeorm';

import { HYBRID, LoadBatchEntity, LoadEntity, OpportunityEntity, SubmissionEntity } from '../entities/index.js';
import { quotedTableOf } from '../postgres/data-source.js';
import { type LoadCounts, NO_COUNTS } from '../results/load-counts.js';

/** Which loads of the past to list; newest first. */
export interface HistoryFilter {
  readonly table?: string | undefined;
  readonly status?: LoadEntity['status'] | undefined;
  /** @default 50 */
  readonly limit?: number | undefined;
}

/**
 * A load of the past, or one that is still at work: of a load that has not ended (`running`), also because its process
 * was killed, the counts are the sums of what its batches have committed.
 */
export interface HistoryEntry
  extends
    LoadCounts,
    Pick<LoadEntity, 'loadKey' | 'disposition' | 'options' | 'source' | 'status' | 'attempt'>,
    Pick<LoadEntity, 'unknownFields' | 'unknownFieldsPolicy' | 'startedAt' | 'finishedAt'> {
  readonly loadId: string;
  /** Table name, or `hybrid` for a load that feeds both tables. */
  readonly table: string;
  /** Hybrid loads only: hybrid records stored, in the place of inserted, updated and unchanged, which are 0. */
  readonly stored: number | null;
  /** Hybrid loads only: the counts of each table, by table name. */
  readonly tables: Readonly<Record<string, LoadCounts>> | null;
  /** What ended it; never holds row values. */
  readonly error: { readonly code: string; readonly message: string } | null;
}

/** What the loads into a table come to. */
export interface TableTotal extends LoadCounts {
  readonly table: string;
  /** Loads that have ended by an error. */
  readonly errors: number;
}

const DEFAULT_LIMIT = 50;
const COUNTS = Object.keys(NO_COUNTS);

/** Counts are far below 2^53, where float8 is exact and comes back as a number. */
const ENTRY_COUNTS = ['stored', ...COUNTS].map((name) => `(a.counts->>'${name}')::float8 AS ${name}`).join(', ');
const TABLE_SUMS = COUNTS.map((name) => `sum((entry.value->>'${name}')::bigint)::float8 AS ${name}`).join(', ');

/** Reads `storage_loads`, and of loads that have not ended `storage_load_batches`. */
export class LoadHistory {
  constructor(private readonly dataSource: DataSource) {}

  async list({ table, status, limit = DEFAULT_LIMIT }: HistoryFilter): Promise<HistoryEntry[]> {
    return this.entries(
      `WHERE ($3::text IS NULL OR table_name = $3) AND ($4::text IS NULL OR status = $4)
       ORDER BY started_at DESC, id LIMIT $5`,
      [table ?? null, status ?? null, limit],
    );
  }

  async find(loadId: string): Promise<HistoryEntry | null> {
    const [entry] = await this.entries('WHERE id = $3', [loadId]);
    return entry ?? null;
  }

  /** The sums of all loads, by table. */
  async totals(): Promise<TableTotal[]> {
    return this.dataSource.query<TableTotal[]>(
      `SELECT entry.key AS table, ${TABLE_SUMS}, (count(*) FILTER (WHERE l.error_code IS NOT NULL))::float8 AS errors
         FROM ${this.tableOf(LoadEntity)} AS l
        CROSS JOIN LATERAL (${this.accountQuery()}) AS a
        CROSS JOIN LATERAL jsonb_each(COALESCE(a.tables, jsonb_build_object(l.table_name, a.counts))) AS entry
        GROUP BY 1 ORDER BY 1`,
      this.hybridTables(),
    );
  }

  /** @param which - clauses that choose among the loads, with parameters from $3 */
  private async entries(which: string, parameters: readonly unknown[]): Promise<HistoryEntry[]> {
    return this.dataSource.query<HistoryEntry[]>(
      `SELECT l.id AS "loadId", l.load_key AS "loadKey", l.table_name AS "table", l.disposition, l.options, l.source,
              l.status, l.attempt, ${ENTRY_COUNTS}, a.tables,
              l.unknown_fields AS "unknownFields", l.unknown_fields_policy AS "unknownFieldsPolicy",
              CASE WHEN l.error_code IS NOT NULL
                   THEN jsonb_build_object('code', l.error_code, 'message', l.error_message) END AS error,
              l.started_at AS "startedAt", l.finished_at AS "finishedAt"
         FROM (SELECT * FROM ${this.tableOf(LoadEntity)} ${which}) AS l
        CROSS JOIN LATERAL (${this.accountQuery()}) AS a
        ORDER BY l.started_at DESC, l.id`,
      [...this.hybridTables(), ...parameters],
    );
  }

  /**
   * What the load `l` came to, `counts` and `tables` as `storage_loads` has them. A load writes them when it ends; until
   * then they are summed here, of what each batch has noted in its own transaction (LoadTally).
   */
  private accountQuery(): string {
    return `
      SELECT CASE WHEN l.status <> 'running' THEN to_jsonb(l)
                  WHEN l.table_name = '${HYBRID}' THEN ${HYBRID_SUMS}
                  ELSE ${tableSums(0)} END AS counts,
             CASE WHEN l.status <> 'running' THEN l.tables
                  WHEN l.table_name = '${HYBRID}'
                  THEN jsonb_build_object($1::text, ${tableSums(0)}, $2::text, ${tableSums(1)}) END AS tables
        FROM ${this.tableOf(LoadBatchEntity)} AS b WHERE b.load_id = l.id AND l.status = 'running'`;
  }

  /** The tables of a hybrid load, in the order its batches count them. */
  private hybridTables(): string[] {
    return [OpportunityEntity, SubmissionEntity].map((entity) => this.dataSource.getMetadata(entity).tableName);
  }

  private tableOf(entity: new () => object): string {
    return quotedTableOf(this.dataSource, entity);
  }
}

const SKIPPED_BY_REASON = `(SELECT sum(reason.n::bigint) FROM jsonb_each_text(b.counts->'skippedReasons') AS reason(name, n))`;
const OF_ALL_TABLES = ['received', 'rejected', 'failed'];

const HYBRID_SUMS = sumsOf({
  ...counted([...OF_ALL_TABLES, 'stored', 'duplicates'], (name) => `b.counts->>'${name}'`),
  ...counted(['inserted', 'updated', 'unchanged'], () => '0'),
  skipped: SKIPPED_BY_REASON,
});

/** The sums of one of the tables a load feeds. */
function tableSums(target: number): string {
  const ofTarget = (name: string): string => `b.counts#>>'{targets,${target},${name}}'`;
  return sumsOf({
    ...counted(OF_ALL_TABLES, (name) => `b.counts->>'${name}'`),
    ...counted(['inserted', 'updated', 'unchanged', 'duplicates'], ofTarget),
    skipped: `COALESCE(${SKIPPED_BY_REASON}, 0) + (${ofTarget('notMeant')})::bigint`,
  });
}

function counted(names: readonly string[], expression: (name: string) => string): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, expression(name)]));
}

function sumsOf(expressions: Readonly<Record<string, string>>): string {
  const sums = Object.entries(expressions).map(([name, value]) => `'${name}', COALESCE(sum((${value})::bigint), 0)`);
  return `jsonb_build_object(${sums.join(', ')})`;
}
