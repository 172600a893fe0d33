import type { ClientBase } from 'pg';

import { namingObjects } from '../postgres/faults/database-error.js';
import { type CommittedBatch, type NamedLoad, readCommittedBatches, type RunQuery } from './committed-batches.js';
import { areSame, findKeyOwner, type KeyClaim, type KeyOwner } from './key-owner.js';
import type { LedgerTables } from './ledger-tables.js';
import type { LedgerEntry } from './load-ledger.js';
import type { LoadShards } from './shards/load-shards.js';

/** Idempotency keys (load keys), in the transaction of the given client. */
export class LoadKeys {
  constructor(
    private readonly tables: LedgerTables,
    private readonly shards: LoadShards,
  ) {}

  /**
   * Starts the load of a key, or a shard of it, or takes over an earlier attempt: from then on, only this attempt can commit a
   * batch. Waits for transactions of the earlier attempt, because each holds a share lock on the row of the load or shard.
   * @returns whether the load was already completed; sets the load id and attempt number in `entry`
   * @throws InvalidLoadError when the key belongs to another load
   */
  async claim(client: ClientBase, entry: LedgerEntry): Promise<KeyClaim> {
    const { loadId, loadKey, table, disposition, source, options, shard } = entry;
    if (shard !== undefined) {
      return this.shards.claim(client, { ...entry, shard });
    }
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
    const owner = claimed.rows[0] ?? ((await findKeyOwner(client, this.tables.loads, entry)) as KeyOwner);
    const isCompleted = claimed.rowCount !== 1;
    return { loadId: owner.id, attempt: owner.attempt, isCompleted, isLoadCompleted: isCompleted };
  }

  /** Committed batches of a load, or of a shard of it, by number. */
  committed(client: ClientBase, load: NamedLoad & Pick<LedgerEntry, 'shard'>): AsyncGenerator<CommittedBatch> {
    const query: RunQuery = async (sql, parameters) => (await client.query(sql, [...parameters])).rows;
    return readCommittedBatches(query, this.tables.batches, [load], { shard: load.shard });
  }

  /** Releases the key of a load without records, so that a later load can use it. */
  async release(client: ClientBase, { loadId, attempt }: LedgerEntry): Promise<void> {
    await client.query(
      `DELETE FROM ${this.tables.loads} WHERE id = $1 AND attempt = $2
          AND NOT EXISTS (SELECT FROM ${this.tables.batches} WHERE load_id = $1)`,
      [loadId, attempt],
    );
  }
}
