import type { ClientBase } from 'pg';

import type { LoadEntity, LoadStatus } from '../entities/load.entity.js';
import { InvalidLoadError } from '../errors/index.js';
import type { LedgerEntry } from './load-ledger.js';

/** The load that a load key belongs to. */
export interface KeyOwner {
  readonly id: string;
  readonly attempt: number;
  readonly status: LoadStatus;
}

/** What a claim of a load key has found. */
export interface KeyClaim {
  readonly loadId: string;
  readonly attempt: number;
  /** There is nothing to do: the load, or the shard that was claimed, has completed. */
  readonly isCompleted: boolean;
  /** The load has completed, with all of its shards. */
  readonly isLoadCompleted: boolean;
}

interface OwnerRow extends KeyOwner {
  readonly table_name: string;
  readonly disposition: string;
  readonly options: LoadEntity['options'];
  readonly same_options: boolean;
}

/**
 * Reads the load of a key; undefined when there is none.
 * @param loads - quoted name of `storage_loads`
 * @param lock - `FOR KEY SHARE` keeps it from being deleted, and lets it be updated
 * @throws InvalidLoadError when the key belongs to another load
 */
export async function findKeyOwner(
  client: ClientBase,
  loads: string,
  entry: LedgerEntry,
  lock: '' | 'FOR KEY SHARE' = '',
): Promise<KeyOwner | undefined> {
  const { loadKey, table, disposition, options } = entry;
  const { rows } = await client.query<OwnerRow>(
    `SELECT id, attempt, table_name, disposition, status, options, ${areSame('options', '$2::jsonb')} AS same_options
       FROM ${loads} WHERE load_key = $1 ${lock}`,
    [loadKey, options],
  );
  const [owner] = rows;
  if (owner !== undefined && (owner.table_name !== table || owner.disposition !== disposition || !owner.same_options)) {
    const advice = owner.options?.shards === options?.shards ? '' : ', or load with as many shards as that load has';
    throw new InvalidLoadError(
      `loadKey ${JSON.stringify(loadKey)} belongs to load ${owner.id}, ${withArticle(owner.disposition)} into ` +
        `${owner.table_name}${showOptions(owner.options)} (${owner.status}). This load is ${withArticle(disposition)} ` +
        `into ${table}${showOptions(options)}. Choose another key${advice}.`,
    );
  }
  return owner;
}

/** SQL condition: two loads have the same options. Rows of older versions have `reading` instead of `sourceForm`. */
export function areSame(stored: string, given: string): string {
  return `(${stored} IS NOT DISTINCT FROM ${given} OR ${stored} - 'reading' = ${given} - 'sourceForm'
            AND ${stored} -> 'reading' = ${given} -> 'sourceForm')`;
}

function withArticle(disposition: string): string {
  return `${/^[aiu]/.test(disposition) ? 'an' : 'a'} ${disposition}`;
}

function showOptions(options: LoadEntity['options']): string {
  return options === null ? '' : ` with ${JSON.stringify(options)}`;
}
