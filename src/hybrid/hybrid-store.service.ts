import type { EntityManager } from 'typeorm';

import { HYBRID_ENTITIES } from '../entities/index.js';
import { InvalidLoadError } from '../errors/index.js';
import {
  type CombinedBufferOptions,
  checkOwnTransactions,
  resolveBufferOptions,
} from '../loader/buffer/buffer-options.js';
import type { RecordBuffer } from '../loader/buffer/record-buffer.js';
import { checkCombinedOptions, type CombinedOptions } from '../loader/model/combined-options.js';
import type { ReportingLoadOptions } from '../loader/model/load-options.js';
import type { CombinedOutcome } from '../loader/model/row-outcome.js';
import { takerFor } from '../loader/plan/entity-fields.js';
import { toHybridResult } from '../loader/run/result-shapes.js';
import type { HybridBatchResult, HybridResult } from '../results/load-result.js';
import type { LoaderService } from '../loader/loader.service.js';
import type { JobFactory, LoadCall } from '../loader/run/load-call.js';
import { checkAnyRecords, checkRecords } from '../loader/read/check-records.js';
import type { HybridRecord } from '../records/hybrid.record.js';
import type { AsyncRecordSource, RecordSource } from '../records/record-source.js';
import { checkManager } from '../postgres/with-transaction.js';
import { hybridJob } from './hybrid-job.js';

/** Options of a hybrid load: it always merges by the submission id. */
export type HybridOptions = CombinedOptions;

/**
 * Stores records into both tables, both halves or neither. A record with a problem description goes into
 * `app_opportunities` and `submissions`, one without only into `submissions`.
 */
export class HybridStoreService<R extends object = HybridRecord> {
  /** @internal */
  constructor(
    private readonly loader: LoaderService,
    private readonly manager?: EntityManager,
  ) {}

  /**
   * Stores records in one transaction over both tables. If Postgres or a rule rejects one half of a record, neither half is
   * stored and the record goes to quarantine. Errors as {@link EntityLoader.load}.
   */
  async store(records: RecordSource<R>, options: HybridOptions = {}): Promise<HybridResult> {
    const checked = checkRecords(records);
    return this.loader.runWhole(this.call(options), checked);
  }

  /** Stores records in one transaction per batch, each over both tables. Errors as {@link EntityLoader.loadBatch}. */
  async storeBatch(records: AsyncRecordSource<R>, options: HybridOptions = {}): Promise<HybridBatchResult> {
    const checked = checkAnyRecords(records);
    return this.loader.run(this.call(options), (run) => run.loadBatch(checked));
  }

  /**
   * A buffer that gathers single records of many callers into common loads: both halves of a record are stored, or neither.
   * @throws InvalidLoadError when an option is wrong, or the service stands inside a caller's transaction
   */
  buffer(options: CombinedBufferOptions = {}): RecordBuffer<R, CombinedOutcome> {
    checkOwnTransactions(this.manager);
    checkOptions(options);
    const [limits, ofLoads] = resolveBufferOptions(options);
    const take = takerFor(this.loader.dataSource, HYBRID_ENTITIES);
    return this.loader.bufferOf(limits, { ...this.call({}), options: ofLoads }, take);
  }

  /** The same service in the transaction of `manager`. */
  withManager(manager: EntityManager): HybridStoreService<R> {
    return new HybridStoreService(this.loader, checkManager(manager));
  }

  /** The same service for records of which the compiler knows nothing: it takes any object. */
  untyped(): HybridStoreService<object> {
    return new HybridStoreService(this.loader, this.manager);
  }

  private call(options: HybridOptions): LoadCall<HybridResult> {
    const { makeJob, manager } = this;
    return { targets: HYBRID_ENTITIES, makeJob, shape: toHybridResult, options: checkOptions(options), manager };
  }

  private readonly makeJob: JobFactory = ([opportunities, submissions], options) => {
    if (opportunities === undefined || submissions === undefined) {
      throw new InvalidLoadError('a hybrid load needs the plans of both tables');
    }
    return hybridJob(opportunities, submissions, options, this.loader.unknownFields);
  };
}

function checkOptions(options: ReportingLoadOptions): HybridOptions {
  return checkCombinedOptions(options, 'A hybrid load merges by submission_id, and gives no rows back');
}
