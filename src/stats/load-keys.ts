import type { ClientBase } from 'pg';

import type { LoadEntity, LoadStatus } from '../entities/load.entity.js';
import { namingObjects } from '../postgres/faults/database-error.js';
import { InvalidLoadError } from '../errors/index.js';
import { type CommittedBatch, type NamedLoad, readCommittedBatches, type RunQuery } from './committed-batches.js';
import type { LedgerEntry, LedgerTables } from './load-ledger.js';

/** The load a key belongs to. */
interface KeyClaim {
  readonly loadId: string;
  readonly attempt: number;
  readonly isCompleted: boolean;
}

interface KeyOwner {
  readonly id: string;
  readonly attempt: number;
  readonly table_name: string;
  readonly disposition: string;
  readonly status: LoadStatus;
  readonly options: LoadEntity['options'];
  readonly same_options: boolean;
}

/** Idempotency keys (load keys), in the transaction of the given client. */
export class LoadKeys {
  constructor(private readonly tables: LedgerTables) {}

  /**
   * Starts the load of a key, or takes over an earlier attempt: from then on, only this attempt can commit a batch. Waits
   * for transactions of the earlier attempt, because each holds a share lock on the row of the load.
   * @returns whether the load was already completed; sets the load id and attempt number in `entry`
   * @throws InvalidLoadError when the key belongs to another load
   */
  async claim(client: ClientBase, entry: LedgerEntry): Promise<KeyClaim> {
    const { loadId, loadKey, table, disposition, source, options } = entry;
    const claiming = client.query<Pick<KeyOwner, 'id' | 'attempt'>>(
      `INSERT INTO ${this.tables.loads} AS l (id, load_key, table_name, disposition, source, status, options)
       VALUES ($1, $2, $3, $4, $5, 'running', $6)
       ON CONFLICT (load_key) DO UPDATE
          SET attempt = l.attempt + 1, status = 'running', error_code = NULL, error_message = NULL, finished_at = NULL
        WHERE l.table_name = EXCLUDED.table_name AND l.disposition = EXCLUDED.disposition
          AND ${areSame('l.options', 'EXCLUDED.options')} AND (l.status <> 'completed' OR l.failed > 0)
       RETURNING id, attempt`,
      [loadId, loadKey, table, disposition, source ?? null, options],
    );
    const claimed = await namingObjects(claiming);
    const owner = claimed.rows[0] ?? (await this.findCompleted(client, entry));
    return { loadId: owner.id, attempt: owner.attempt, isCompleted: claimed.rowCount !== 1 };
  }

  /** Committed batches of a load, by number. */
  committed(client: ClientBase, load: NamedLoad): AsyncGenerator<CommittedBatch> {
    const query: RunQuery = async (sql, parameters) => (await client.query(sql, [...parameters])).rows;
    return readCommittedBatches(query, this.tables.batches, [load]);
  }

  /** Releases the key of a load without records, so that a later load can use it. */
  async release(client: ClientBase, { loadId, attempt }: LedgerEntry): Promise<void> {
    await client.query(
      `DELETE FROM ${this.tables.loads} WHERE id = $1 AND attempt = $2
          AND NOT EXISTS (SELECT FROM ${this.tables.batches} WHERE load_id = $1)`,
      [loadId, attempt],
    );
  }

  private async findCompleted(client: ClientBase, entry: LedgerEntry): Promise<KeyOwner> {
    const { loadKey, table, disposition, options } = entry;
    const { rows } = await client.query<KeyOwner>(
      `SELECT id, attempt, table_name, disposition, status, options, ${areSame('options', '$2::jsonb')} AS same_options
         FROM ${this.tables.loads} WHERE load_key = $1`,
      [loadKey, options],
    );
    const owner = rows[0] as KeyOwner;
    if (owner.table_name !== table || owner.disposition !== disposition || !owner.same_options) {
      throw new InvalidLoadError(
        `loadKey ${JSON.stringify(loadKey)} belongs to load ${owner.id}, ${withArticle(owner.disposition)} into ` +
          `${owner.table_name}${showOptions(owner.options)} (${owner.status}). This load is ${withArticle(disposition)} ` +
          `into ${table}${showOptions(options)}. Choose another key.`,
      );
    }
    return owner;
  }
}

/** SQL condition: two loads have the same options. Rows of older versions have `reading` instead of `sourceForm`. */
function areSame(stored: string, given: string): string {
  return `(${stored} IS NOT DISTINCT FROM ${given} OR ${stored} - 'reading' = ${given} - 'sourceForm'
            AND ${stored} -> 'reading' = ${given} -> 'sourceForm')`;
}

function withArticle(disposition: string): string {
  return `${/^[aiu]/.test(disposition) ? 'an' : 'a'} ${disposition}`;
}

function showOptions(options: LoadEntity['options']): string {
  return options === null ? '' : ` with ${JSON.stringify(options)}`;
}
