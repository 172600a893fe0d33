import type { BeforeApplicationShutdown } from '@nestjs/common';
import type { ClientBase } from 'pg';
import type { DataSource, EntityManager, ObjectLiteral } from 'typeorm';

import type { UnknownFields } from '../entities/index.js';
import type { RecordOf } from '../entities/record-of.js';
import { StorageError } from '../errors/index.js';
import type { AsyncRecordSource, RecordSource } from '../records/record-source.js';
import type { LoadStats } from '../stats/load-stats.js';
import { type BufferLimits, type BufferOptions, resolveBufferOptions } from './buffer/buffer-options.js';
import { HoldingBuffers } from './buffer/holding-buffers.js';
import { type BufferedLoads, type BufferedOutcome, RecordBuffer } from './buffer/record-buffer.js';
import { CurrentJob } from './run/current-job.js';
import { type CombinedEntities, CombinedLoader, type CombineOptions, type SplitRecord } from './combined-loader.js';
import { EntityLoader } from './entity-loader.js';
import type { LoadJob } from './model/load-job.js';
import {
  checkReporting,
  type LoadOptions,
  type OnRowsOptions,
  type ReportingLoadOptions,
  type ResolvedLoadOptions,
  resolveLoadOptions,
  type ReturningOptions,
} from './model/load-options.js';
import type { LoadPlan } from './model/load-plan.js';
import type { AnyOutcome, LoadResultWithRows } from './model/row-outcome.js';
import { takerFor } from './plan/entity-fields.js';
import { entityJob } from './plan/entity-job.js';
import { LoadPlans, type LoadTarget } from './plan/load-plans.js';
import { readSchema } from './run/read-schema.js';
import { mayPipeline } from './pipelined/may-pipeline.js';
import { NotPipelinedError, type ReadRecords } from './pipelined/pipelined-load.js';
import { toLoadResult } from './run/result-shapes.js';
import type { ReportedResult, BatchLoadResult, LoadResult } from '../results/load-result.js';
import type { LoadContext, LoadLogger } from './model/load-context.js';
import type { RecordThreads } from './model/record-threads.js';
import { checkAnyRecords, checkRecords } from './read/check-records.js';
import { inTurn } from './run/joined-loads.js';
import { checkNoShard, shardable } from './run/checks/check-shardable.js';
import { contextOf, type JobFactory, type LoadCall, type LoaderSettings } from './run/load-call.js';
import { LoadRun } from './run/load-run.js';
import { RunningLoads } from './run/running-loads.js';

/** Loads records into the table of any entity of the DataSource. */
export class LoaderService implements BeforeApplicationShutdown {
  private readonly plans: LoadPlans;
  private readonly context: LoadContext;
  private readonly running = new RunningLoads();
  private readonly buffers = new HoldingBuffers();

  /** @internal */
  constructor(
    /** @internal */ readonly dataSource: DataSource,
    stats: LoadStats,
    private readonly settings: LoaderSettings,
    threads: RecordThreads,
    logger: LoadLogger,
  ) {
    this.plans = new LoadPlans(dataSource, logger);
    this.context = contextOf(dataSource, stats, settings, threads, logger, this.running.interrupt);
  }

  /**
   * A loader bound to one entity.
   * @example
   * loaders.for<Listing, LoadRecord<ListingRecord>>(Listing) // records as their own class describes them
   */
  for<E extends ObjectLiteral, R extends object = RecordOf<E>>(target: LoadTarget<E>): EntityLoader<E, R> {
    return new EntityLoader(this, target);
  }

  /**
   * A loader of records that feed several tables, see {@link CombinedLoader}.
   * @param entities - in the order their tables are written: a table before those that refer to it
   * @throws InvalidLoadError when an entity is not known, or the name is taken
   */
  combine<const T extends CombinedEntities, R extends object = object>(
    entities: T,
    split: SplitRecord<T, R>,
    options: CombineOptions<T> = {},
  ): CombinedLoader<R> {
    return CombinedLoader.of<R>(this, entities, split, options);
  }

