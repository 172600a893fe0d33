import type { EntityManager, FindOptionsWhere, ObjectLiteral, Repository } from 'typeorm';

import type { BufferOptions } from '../loader/buffer/buffer-options.js';
import type { BufferedOutcome, RecordBuffer } from '../loader/buffer/record-buffer.js';
import type { EntityLoader } from '../loader/entity-loader.js';
import type { LoadOptions, OnRowsOptions, ReturningOptions } from '../loader/model/load-options.js';
import type { LoadResultWithRows } from '../loader/model/row-outcome.js';
import type { UpsertConflict, UpsertEntities, UpsertResult } from '../loader/upsert/upsert-entities.js';
import type { AsyncRecordSource, RecordSource } from '../records/record-source.js';
import type { BatchLoadResult, LoadResult } from '../results/load-result.js';

/** Shared by the repositories of both tables: loading, reading, joining a transaction. */
export abstract class LoadingRepository<E extends ObjectLiteral & { submissionId: string }, R extends object> {
  /** @internal */
  constructor(
    /** TypeORM's repository, for queries. */
    readonly repository: Repository<E>,
    protected readonly loader: EntityLoader<E, R>,
  ) {}

  /** Loads records in one transaction; errors and result as {@link EntityLoader.load}. */
  async store<K extends keyof E & string>(
    records: RecordSource<R>,
    options: ReturningOptions<K>,
  ): Promise<LoadResultWithRows<E, K>>;
  async store(records: RecordSource<R>, options?: LoadOptions): Promise<LoadResult>;
  async store(records: RecordSource<R>, options?: LoadOptions): Promise<LoadResult> {
    return this.loader.load(records, options);
  }

  /** Loads records in one transaction per batch; errors and result as {@link EntityLoader.loadBatch}. */
  async storeBatch<K extends keyof E & string = never>(
    records: AsyncRecordSource<R>,
    options: OnRowsOptions<E, K>,
  ): Promise<BatchLoadResult>;
  async storeBatch(records: AsyncRecordSource<R>, options?: LoadOptions): Promise<BatchLoadResult>;
  async storeBatch(records: AsyncRecordSource<R>, options?: LoadOptions): Promise<BatchLoadResult> {
    return this.loader.loadBatch(records, options);
  }

  /** TypeORM's `Repository.upsert` as one load; see {@link EntityLoader.upsert}. */
  async upsert(
    entityOrEntities: UpsertEntities<E>,
    conflictPathsOrOptions: UpsertConflict<E>,
  ): Promise<UpsertResult<E>> {
    return this.loader.upsert(entityOrEntities, conflictPathsOrOptions);
  }

  /** Gathers single records of many callers into common loads; see {@link EntityLoader.buffer}. */
  buffer<K extends keyof E & string = never>(options?: BufferOptions<K>): RecordBuffer<R, BufferedOutcome<E, K>> {
    return this.loader.buffer(options);
  }

  /** The row of a submission, or null. */
  async findById(submissionId: string): Promise<E | null> {
    return this.repository.findOneBy({ submissionId } as FindOptionsWhere<E>);
  }

  /** The same repository in the transaction of `manager`. */
  abstract withManager(manager: EntityManager): LoadingRepository<E, R>;

  /** The same repository for records of which the compiler knows nothing: it takes any object. */
  abstract untyped(): LoadingRepository<E, object>;
}
