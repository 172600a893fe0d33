import type { Logger } from '@nestjs/common';
import type { ClientBase } from 'pg';
import type { EntityTarget, ObjectLiteral } from 'typeorm';

import { HYBRID } from '../entities/index.js';
import { InvalidLoadError, LoadFailedError, LoadInterruptedError, StorageError } from '../errors/index.js';
import { HYBRID_TARGETS, type HybridStoreService } from '../hybrid/hybrid-store.service.js';
import type { LoadOptions } from '../loader/model/load-options.js';
import type { BatchLoadResult, HybridBatchResult } from '../results/load-result.js';
import type { LoaderService } from '../loader/loader.service.js';
import { describeFault, PostgresError } from '../postgres/database-fault.js';
import { findCommitted } from '../postgres/find-committed.js';
import { isPassing } from '../postgres/sqlstate.js';
import { type RetryLimits, withRetry } from '../postgres/with-retry.js';
import { managerOf } from '../postgres/typeorm-adapter.js';
import { type TransactionLimits, withTransaction } from '../postgres/with-transaction.js';
import type { QuarantineStore, RejectingTable } from '../quarantine/quarantine-store.js';
import type { RejectFilter } from '../quarantine/reject-filter.js';
import { rereadKeptRecord } from '../quarantine/reread-kept-record.js';
import { pathOf, schemaOf } from '../schema/table/entity-metadata.js';
import type { ReplayedLoad, ReplayResult } from '../results/replay-result.js';
import { rolledBack, toReplayResult } from './replay-result.js';
import { type ReplaySegment, segmentsOf } from './replay-segments.js';
import { ReplaySet } from './replay-set.js';

/** What a replay works with. */
export interface ReplayContext {
  readonly store: QuarantineStore;
  readonly loader: LoaderService;
  readonly hybrid: HybridStoreService;
  readonly retry: RetryLimits;
  readonly limits: TransactionLimits;
  readonly logger: Logger;
}

/** Options of a replay. */
export type ReplayOptions = Pick<LoadOptions, 'signal' | 'onProgress'>;

const ROLLED_BACK = 'A replay is one transaction: nothing of it was loaded, and every record is still open';
const NOT_KNOWN =
  'Its COMMIT got no reply, and the database could not be asked: it is not known whether the replay is in. Replaying ' +
  'again is safe: it takes only records that are still open';

/** Loads rejected records again, in one transaction with marking them. */
export class ReplayRun {
  private readonly startedAt = Date.now();
  private chosen = 0;
  /** What an attempt came to that had nothing left to do but to commit, until it is known not to be in. */
  private reached: ReplayResult | undefined;

  constructor(
    private readonly context: ReplayContext,
    private readonly filter: RejectFilter,
    private readonly options: ReplayOptions,
  ) {}

  /** Errors as {@link QuarantineService.replay}. */
  async run(): Promise<ReplayResult> {
    const { store, loader, limits } = this.context;
    try {
      const tables = await this.withRetry(() => store.tables(this.filter));
      if (tables.length === 0) {
        return toReplayResult([], [], Date.now() - this.startedAt);
      }
      // Before anything is locked: what is wrong with a table shows first, and no second connection is needed later.
      await loader.prepare(tables.flatMap((table) => this.targetsOf(table)));
      return await this.withRetry(() => withTransaction(store.dataSource, limits, (client) => this.replay(client)));
    } catch (error) {
      return this.unlessCommitted(error);
    }
  }

  private async withRetry<T>(attempt: () => Promise<T>): Promise<T> {
    const { retry, logger } = this.context;
    return withRetry(
      retry,
      attempt,
      (error) => logger.warn(`replay: trying again after: ${messageOf(error)}`),
      (error) => isPassing(causeOf(error)),
    );
  }

  private async replay(client: ClientBase): Promise<ReplayResult> {
    const set = await ReplaySet.choose(client, this.context.store, this.filter);
    if (this.reached !== undefined && (await this.isIn(client, this.reached))) {
      return this.reached;
    }
    this.reached = undefined;
    const rejected = await set.loads();
    this.chosen = rejected.reduce((sum, { records }) => sum + records, 0);
    const loads: ReplayedLoad[] = [];
    for (const segment of segmentsOf(rejected, (load) => this.tablesOf(load))) {
      const { rejects: _, ...load } = await this.load(client, set, segment);
      await set.settle(load.loadId, segment.loads);
      loads.push(load);
    }
    this.reached = toReplayResult(loads, await set.rejectedAgain(), Date.now() - this.startedAt);
    return this.reached;
  }

