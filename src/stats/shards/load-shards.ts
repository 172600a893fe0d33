import type { ClientBase } from 'pg';

import type { LoadStatus } from '../../entities/load.entity.js';
import { StorageError } from '../../errors/index.js';
import { namingObjects } from '../../postgres/faults/database-error.js';
import { addCounts, type LoadCounts, NO_COUNTS } from '../../results/load-counts.js';
import type { Shard } from '../../results/load-result.js';
import { findKeyOwner, type KeyClaim } from '../key-owner.js';
import type { LedgerTables } from '../ledger-tables.js';
import { type ClosedLoad, END_COLUMNS, type LedgerEntry, type LoadLedger, valuesOfEnd } from '../load-ledger.js';
import { addByName } from '../name-counter.js';

/** An attempt at a shard. */
export interface ShardedEntry extends LedgerEntry {
  readonly shard: Shard;
}

/** How a shard ended. */
export interface ClosedShard extends ClosedLoad {
  /** Records of the whole input; undefined when it was not read to its end. */
  readonly inputRecords: number | undefined;
}

/** What the end of a shard means to its load. */
export interface SettledLoad {
  /** Every shard has completed. */
  readonly isCompleted: boolean;
  /** The load has failed although every shard has completed: why, as `SOURCE_CHANGED`. */
  readonly sourceChanged?: string | undefined;
}

/** A shard in the ledger. */
interface ShardRow extends LoadCounts {
  readonly shard: number;
  readonly status: LoadStatus;
  readonly inputRecords: number | null;
  readonly stored: number | null;
  readonly tables: Readonly<Record<string, LoadCounts>> | null;
  readonly unknownFields: Readonly<Record<string, number>> | null;
  readonly unknownFieldsPolicy: string | null;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
}

const UNSETTLED: SettledLoad = { isCompleted: false };

const SOURCE_CHANGED = 'SOURCE_CHANGED';

// Counts are far below 2^53, where float8 is exact and is returned as a number.
const COUNTS = ['stored', ...Object.keys(NO_COUNTS)].map((name) => `${name}::float8 AS ${name}`).join(', ');

/**
 * Loads that several loaders do together, a shard each. Whoever ends the last shard ends the load: nothing else is shared, and
 * nobody coordinates. The row of a shard is locked before that of its load, which no batch locks.
 */
export class LoadShards {
  constructor(
    private readonly tables: LedgerTables,
    private readonly ledger: LoadLedger,
  ) {}

  /**
   * Starts a shard of the load of a key, or takes over an earlier attempt at it; the first one makes the load. Waits for
   * transactions of the earlier attempt, and for none of other shards.
   * @throws InvalidLoadError when the key belongs to another load
   * @throws StorageError `SOURCE_CHANGED` when its shards have all completed with different inputs
   */
  async claim(client: ClientBase, entry: ShardedEntry): Promise<KeyClaim> {
    const { loads } = this.tables;
    const { loadId, loadKey, table, disposition, source, options, shard } = entry;
    const inserting = client.query(
      `INSERT INTO ${loads} (id, load_key, table_name, disposition, source, status, options)
       VALUES ($1, $2, $3, $4, $5, 'running', $6) ON CONFLICT (load_key) DO NOTHING`,
      [loadId, loadKey, table, disposition, source ?? null, options],
    );
    await namingObjects(inserting);
    const owner = await findKeyOwner(client, loads, entry, 'FOR KEY SHARE');
    if (owner === undefined) {
      // Deleted meanwhile: by a purge, or because the input of all shards was empty.
      return this.claim(client, entry);
    }
    const isLoadCompleted = owner.status === 'completed';
    const claimed = await client.query<{ attempt: number }>(
      `INSERT INTO ${this.tables.shards} AS s (load_id, shard, status)
       VALUES ($1, $2, 'running')
       ON CONFLICT (load_id, shard) DO UPDATE
          SET attempt = s.attempt + 1, status = 'running', error_code = NULL, error_message = NULL, finished_at = NULL
        WHERE s.status <> 'completed' OR s.failed > 0
       RETURNING attempt`,
      [owner.id, shard.index],
    );
    const attempt = claimed.rows[0]?.attempt;
    if (attempt === undefined) {
      await this.rejectOtherInput(client, owner.id);
      return { loadId: owner.id, attempt: owner.attempt, isCompleted: true, isLoadCompleted };
    }
    // Also where it changes nothing: who ends another shard waits here, and so sees that this one runs.
    await client.query(
      `UPDATE ${loads} SET status = 'running', attempt = GREATEST(attempt, $2), error_code = NULL, error_message = NULL, finished_at = NULL
        WHERE id = $1`,
      [owner.id, attempt],
    );
    return { loadId: owner.id, attempt, isCompleted: false, isLoadCompleted: false };
  }

  /** A shard that has completed is not done again, but its load has failed: whoever starts it again must hear of that. */
  private async rejectOtherInput(client: ClientBase, loadId: string): Promise<void> {
    const { rows } = await client.query<{ message: string }>(
      `SELECT error_message AS message FROM ${this.tables.loads} WHERE id = $1 AND status = 'failed' AND error_code = $2
          AND NOT EXISTS (SELECT FROM ${this.tables.shards} WHERE load_id = $1 AND status <> 'completed')`,
      [loadId, SOURCE_CHANGED],
    );
    if (rows[0] !== undefined) {
      throw new StorageError(SOURCE_CHANGED, rows[0].message);
    }
  }

