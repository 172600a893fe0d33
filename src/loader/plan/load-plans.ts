import type { ClientBase } from 'pg';
import type { DataSource, EntityMetadata, EntityTarget, ObjectLiteral } from 'typeorm';

import { SchemaMismatchError } from '../../errors/index.js';
import { quoteTable } from '../../postgres/identifiers.js';
import { findDifferences } from '../../schema/check-schema.js';
import { metadataOf, schemaOf } from '../../schema/table/entity-metadata.js';
import { isAsWide } from '../../schema/compare/wider-types.js';
import { readLiveTable } from '../../schema/table/live-table.js';
import { readFingerprints } from '../../schema/table/table-fingerprints.js';
import { buildLoadPlan } from './build-load-plan.js';
import { checkLoadable } from './check-loadable.js';
import { silentListeners } from './silent-listeners.js';
import type { LoadLogger } from '../model/load-context.js';
import type { LoadPlan } from '../model/load-plan.js';

/** An entity, or the name of its table: with its schema where several have one of that name. */
export type LoadTarget<E extends ObjectLiteral = ObjectLiteral> = EntityTarget<E>;

type OnConnection = <T>(work: (client: ClientBase) => Promise<T>) => Promise<T>;

/** Runs work on the connection a load works on. */
export interface Connected {
  /** Work that waits for no lock. */
  readonly ask: OnConnection;
  /** Work that another session's lock on a table may keep waiting: for so long as the load allows. */
  readonly read: OnConnection;
}

/** A plan, and the fingerprint of its table when it was built. */
interface KnownPlan {
  readonly fingerprint: string | undefined;
  readonly plan: Promise<LoadPlan>;
  readonly onlyForRunning: boolean;
}

/** Builds the plan of each entity against the live table, and keeps it as long as the table does not change. */
export class LoadPlans {
  private readonly known = new Map<EntityMetadata, KnownPlan>();
  private readonly warned = new Set<EntityMetadata>();

  constructor(
    private readonly dataSource: DataSource,
    private readonly logger: LoadLogger,
  ) {}

  /**
   * The plans of entities, in one short statement when they are known.
   * @throws InvalidLoadError when the DataSource has no such entity
   * @throws SchemaMismatchError when a live table does not fit its entity
   */
  async for(targets: readonly LoadTarget[], connected: Connected): Promise<LoadPlan[]> {
    return this.plansOf(targets, connected, false);
  }

  /**
   * The same for a load that has begun: it continues when a column has a wider type than its entity says, as between a
   * migration that widens the column and the next version of the application.
   */
  async renew(targets: readonly LoadTarget[], connected: Connected): Promise<LoadPlan[]> {
    return this.plansOf(targets, connected, true);
  }

  private async plansOf(targets: readonly LoadTarget[], connected: Connected, isRunning: boolean): Promise<LoadPlan[]> {
    const entities = targets.map((target) => metadataOf(this.dataSource, target));
    const fingerprints = await this.readFingerprints(entities, connected);
    const plans: LoadPlan[] = [];
    // One after the other: in a caller's transaction they share one connection, which runs one query at a time.
    for (const [index, metadata] of entities.entries()) {
      plans.push(await this.planOf(metadata, fingerprints?.[index], connected, isRunning));
    }
    return plans;
  }

  /**
   * The plans of entities without a look at their tables, which may have changed; undefined when one is not known.
   * @throws InvalidLoadError when the DataSource has no such entity
   */
  async remembered(targets: readonly LoadTarget[]): Promise<LoadPlan[] | undefined> {
    const known = targets.map((target) => this.known.get(metadataOf(this.dataSource, target)));
    const plans = known.map((entry) =>
      entry?.fingerprint === undefined || entry.onlyForRunning ? undefined : entry.plan,
    );
    const found = await Promise.allSettled(plans);
    const built = found.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    return built.every((plan) => plan !== undefined) && built.length === targets.length ? built : undefined;
  }

  /** Forgets every plan: the next load of each entity reads the live table again. */
  clear(): void {
    this.known.clear();
  }

  /** Undefined when this fails and the plans are known: the load will meet the same error. */
  private async readFingerprints(
    entities: readonly EntityMetadata[],
    connected: Connected,
  ): Promise<string[] | undefined> {
    const tables = entities.map((metadata) => quoteTable(schemaOf(metadata), metadata.tableName));
    try {
      return await connected.ask((client) => readFingerprints(client, tables));
    } catch (error) {
      if (entities.every((metadata) => this.known.has(metadata))) {
        return undefined;
      }
      throw error;
    }
  }

  private planOf(
    metadata: EntityMetadata,
    fingerprint: string | undefined,
    connected: Connected,
    isRunning: boolean,
  ): Promise<LoadPlan> {
    const known = this.known.get(metadata);
    const isSame = known !== undefined && (fingerprint === undefined || known.fingerprint === fingerprint);
    if (isSame && (isRunning || !known.onlyForRunning)) {
      return known.plan;
    }
    const plan = this.build(metadata, fingerprint ?? '', connected, isRunning);
    const built = { fingerprint, plan, onlyForRunning: isRunning };
    this.known.set(metadata, built);
    // A plan that could not be built is not kept, so the load works as soon as the table is fixed.
    built.plan.catch(() => {
      if (this.known.get(metadata) === built) {
        this.known.delete(metadata);
      }
    });
    return built.plan;
  }

  private async build(
    metadata: EntityMetadata,
    fingerprint: string,
    connected: Connected,
    isRunning: boolean,
  ): Promise<LoadPlan> {
    checkLoadable(metadata);
    const { live, differences } = await connected.read(async (client) => {
      const table = await readLiveTable(client, schemaOf(metadata), metadata.tableName);
      return { live: table, differences: await findDifferences(client, metadata, table) };
    });
    // A table without its primary key still takes an append; a load that needs the key fails when its job is made.
    const breaking = differences
      .filter(({ breaks, kind }) => breaks && kind !== 'primary key')
      .filter(({ kind, expected, actual }) => !(isRunning && kind === 'type' && isAsWide(actual, expected)));
    if (live === undefined || breaking.length > 0) {
      throw new SchemaMismatchError(breaking);
    }
    const plan = buildLoadPlan(metadata, schemaOf(metadata), live, fingerprint);
    this.warnOfListeners(metadata);
    return plan;
  }

  /** Once for each entity, not for each plan. */
  private warnOfListeners(metadata: EntityMetadata): void {
    const names = this.warned.has(metadata) ? [] : silentListeners(metadata);
    this.warned.add(metadata);
    if (names.length > 0) {
      this.logger.warn(`Loads of ${metadata.name} do not run its listeners: ${names.join(', ')}`);
    }
  }
}
