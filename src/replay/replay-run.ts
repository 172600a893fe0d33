import type { ClientBase } from 'pg';
import type { EntityTarget, ObjectLiteral } from 'typeorm';

import { HYBRID, HYBRID_ENTITIES } from '../entities/index.js';
import { type Check, findMistakes, takeOptions } from '../errors/find-mistakes.js';
import { InvalidLoadError, LoadFailedError, LoadInterruptedError, StorageError } from '../errors/index.js';
import { CombinedLoader } from '../loader/combined-loader.js';
import type { LoadOptions } from '../loader/model/load-options.js';
import type { BatchLoadResult, CombinedBatchResult, HybridBatchResult } from '../results/load-result.js';
import { describeFault, PostgresError } from '../postgres/faults/database-fault.js';
import { findCommitted } from '../postgres/find-committed.js';
import { isTransient } from '../postgres/faults/sqlstate.js';
import { withRetry } from '../postgres/with-retry.js';
import { managerOf } from '../postgres/typeorm-adapter.js';
import { withTransaction } from '../postgres/with-transaction.js';
import type { RejectingTable } from '../quarantine/quarantine-store.js';
import type { RejectFilter } from '../quarantine/reject-filter.js';
import { rereadKeptRecord } from '../quarantine/reread-kept-record.js';
import { pathOf, schemaOf } from '../schema/table/entity-metadata.js';
import type { LeftRecords, ReplayedLoad, ReplayResult } from '../results/replay-result.js';
import { rolledBack, toReplayResult } from './to-replay-result.js';
import type { ReplayContext } from './replay-context.js';
import { type FailedTable, failedTables, noteFailedReplay, REPLAY_SOURCE } from './failed-replay.js';
import { type RejectedLoad, type ReplaySegment, segmentsOf } from './replay-segments.js';
import { ReplaySet } from './replay-set.js';

/** Options of a replay. */
export interface ReplayOptions extends Pick<LoadOptions, 'signal' | 'onProgress'> {
  /** The loaders of combined loads; records of others stay open, as `left` of the result says. @default none */
  readonly combined?: readonly CombinedLoader[] | undefined;
}

/** Checked by the loads themselves. */
const OF_LOADS: Check = ['an option of a load', () => true];

const CHECKS: Readonly<Record<keyof ReplayOptions, Check>> = {
  signal: OF_LOADS,
  onProgress: OF_LOADS,
  combined: [
    'a list of loaders of LoaderService.combine',
    (value) => Array.isArray(value) && value.every((loader) => loader instanceof CombinedLoader),
  ],
};

const ROLLED_BACK = 'The replay was rolled back: no record was loaded, all stay open';
const OUTCOME_UNKNOWN =
  'Commit outcome unknown: the connection was lost during COMMIT, and the database could not be asked. Replay again: ' +
  'it loads only records that are still open';

const NEEDS_LOADER =
  'Only the loader of a combined load makes rows of its records: call QuarantineService.replay(filter, { combined: [loader] }) ' +
  'in the application that has it.';

/** Loads rejected records again and marks them, in one transaction. */
export class ReplayRun {
  private readonly startedAt = Date.now();
  private chosen: readonly RejectedLoad[] = [];
  /** Schema of the table of each load of the replay, by load id. */
  readonly schemas = new Map<string, string | null>();
  /** The tables of a replay that was rolled back. */
  failed: readonly FailedTable[] = [];
  /** Result of an attempt that only had to commit, until it is known to be rolled back. */
  private uncommitted: ReplayResult | undefined;
  private readonly options: ReplayOptions;

  /** @throws InvalidLoadError naming every wrong option */
  constructor(
    private readonly context: ReplayContext,
    private readonly filter: RejectFilter,
    given: ReplayOptions,
  ) {
    this.options = takeOptions(given, CHECKS, 'a replay');
    const mistakes = findMistakes(this.options, CHECKS, 'no option of a replay');
    if (mistakes.length > 0) {
      throw new InvalidLoadError(`The options of the replay are wrong: ${mistakes.join('; ')}`);
    }
  }

  /** Errors as {@link QuarantineService.replay}. */
  async run(): Promise<ReplayResult> {
    const { store, loader, limits } = this.context;
    try {
      const tables = await this.withRetry(() => store.tables(this.filter));
      if (tables.length === 0) {
        return toReplayResult([], [], [], Date.now() - this.startedAt);
      }
      // Before any lock: schema mismatches are found first, and no second connection is needed later.
      await loader.prepare(tables.filter((table) => !this.isLeft(table)).flatMap((table) => this.targetsOf(table)));
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
      (error) => logger.warn(`replay: retrying after: ${messageOf(error)}`),
      (error) => isTransient(causeOf(error)),
    );
  }

  private async replay(client: ClientBase): Promise<ReplayResult> {
    const set = await ReplaySet.choose(client, this.context.store, this.filter);
    if (this.uncommitted !== undefined && (await this.isCommitted(client, this.uncommitted))) {
      return this.uncommitted;
    }
    this.uncommitted = undefined;
    const all = await set.loads();
    const left = all.filter((load) => this.isLeft(load));
    await set.leave(left);
    const rejected = all.filter((load) => !left.includes(load));
    this.chosen = rejected;
    const loads: ReplayedLoad[] = [];
    for (const segment of segmentsOf(rejected, (load) => this.tablesOf(load))) {
      const { rejects: _, ...load } = await this.load(client, set, segment);
      this.schemas.set(load.loadId, segment.schema);
      await set.settle(load.loadId, segment.loads);
      loads.push(load);
    }
    this.uncommitted = toReplayResult(loads, await set.rejectedAgain(), leftOf(left), Date.now() - this.startedAt);
    return this.uncommitted;
  }