  /** Records the end of a shard, unless it is closed or taken over, and that of the load if no other shard runs. */
  async close(client: ClientBase, entry: ShardedEntry, end: ClosedShard): Promise<SettledLoad> {
    await client.query(
      `UPDATE ${this.tables.shards} SET ${END_COLUMNS}, input_records = $17
        WHERE status = 'running' AND load_id = $18 AND shard = $19 AND attempt = $20`,
      [...valuesOfEnd(end), end.inputRecords ?? null, entry.loadId, entry.shard.index, entry.attempt],
    );
    // Two shards that end at once: the later one waits here, and then reads the end of the other.
    const { rows } = await client.query<{ status: LoadStatus; attempt: number }>(
      `SELECT status, attempt FROM ${this.tables.loads} WHERE id = $1 FOR NO KEY UPDATE`,
      [entry.loadId],
    );
    const [load] = rows;
    if (load === undefined || load.status !== 'running') {
      return { isCompleted: load?.status === 'completed' };
    }
    const shards = await this.read(client, entry.loadId);
    const sum = endOfLoad(shards, entry.shard.count);
    if (sum === undefined) {
      return UNSETTLED;
    }
    if (sum.status === 'completed' && sum.counts.received === 0) {
      // As a load without records, it leaves its key to a later one.
      await client.query(`DELETE FROM ${this.tables.shards} WHERE load_id = $1`, [entry.loadId]);
      await client.query(`DELETE FROM ${this.tables.loads} WHERE id = $1`, [entry.loadId]);
      return { isCompleted: true };
    }
    await this.ledger.close(client, { ...entry, attempt: load.attempt }, sum);
    const sourceChanged = sum.error?.code === SOURCE_CHANGED ? sum.error.message : undefined;
    return { isCompleted: sum.status === 'completed', sourceChanged };
  }

  private async read(client: ClientBase, loadId: string): Promise<readonly ShardRow[]> {
    const { rows } = await client.query<ShardRow>(
      `SELECT shard, status, input_records::float8 AS "inputRecords", ${COUNTS}, tables, unknown_fields AS "unknownFields",
              unknown_fields_policy AS "unknownFieldsPolicy", error_code AS "errorCode", error_message AS "errorMessage"
         FROM ${this.tables.shards} WHERE load_id = $1 ORDER BY shard`,
      [loadId],
    );
    return rows;
  }
}

/** The end of a load with these shards; undefined while one runs, or has not begun though none has failed. */
function endOfLoad(shards: readonly ShardRow[], count: number): ClosedLoad | undefined {
  const is = (status: LoadStatus) => shards.find((shard) => shard.status === status);
  const ended = is('failed') ?? is('interrupted');
  if (is('running') !== undefined || (ended === undefined && shards.length < count)) {
    return undefined;
  }
  const sum = sumOf(shards);
  if (ended !== undefined) {
    const { shard, status, errorCode, errorMessage } = ended;
    const error =
      errorCode === null ? undefined : { code: errorCode, message: `shard ${shard}: ${errorMessage ?? ''}` };
    return { ...sum, status, error };
  }
  // Each record is one shard's: so all of them together have received what each has read.
  const isWhole = shards.every(({ inputRecords }) => inputRecords === sum.counts.received);
  return isWhole
    ? { ...sum, status: 'completed', error: undefined }
    : { ...sum, status: 'failed', error: otherInput(shards, sum.counts) };
}

function otherInput(shards: readonly ShardRow[], { received }: LoadCounts): ClosedLoad['error'] {
  const read = [...new Set(shards.map(({ inputRecords }) => inputRecords))].join(', ');
  return {
    code: SOURCE_CHANGED,
    message:
      `The shards have read inputs of ${read} records and received ${received} records together, so they did not have the ` +
      'same input. Load it again with another load key.',
  };
}

function sumOf(shards: readonly ShardRow[]): Pick<ClosedLoad, 'counts' | 'stored' | 'tables' | 'unknown'> {
  const stored = shards.map((shard) => shard.stored).filter((count) => count !== null);
  const tables = new Map<string, LoadCounts>();
  for (const [table, counts] of shards.flatMap((shard) => Object.entries(shard.tables ?? {}))) {
    tables.set(table, addCounts(tables.get(table) ?? NO_COUNTS, counts));
  }
  const policy = shards.find(({ unknownFieldsPolicy }) => unknownFieldsPolicy !== null)?.unknownFieldsPolicy;
  const fields = shards.map(({ unknownFields }) => unknownFields ?? {}).reduce(addByName);
  return {
    counts: shards.reduce<LoadCounts>(addCounts, NO_COUNTS),
    stored: stored.length === 0 ? undefined : stored.reduce((a, b) => a + b),
    ...(tables.size > 0 && { tables: Object.fromEntries(tables) }),
    unknown: policy ? { policy, fields } : undefined,
  };
}
