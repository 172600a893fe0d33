import type { INestApplicationContext } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

import { HYBRID, HYBRID_ENTITIES } from '../../entities/index.js';
import { HybridStoreService } from '../../hybrid/hybrid-store.service.js';
import type { LoadOptions } from '../../loader/model/load-options.js';
import type { BatchLoadResult, HybridBatchResult } from '../../results/load-result.js';
import { LoaderService } from '../../loader/loader.service.js';
import { dataSourceOf } from '../context/storage-context.js';
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
export async function fieldNames(app: INestApplicationContext, into: string): Promise<ReadonlySet<string>> {
  return app.get(LoaderService).fieldNames(into === HYBRID ? HYBRID_ENTITIES : [into]);
}

/** Carries the result of a dry run out of its rolled back transaction. */
class DryRunDone extends Error {
  constructor(readonly result: BatchLoadResult | HybridBatchResult) {
    super('dry run');
  }
}

/** Loads records into one table or into both. */
export async function loadInto(
  app: INestApplicationContext,
  request: LoadRequest,
): Promise<BatchLoadResult | HybridBatchResult> {
  if (!request.dryRun) {
    return loadRecords(app, request);
  }
  try {
    await dataSourceOf(app).transaction(async (manager) => {
      throw new DryRunDone(await loadRecords(app, request, manager));
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
  app: INestApplicationContext,
  { into, records, options }: LoadRequest,
  manager?: EntityManager,
): Promise<BatchLoadResult | HybridBatchResult> {
  if (into === HYBRID) {
    const { disposition = 'merge', allowEmpty, updateColumns, keepColumns, ...rest } = options;
    if (disposition !== 'merge' || allowEmpty === true) {
      throw new UsageError('A hybrid load always merges: remove --disposition and --allow-empty');
    }
    if (updateColumns !== undefined || keepColumns !== undefined) {
      throw new UsageError('A hybrid load updates all columns: remove --update-columns and --keep-columns');
    }
    const hybrid = app.get(HybridStoreService);
    return (manager === undefined ? hybrid : hybrid.withManager(manager)).storeBatch(records, rest);
  }
  return app.get(LoaderService).loadBatch(into, records, options, manager);
}
