import type { DataSource, EntityManager, ObjectLiteral } from 'typeorm';

import type { RecordOf } from '../entities/record-of.js';
import type { AsyncRecordSource, RecordSource } from '../records/record-source.js';
import { checkManager } from '../postgres/with-transaction.js';
import { metadataOf } from '../schema/table/entity-metadata.js';
import { type BufferOptions, checkOwnTransactions } from './buffer/buffer-options.js';
import type { BufferedOutcome, RecordBuffer } from './buffer/record-buffer.js';
import type { LoadOptions, OnRowsOptions, ReportingLoadOptions, ReturningOptions } from './model/load-options.js';
import type { LoadResultWithRows } from './model/row-outcome.js';
import type { LoadTarget } from './plan/load-plans.js';
import {
  entitiesOf,
  Upsert,
  type UpsertConflict,
  type UpsertEntities,
  type UpsertResult,
} from './upsert/upsert-entities.js';
import type { BatchLoadResult, LoadResult } from '../results/load-result.js';

/** Runs the loads of a module; see {@link EntityLoader}. */
export interface LoadRunner {
  load(
    target: LoadTarget,
    records: Iterable<object>,
    options: ReportingLoadOptions,
    manager?: EntityManager,
  ): Promise<LoadResult | LoadResultWithRows>;
  loadBatch(
    target: LoadTarget,
    records: Iterable<object> | AsyncIterable<object>,
    options: ReportingLoadOptions,
    manager?: EntityManager,
  ): Promise<BatchLoadResult>;
  buffer<E extends ObjectLiteral, R extends object, K extends keyof E & string>(
    target: LoadTarget<E>,
    options: BufferOptions<K>,
  ): RecordBuffer<R, BufferedOutcome<E, K>>;
  readonly dataSource: DataSource;
}

/** Loads records into the table of one entity. `R` is what the compiler takes as a record. */
export class EntityLoader<E extends ObjectLiteral = ObjectLiteral, R extends object = RecordOf<E>> {
  /** @internal */
  constructor(
    private readonly loader: LoadRunner,
    private readonly target: LoadTarget<E>,
    private readonly manager?: EntityManager,
  ) {}

  /**
   * Loads records in one transaction: all records that are not rejected, or none.
   * @param records - plain objects; keys are column names or property names
   * @throws InvalidLoadError when the call is wrong; nothing was executed
   * @throws SchemaMismatchError when the live table does not fit the entity; nothing was written
   * @throws LoadFailedError when the database did not accept the load; it was rolled back, unless the message says that
   * the commit outcome is unknown
   * @throws RejectLimitExceededError when more records were rejected than allowed; it was rolled back
   * @throws LoadInterruptedError when the signal was aborted or the application shuts down; the same holds
   */
  async load<K extends keyof E & string>(
    records: RecordSource<R>,
    options: ReturningOptions<K>,
  ): Promise<LoadResultWithRows<E, K>>;
  async load(records: RecordSource<R>, options?: LoadOptions): Promise<LoadResult>;
  async load(records: RecordSource<R>, options: LoadOptions = {}): Promise<LoadResult> {
    return this.loader.load(this.target, records, options, this.manager);
  }

  /**
   * Loads records in one transaction a batch. A batch that fails alone is reported, and the load continues; an error that
   * would fail every batch stops the load. Throws the errors of {@link load}; committed batches stay.
   */
  async loadBatch<K extends keyof E & string = never>(
    records: AsyncRecordSource<R>,
    options: OnRowsOptions<E, K>,
  ): Promise<BatchLoadResult>;
  async loadBatch(records: AsyncRecordSource<R>, options?: LoadOptions): Promise<BatchLoadResult>;
  async loadBatch(
    records: AsyncRecordSource<R>,
    options: LoadOptions | OnRowsOptions<E, never> = {},
  ): Promise<BatchLoadResult> {
    return this.loader.loadBatch(this.target, records, options as ReportingLoadOptions, this.manager);
  }

  /**
   * TypeORM's `Repository.upsert` as one load: the same call, and the same result, with an entry for each entity in input
   * order. Generated values are set on the entities, too. docs/loading/upsert.md lists what differs, above all: what an
   * entity does not carry keeps its stored value, and entities of one key are applied in their order.
   * @throws RejectLimitExceededError when an entity was rejected: its `rejects` say why, and nothing was stored
   * @throws InvalidLoadError, SchemaMismatchError, LoadFailedError, LoadInterruptedError as {@link load}
   * @example
   * await loader.upsert({ externalId: 'abc123', firstName: 'Rizzrak' }, ['externalId']);
   */
  async upsert(
    entityOrEntities: UpsertEntities<E>,
    conflictPathsOrOptions: UpsertConflict<E>,
  ): Promise<UpsertResult<E>> {
    const entities = entitiesOf<E>(entityOrEntities);
    const upsert = new Upsert<E>(metadataOf(this.loader.dataSource, this.target), conflictPathsOrOptions);
    if (entities.length === 0) {
      return upsert.finish([], []);
    }
    const result = await this.loader.load(this.target, entities, upsert.options, this.manager);
    return upsert.finish(entities, (result as LoadResultWithRows).rows);
  }

  /**
   * A buffer that gathers single records of many callers, such as HTTP handlers, into common loads.
   * @throws InvalidLoadError when an option is wrong, or the loader stands inside a caller's transaction
   */
  buffer<K extends keyof E & string = never>(options: BufferOptions<K> = {}): RecordBuffer<R, BufferedOutcome<E, K>> {
    checkOwnTransactions(this.manager);
    return this.loader.buffer(this.target, options);
  }

  /**
   * The same loader inside the transaction of `manager`: it commits and rolls back with it, and is not retried.
   * @example
   * await dataSource.transaction((manager) => loader.withManager(manager).load(records));
   */
  withManager(manager: EntityManager): EntityLoader<E, R> {
    return new EntityLoader(this.loader, this.target, checkManager(manager));
  }

  /** The same loader for records of which the compiler knows nothing: it takes any object. */
  untyped(): EntityLoader<E, object> {
    return new EntityLoader(this.loader, this.target, this.manager);
  }
}
