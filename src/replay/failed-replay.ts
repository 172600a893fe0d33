import { v7 as uuidv7 } from 'uuid';

import { HYBRID, HYBRID_ENTITIES, LoadEntity } from '../entities/index.js';
import { LoadInterruptedError, StorageError } from '../errors/index.js';
import { describeFault } from '../postgres/faults/database-fault.js';
import { isContention } from '../postgres/faults/sqlstate.js';
import { withRetry } from '../postgres/with-retry.js';
import { withTransaction } from '../postgres/with-transaction.js';
import { type LoadCounts, NO_COUNTS } from '../results/load-counts.js';
import { statisticsNameOf } from '../schema/table/entity-metadata.js';
import { ledgerTablesOf } from '../stats/ledger-tables.js';
import { LoadLedger } from '../stats/load-ledger.js';
import type { RejectedLoad } from './replay-segments.js';
import type { ReplayContext } from './replay-context.js';

/** Source of a replay in the history. */
export const REPLAY_SOURCE = 'rejects replay';

/** A table that a rolled back replay was to load, and how many records. */
export interface FailedTable {
  /** Table name, `hybrid`, or the name of a combined load. */
  readonly name: string;
  readonly schema: string | null;
  readonly counts: LoadCounts;
  /** Names in statistics of the tables it stands for. */
  readonly tables: readonly string[];
  readonly isCombined: boolean;
}

/** The tables of a replay that was rolled back: all of its records have failed. */
export function failedTables({ store }: ReplayContext, loads: readonly RejectedLoad[]): FailedTable[] {
  const found = new Map<string, FailedTable>();
  for (const { table: name, schema, tables: combined, records } of loads) {
    const path = JSON.stringify([schema, name]);
    const failed = records + (found.get(path)?.counts.failed ?? 0);
    const tables =
      combined ??
      (name === HYBRID
        ? HYBRID_ENTITIES.map((entity) => store.dataSource.getMetadata(entity).tableName)
        : [statisticsNameOf(store.dataSource, name, schema)]);
    found.set(path, {
      name,
      schema,
      counts: { ...NO_COUNTS, received: failed, failed },
      tables,
      isCombined: combined !== null,
    });
  }
  return [...found.values()];
}

/** Adds a replay that was rolled back to the history: a load for each table. */
export async function noteFailedReplay(
  context: ReplayContext,
  failed: readonly FailedTable[],
  error: unknown,
): Promise<void> {
  const { store, limits, retry, logger } = context;
  const { dataSource } = store;
  const ledger = new LoadLedger(ledgerTablesOf(dataSource));
  const status: LoadEntity['status'] = error instanceof LoadInterruptedError ? 'interrupted' : 'failed';
  const noted = error instanceof StorageError ? { code: error.code, message: error.message } : describeFault(error);
  const note = (): Promise<void> =>
    withTransaction(dataSource, limits, async (client) => {
      for (const table of failed) {
        const { name, counts, tables } = table;
        const entry = {
          loadId: uuidv7(),
          attempt: 1,
          loadKey: undefined,
          table: name,
          disposition: 'merge',
          source: REPLAY_SOURCE,
          options: optionsOf(table),
        };
        const ofTables = { stored: 0, tables: Object.fromEntries(tables.map((of) => [of, counts])) };
        await ledger.open(client, entry);
        await ledger.close(client, entry, {
          status,
          counts,
          ...(tables.length > 1 && ofTables),
          unknown: undefined,
          error: noted,
        });
      }
    });
  try {
    await withRetry(retry, note, () => {}, isContention);
  } catch (failure) {
    logger.warn(`The replay failed, but storage_loads could not be updated: ${describeFault(failure).message}`);
  }
}

/** How the history keeps what a load of it was into. */
function optionsOf({ schema, tables, isCombined }: FailedTable): LoadEntity['options'] {
  return schema === null && !isCombined ? null : { ...(schema !== null && { schema }), ...(isCombined && { tables }) };
}