  private async load(
    client: ClientBase,
    set: ReplaySet,
    segment: ReplaySegment,
  ): Promise<BatchLoadResult | HybridBatchResult | CombinedBatchResult> {
    const { store, loader, hybrid } = this.context;
    const { table, disposition, options: ofLoad, loads } = segment;
    const manager = managerOf(store.dataSource, client);
    const records = async function* (): AsyncGenerator<object> {
      for await (const kept of set.read(loads)) {
        yield rereadKeptRecord(kept) as object;
      }
    };
    // Whether a replay is committed is asked by its loads.
    const { signal, onProgress } = this.options;
    const options = { signal, onProgress, source: REPLAY_SOURCE, history: 'all' } as const;
    const combined = this.combinedOf(segment);
    if (combined !== undefined) {
      return combined.withManager(manager).loadBatch(records(), options);
    }
    const [target] = this.targetsOf(segment);
    return table === HYBRID || target === undefined
      ? hybrid.withManager(manager).storeBatch(records(), options)
      : loader.loadBatch(target, records(), { ...options, ...ofLoad, disposition }, manager);
  }

  /** The entities of a table name in quarantine. */
  private targetsOf(load: RejectingTable): readonly EntityTarget<ObjectLiteral>[] {
    const { table, schema } = load;
    if (table === HYBRID) {
      return HYBRID_ENTITIES;
    }
    const combined = this.combinedOf(load);
    if (combined !== undefined) {
      return combined.targets;
    }
    const found = this.context.store.dataSource.entityMetadatas.filter(
      (metadata) => metadata.tableName === table && (schema === null || schemaOf(metadata) === schema),
    );
    const [metadata] = found;
    if (metadata === undefined) {
      const where = schema === null ? '' : ` in schema ${schema}`;
      throw new InvalidLoadError(
        `Cannot replay rejected records of table ${table}: no entity maps to it${where}. Use the QuarantineService ` +
          'of the application that registers the entity (StorageModule.forFeature). To replay the other records here, ' +
          'filter by their table.',
      );
    }
    const paths = [...new Set(found.map(pathOf))];
    if (paths.length > 1) {
      throw new InvalidLoadError(
        `Cannot replay rejected records of table ${table}: the name exists in several schemas ` +
          `(${paths.join(', ')}), and quarantine does not know which one they belong to`,
      );
    }
    return [metadata.target];
  }

  /** Only the loader of a combined load makes rows of its records. */
  private isLeft(load: RejectingTable): boolean {
    return load.tables !== null && this.combinedOf(load) === undefined;
  }

  private combinedOf({ table }: RejectingTable): CombinedLoader | undefined {
    return this.options.combined?.find(({ name }) => name === table);
  }

  private tablesOf(load: RejectingTable): string[] {
    const { dataSource } = this.context.store;
    return this.targetsOf(load).map((target) => pathOf(dataSource.getMetadata(target)));
  }

  /**
   * Whether an attempt without a reply to COMMIT was committed. Selecting its records again waited for its end; the lock makes
   * this COMMIT wait for a synchronous standby, as `LoadLedger.claimBatch` does.
   */
  private async isCommitted(client: ClientBase, { loads }: ReplayResult): Promise<boolean> {
    const { rowCount } = await client.query(`SELECT FROM ${this.context.store.loads} WHERE id = $1 FOR SHARE`, [
      loads[0]?.loadId,
    ]);
    return rowCount === 1;
  }

  /**
   * The result of the replay, if it was committed.
   * @throws the public error if it was not, or if the database cannot be asked
   */
  private async unlessCommitted(error: unknown): Promise<ReplayResult> {
    const { uncommitted } = this;
    if (uncommitted === undefined) {
      throw await this.rolledBack(error);
    }
    const { store, limits } = this.context;
    let committed: ReplayResult | undefined;
    try {
      committed = await findCommitted(store.dataSource, limits, async (client) => {
        await ReplaySet.choose(client, store, this.filter);
        return (await this.isCommitted(client, uncommitted)) ? uncommitted : undefined;
      });
    } catch {
      throw this.publicError(error, OUTCOME_UNKNOWN);
    }
    if (committed === undefined) {
      throw await this.rolledBack(error);
    }
    return committed;
  }

  /** Notes that the replay was rolled back; returns the public error. */
  private async rolledBack(caught: unknown): Promise<unknown> {
    const error = this.publicError(caught, ROLLED_BACK);
    this.failed = failedTables(this.context, this.chosen);
    if (this.failed.length > 0) {
      await noteFailedReplay(this.context, this.failed, error instanceof LoadFailedError ? causeOf(caught) : error);
    }
    return error;
  }

  private publicError(error: unknown, extent: string): unknown {
    const chosen = this.chosen.reduce((sum, { records }) => sum + records, 0);
    const result = rolledBack(chosen, Date.now() - this.startedAt);
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

/** The cause of a failed load. Database errors without a code are classified by their text. */
function causeOf(error: unknown): unknown {
  const cause = error instanceof LoadFailedError ? error.cause : error;
  return cause instanceof PostgresError && cause.code === 'UNKNOWN' ? { message: cause.message } : cause;
}

/** The records of combined loads without a loader, by load. */
function leftOf(loads: readonly RejectedLoad[]): LeftRecords[] {
  const counts = new Map<string, number>();
  for (const { table, records } of loads) {
    counts.set(table, (counts.get(table) ?? 0) + records);
  }
  return Array.from(counts, ([table, records]) => ({ table, records, message: NEEDS_LOADER }));
}