  /** Loads records in one transaction; see {@link EntityLoader.load}. */
  async load<E extends ObjectLiteral, K extends keyof E & string>(
    target: LoadTarget<E>,
    records: RecordSource<NoInfer<RecordOf<E>>>,
    options: ReturningOptions<K>,
    manager?: EntityManager,
  ): Promise<LoadResultWithRows<E, K>>;
  async load<E extends ObjectLiteral>(
    target: LoadTarget<E>,
    records: RecordSource<NoInfer<RecordOf<E>>>,
    options?: LoadOptions,
    manager?: EntityManager,
  ): Promise<LoadResult>;
  async load(
    target: LoadTarget,
    records: RecordSource<object>,
    options: ReportingLoadOptions = {},
    manager?: EntityManager,
  ): Promise<LoadResult> {
    const checked = checkRecords(records);
    checkReporting(options, 'load');
    return this.runWhole(this.entityCall(target, options, manager), checked);
  }

  /** Loads records in one transaction a batch; see {@link EntityLoader.loadBatch}. */
  async loadBatch<E extends ObjectLiteral, K extends keyof E & string = never>(
    target: LoadTarget<E>,
    records: AsyncRecordSource<NoInfer<RecordOf<E>>>,
    options: OnRowsOptions<E, K>,
    manager?: EntityManager,
  ): Promise<BatchLoadResult>;
  async loadBatch<E extends ObjectLiteral>(
    target: LoadTarget<E>,
    records: AsyncRecordSource<NoInfer<RecordOf<E>>>,
    options?: LoadOptions,
    manager?: EntityManager,
  ): Promise<BatchLoadResult>;
  async loadBatch(
    target: LoadTarget,
    records: AsyncRecordSource<object>,
    options: ReportingLoadOptions = {},
    manager?: EntityManager,
  ): Promise<BatchLoadResult> {
    const checked = checkAnyRecords(records);
    checkReporting(options, 'loadBatch');
    return this.run(this.entityCall(target, options, manager), (run) => run.loadBatch(checked));
  }

  /**
   * A buffer of one entity; see {@link EntityLoader.buffer}.
   * @internal
   */
  buffer<E extends ObjectLiteral, R extends object, K extends keyof E & string>(
    target: LoadTarget<E>,
    options: BufferOptions<K>,
  ): RecordBuffer<R, BufferedOutcome<E, K>> {
    const [limits, ofLoads] = resolveBufferOptions(options);
    const take = takerFor(this.dataSource, [target], ofLoads.deleteWhen);
    return this.bufferOf(limits, this.entityCall(target, ofLoads, undefined), take);
  }

  /**
   * A buffer of loads that tell what became of each record.
   * @internal
   */
  bufferOf<R extends object, O extends AnyOutcome>(
    limits: BufferLimits,
    call: LoadCall<ReportedResult>,
    take: (record: R) => object,
  ): RecordBuffer<R, O> {
    const drained = { ...call, isDrained: true };
    const load: BufferedLoads<R, O>['load'] = async (records, after) =>
      ((await this.runWhole(drained, records, after)) as unknown as { readonly rows: readonly O[] }).rows;
    return new RecordBuffer(limits, { take, load }, this.buffers);
  }

  /** Forgets the plans, so that the next load reads the live schema again. */
  clearPlans(): void {
    this.plans.clear();
  }

  /**
   * Builds the plans of `targets`, so that their loads find them ready; errors as {@link load}.
   * @internal
   */
  async prepare(targets: readonly LoadTarget[]): Promise<void> {
    await this.plansFor(targets);
  }

  /**
   * Every field name that a load into `targets` takes: of columns, properties and fallback fields; errors as
   * {@link load}.
   * @internal
   */
  async fieldNames(targets: readonly LoadTarget[]): Promise<ReadonlySet<string>> {
    return new Set((await this.plansFor(targets)).flatMap(({ fields }) => [...fields.keys()]));
  }

  /**
   * Running loads roll back their current batch and end as interrupted, before the connections are closed. At the same time
   * buffers load what they hold, for as long as one load may be retried.
   */
  async beforeApplicationShutdown(): Promise<void> {
    await this.running.end(() => this.buffers.close(), this.settings.retry.maxElapsedMs);
    this.context.stats.endProgress();
  }

