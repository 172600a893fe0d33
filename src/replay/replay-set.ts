import type { ClientBase } from 'pg';

import type { LoadEntity } from '../entities/index.js';
import { errorCode } from '../errors/error-text.js';
import { StorageError } from '../errors/index.js';
import { PostgresError } from '../postgres/faults/database-fault.js';
import { INSUFFICIENT_PRIVILEGE } from '../postgres/faults/sqlstate.js';
import { MAX_REJECTS_SHOWN } from '../results/load-result.js';
import { readKeptRecords } from '../quarantine/kept-pages.js';
import type { KeptRecord } from '../quarantine/quarantined-record.js';
import type { QuarantineStore } from '../quarantine/quarantine-store.js';
import type { RejectFilter } from '../quarantine/reject-filter.js';
import type { RejectedAgain } from '../results/replay-result.js';
import type { RejectedLoad } from './replay-segments.js';

const NAME = 'harbor_replay';
const CHOSEN = `pg_temp.${NAME}`;

/** The records of one replay, in its transaction: selected once, and locked until it ends. */
export class ReplaySet {
  private constructor(
    private readonly client: ClientBase,
    private readonly store: QuarantineStore,
  ) {}

  /**
   * Selects the open records that match a filter. Waits for another replay that holds one of them, and excludes records it
   * has replayed; skipping locked records would report records as replayed that may yet be rolled back. All locks are
   * taken in one order before anything is written, so that two replays cannot deadlock.
   */
  static async choose(client: ClientBase, store: QuarantineStore, filter: RejectFilter): Promise<ReplaySet> {
    const parameters: unknown[] = [];
    const condition = store.conditionOf(filter, parameters);
    await client
      .query(`CREATE TEMPORARY TABLE ${NAME} (load_id uuid, n bigint, id uuid) ON COMMIT DROP`)
      .catch(nameMissingGrant);
    await client.query(
      `INSERT INTO ${CHOSEN} (load_id, n, id)
       SELECT k.load_id, row_number() OVER (PARTITION BY k.load_id ORDER BY k.position, k.id) - 1, k.id
         FROM (SELECT r.load_id, r.position, r.id FROM ${store.records} AS r WHERE ${condition}
                ORDER BY r.load_id, r.position, r.id FOR UPDATE) AS k`,
      parameters,
    );
    // Autovacuum does not analyse temporary tables, and the planner would guess.
    await client.query(`CREATE UNIQUE INDEX ON ${CHOSEN} (id); ANALYZE ${CHOSEN}`);
    return new ReplaySet(client, store);
  }

  /** The loads that rejected them, oldest first. Rejects of a replace are merged: its other rows are committed. */
  async loads(): Promise<RejectedLoad[]> {
    const { rows } = await this.client.query<Omit<RejectedLoad, 'options' | 'tables'> & Pick<LoadEntity, 'options'>>(
      `SELECT k.load_id AS "loadId", min(r.table_name) AS "table", ${this.store.schemaOfLoad} AS schema,
              count(*)::float8 AS records, l.options,
              CASE WHEN l.disposition <> 'replace' THEN l.disposition ELSE 'merge' END AS disposition
         FROM ${CHOSEN} AS k JOIN ${this.store.records} AS r ON r.id = k.id
         LEFT JOIN ${this.store.loads} AS l ON l.id = k.load_id
        GROUP BY k.load_id, l.id, l.started_at, l.options, l.disposition
        ORDER BY COALESCE(l.started_at, min(r.created_at)), k.load_id`,
    );
    return rows.map(({ options, ...load }) => {
      const { primaryKey, newerBy, updateColumns, keepColumns, deleteWhen, tables = null } = options ?? {};
      return { ...load, tables, options: { primaryKey, newerBy, updateColumns, keepColumns, deleteWhen } };
    });
  }

  /** Deselects the records of loads: they stay as they are. */
  async leave(loads: readonly RejectedLoad[]): Promise<void> {
    if (loads.length > 0) {
      await this.client.query(`DELETE FROM ${CHOSEN} WHERE load_id = ANY ($1)`, [loads.map(({ loadId }) => loadId)]);
    }
  }

  /** The selected records of these loads, load by load in input order. */
  async *read(loads: readonly RejectedLoad[]): AsyncGenerator<KeptRecord> {
    const { records } = this.store;
    const rows = `FROM ${CHOSEN} AS k JOIN ${records} AS r ON r.id = k.id WHERE r.load_id = $1`;
    const query = async <Row>(sql: string, parameters: readonly unknown[]): Promise<Row[]> => {
      const result = await this.client.query(sql, [...parameters]);
      return result.rows as Row[];
    };
    for (const { loadId } of loads) {
      yield* readKeptRecords(query, records, rows, [loadId]);
    }
  }

  /**
   * Marks the records of loads as replayed by the load `loadId`. Records it rejected again stay open with the latest
   * reason, without a second row.
   * @param loads - in the order they were read
   */
  async settle(loadId: string, loads: readonly RejectedLoad[]): Promise<void> {
    let read = 0;
    const firsts = loads.map(({ records }) => {
      const first = read;
      read += records;
      return first;
    });
    const { records } = this.store;
    await this.client.query(
      `WITH part AS (
         SELECT k.id, o.first + k.n AS position
           FROM ${CHOSEN} AS k JOIN unnest($2::uuid[], $3::bigint[]) AS o(load_id, first) ON o.load_id = k.load_id
       ), again AS (
         DELETE FROM ${records} WHERE load_id = $1 RETURNING position, record_key, reason, column_name, message
       ), marked AS (
         UPDATE ${records} AS r SET replayed_at = now() FROM part
          WHERE r.id = part.id AND NOT EXISTS (SELECT FROM again WHERE again.position = part.position)
       )
       UPDATE ${records} AS r
          SET record_key = COALESCE(again.record_key, r.record_key), reason = again.reason,
              column_name = again.column_name, message = again.message
         FROM part JOIN again ON again.position = part.position
        WHERE r.id = part.id`,
      [loadId, loads.map((load) => load.loadId), firsts],
    );
  }

  /** The first records that are still open. */
  async rejectedAgain(): Promise<RejectedAgain[]> {
    const { rows } = await this.client.query<RejectedAgain>(
      `SELECT r.id, r.load_id AS "loadId", r.position::float8 AS position, r.table_name AS "table", r.reason,
              r.column_name AS "column", r.message
         FROM ${CHOSEN} AS k JOIN ${this.store.records} AS r ON r.id = k.id
        WHERE r.replayed_at IS NULL ORDER BY r.created_at, r.load_id, r.position, r.id LIMIT $1`,
      [MAX_REJECTS_SHOWN],
    );
    return rows;
  }
}

function nameMissingGrant(error: unknown): never {
  if (errorCode(error) !== INSUFFICIENT_PRIVILEGE) {
    throw error;
  }
  throw new StorageError(
    'TEMPORARY_TABLES_DENIED',
    'A replay selects its records in a temporary table, which the role may not create. ' +
      'To fix: GRANT TEMPORARY ON DATABASE (name) TO (role)',
    { cause: PostgresError.from(error) },
  );
}
