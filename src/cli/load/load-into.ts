import type { EntityManager } from 'typeorm';

import { HYBRID, HYBRID_ENTITIES } from '../../entities/index.js';
import type { LoadOptions } from '../../loader/model/load-options.js';
import type { BatchLoadResult, HybridBatchResult } from '../../results/load-result.js';
import type { Storage } from '../context/storage-context.js';
import { UsageError } from '../usage-error.js';

/** A load requested on the command line. */
export interface LoadRequest {
  /** A table, or `hybrid`. */
  readonly into: string;
  readonly records: AsyncIterable<object>;
  readonly options: LoadOptions;
  readonly dryRun: boolean;
}

/** The field names accepted by a load into `into`. */
export async function fieldNames(storage: Storage, into: string): Promise<ReadonlySet<string>> {
  return storage.loader.fieldNames(into === HYBRID ? HYBRID_ENTITIES : [into]);
}

/** Carries the result of a dry run out of its rolled back transaction. */
class DryRunDone extends Error {
  constructor(readonly result: BatchLoadResult | HybridBatchResult) {
    super('dry run');
  }
}

/** Loads records into one table or into both. */
export async function loadInto(storage: Storage, request: LoadRequest): Promise<BatchLoadResult | HybridBatchResult> {
  if (!request.dryRun) {
    return loadRecords(storage, request);
  }
  try {
    await storage.dataSource.transaction(async (manager) => {
      throw new DryRunDone(await loadRecords(storage, request, manager));
    });
  } catch (error) {
    if (error instanceof DryRunDone) {
      return error.result;
    }
    throw error;
  }
  throw new Error('a dry run always ends with an exception');
}

async function loadRecords(
  { loader, hybrid }: Storage,
  { into, records, options }: LoadRequest,
  manager?: EntityManager,
): Promise<BatchLoadResult | HybridBatchResult> {
  if (into === HYBRID) {
    const { disposition = 'merge', allowEmpty, updateColumns, keepColumns, deleteWhen, ...rest } = options;
    if (disposition !== 'merge' || allowEmpty === true) {
      throw new UsageError('A hybrid load always merges: remove --disposition and --allow-empty');
    }
    if (updateColumns !== undefined || keepColumns !== undefined) {
      throw new UsageError('A hybrid load updates all columns: remove --update-columns and --keep-columns');
    }
    if (deleteWhen !== undefined) {
      throw new UsageError('A hybrid load deletes no rows: remove --delete-when');
    }
    return (manager === undefined ? hybrid : hybrid.withManager(manager)).storeBatch(records, rest);
  }
  return loader.loadBatch(into, records, options, manager);
}