  /**
   * Loads records in one transaction. A small load is first tried in one round trip, by plans as they are remembered. What
   * that cannot do begins again: with a look at the tables, in several statements.
   * @internal
   */
  async runWhole<Result extends ReportedResult>(
    call: LoadCall<Result>,
    records: Iterable<object>,
    after?: Promise<void>,
  ): Promise<Result> {
    checkNoShard(call.options);
    // Their owner may change them meanwhile.
    let read: ReadRecords | undefined;
    return this.run(
      call,
      (run) => run.load(records, { pipelines: false, read, after }),
      async (start, options) => {
        const job = await this.rememberedJob(call, options);
        if (job === undefined || !mayPipeline(job, records)) {
          return undefined;
        }
        try {
          return await start(job).load(records, { pipelines: true, after });
        } catch (error) {
          if (!(error instanceof NotPipelinedError)) {
            throw error;
          }
          ({ read } = error);
          return undefined;
        }
      },
    );
  }

  /**
   * Runs a load.
   * @param attempt - is made first, outside a caller's transaction; `work` follows where it does nothing
   * @internal
   */
  async run<Result extends ReportedResult, Outcome extends Result>(
    call: LoadCall<Result>,
    work: (run: LoadRun<Result>) => Promise<Outcome>,
    attempt?: (start: (job: LoadJob) => LoadRun<Result>, options: ResolvedLoadOptions) => Promise<Outcome | undefined>,
  ): Promise<Outcome> {
    const shutdown = call.isDrained === true ? this.running.lateInterrupt : this.running.interrupt;
    if (shutdown.aborted) {
      throw new StorageError('SHUT_DOWN', 'The application has shut down and starts no more loads');
    }
    const { targets, makeJob, shape, manager } = call;
    const resolved = resolveLoadOptions(call.options, this.settings.batchSize, this.settings.history);
    const jobOf = (plans: readonly LoadPlan[]): LoadJob =>
      shardable(makeJob(plans, resolved), { isJoined: manager !== undefined });
    const renew = async (client?: ClientBase): Promise<LoadJob> => {
      const plans =
        client === undefined
          ? readSchema(this.context, manager, (connected) => this.plans.renew(targets, connected))
          : this.plans.renew(targets, { ask: (query) => query(client), read: (query) => query(client) });
      return jobOf(await plans);
    };
    const observed = this.context.stats.observers.load(manager !== undefined);
    const start = (job: LoadJob, rollback?: AbortSignal): LoadRun<Result> =>
      new LoadRun({ ...this.context, shutdown }, new CurrentJob(job, renew), shape, { manager, rollback, observed });
    const load = async (rollback?: AbortSignal): Promise<Outcome> => {
      const outcome = manager === undefined ? await attempt?.(start, resolved) : undefined;
      return outcome ?? work(start(jobOf(await this.plansFor(targets, manager)), rollback));
    };
    const runner = manager?.queryRunner;
    const run = (): Promise<Outcome> => (runner === undefined ? load() : inTurn(runner, load));
    return this.running.track(observed === undefined ? run() : observed.run(run));
  }

  /** By plans that nobody has compared with their tables; undefined where they are not known, or allow no such job. */
  private async rememberedJob(
    { targets, makeJob }: Pick<LoadCall<ReportedResult>, 'targets' | 'makeJob'>,
    options: ResolvedLoadOptions,
  ): Promise<LoadJob | undefined> {
    const plans = await this.plans.remembered(targets);
    try {
      return plans && makeJob(plans, options);
    } catch {
      // By plans that are up to date it may be valid.
      return undefined;
    }
  }

  private plansFor(targets: readonly LoadTarget[], manager?: EntityManager): Promise<LoadPlan[]> {
    return readSchema(this.context, manager, (connected) => this.plans.for(targets, connected));
  }

  /** The policy for fields without a column. */
  get unknownFields(): UnknownFields {
    return this.settings.unknownFields;
  }

  private entityCall(
    target: LoadTarget,
    options: ReportingLoadOptions,
    manager: EntityManager | undefined,
  ): LoadCall<LoadResult> {
    const makeJob: JobFactory = ([plan], resolved) =>
      entityJob(plan as LoadPlan, resolved, this.settings.unknownFields);
    return { targets: [target], makeJob, shape: toLoadResult, options, manager };
  }
}