  private async load(
    client: ClientBase,
    set: ReplaySet,
    segment: ReplaySegment,
  ): Promise<BatchLoadResult | HybridBatchResult> {
    const { store, loader, hybrid } = this.context;
    const { table, disposition, primaryKey, newerBy, loads } = segment;
    const manager = managerOf(store.dataSource, client);
    const records = async function* (): AsyncGenerator<object> {
      for await (const kept of set.read(loads)) {
        yield rereadKeptRecord(kept) as object;
      }
    };
    const options = { ...this.options, source: 'rejects replay' };
    const [target] = this.targetsOf(segment);
    return table === HYBRID || target === undefined
      ? hybrid.withManager(manager).storeBatch(records(), options)
      : loader.loadBatch(target, records(), { ...options, disposition, primaryKey, newerBy }, manager);
  }

  /** The entities behind what quarantine calls a table. */
  private targetsOf({ table, schema }: RejectingTable): EntityTarget<ObjectLiteral>[] {
    if (table === HYBRID) {
      return HYBRID_TARGETS;
    }
    const found = this.context.store.dataSource.entityMetadatas.filter(
      (metadata) => metadata.tableName === table && (schema === null || schemaOf(metadata) === schema),
    );
    const [metadata] = found;
    if (metadata === undefined) {
      const where = schema === null ? '' : ` in the schema ${schema}`;
      throw new InvalidLoadError(
        `Rejected records of the table ${table} cannot be replayed here, where no entity is known for it${where}. ` +
          'Replay them with the QuarantineService of the application that registers the entity (StorageModule.forFeature), and ' +
          'the others by naming their table',
      );
    }
    const paths = [...new Set(found.map(pathOf))];
    if (paths.length > 1) {
      throw new InvalidLoadError(
        `Rejected records of the table ${table} cannot be replayed here, where there is one in several schemas ` +
          `(${paths.join(', ')}): nothing tells any more which of them rejected the records`,
      );
    }
    return [metadata.target];
  }

  private tablesOf(load: RejectingTable): string[] {
    const { dataSource } = this.context.store;
    return this.targetsOf(load).map((target) => pathOf(dataSource.getMetadata(target)));
  }

  /** Whether the attempt whose COMMIT got no reply is in after all. Choosing its records again has waited for its end. */
  private async isIn(client: ClientBase, { loads }: ReplayResult): Promise<boolean> {
    const { rowCount } = await client.query(`SELECT FROM ${this.context.store.loads} WHERE id = $1`, [
      loads[0]?.loadId,
    ]);
    return rowCount === 1;
  }

  /**
   * What the replay came to, when it is in after all.
   * @throws the public error when it is not, or when the database cannot be asked
   */
  private async unlessCommitted(error: unknown): Promise<ReplayResult> {
    const { reached } = this;
    if (reached === undefined) {
      throw this.publicError(error, ROLLED_BACK);
    }
    const { store, limits } = this.context;
    let committed: ReplayResult | undefined;
    try {
      committed = await findCommitted(store.dataSource, limits, async (client) => {
        await ReplaySet.choose(client, store, this.filter);
        return (await this.isIn(client, reached)) ? reached : undefined;
      });
    } catch {
      throw this.publicError(error, NOT_KNOWN);
    }
    if (committed === undefined) {
      throw this.publicError(error, ROLLED_BACK);
    }
    return committed;
  }

  private publicError(error: unknown, extent: string): unknown {
    const result = rolledBack(this.chosen, Date.now() - this.startedAt);
    if (error instanceof LoadInterruptedError) {
      return new LoadInterruptedError(`The replay was interrupted. ${extent}`, result);
    }
    if (error instanceof StorageError && !(error instanceof LoadFailedError)) {
      return error;
    }
    const cause = error instanceof LoadFailedError ? error.cause : PostgresError.from(error);
    return new LoadFailedError(`The replay failed: ${messageOf(error)}. ${extent}`, result, { cause });
  }
}

function messageOf(error: unknown): string {
  return error instanceof StorageError ? error.message : describeFault(error).message;
}

/** What a load failed by. Of the database's errors without a code only the text is left. */
function causeOf(error: unknown): unknown {
  const cause = error instanceof LoadFailedError ? error.cause : error;
  return cause instanceof PostgresError && cause.code === 'UNKNOWN' ? { message: cause.message } : cause;
}
