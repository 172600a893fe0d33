import type { DataSource, EntityMetadata, EntityTarget, ObjectLiteral } from 'typeorm';

import { storageEntities } from '../entities/index.js';
import { SchemaMismatchError } from '../errors/index.js';
import { defaultSchema } from '../postgres/data-source.js';
import { withClient } from '../postgres/with-transaction.js';
import { findBreakingDifferences } from '../schema/compare-table.js';
import { metadataOf } from '../schema/entity-metadata.js';
import { readLiveTable } from '../schema/live-table.js';
import { buildLoadPlan } from './build-load-plan.js';
import type { LoadPlan } from './load-plan.js';

/** An entity, or the name of its table. */
export type LoadTarget<E extends ObjectLiteral = ObjectLiteral> = EntityTarget<E>;

/** Builds the plan of each entity once, against the live table, and keeps it. */
export class LoadPlans {
  private readonly plans = new Map<EntityMetadata, Promise<LoadPlan>>();

  constructor(private readonly dataSource: DataSource) {}

  /**
   * The plan of an entity.
   * @throws InvalidLoadError when the DataSource has no such entity
   * @throws SchemaMismatchError when the live table does not fit it
   */
  async for(target: LoadTarget): Promise<LoadPlan> {
    const metadata = metadataOf(this.dataSource, target);
    let plan = this.plans.get(metadata);
    if (plan === undefined) {
      plan = this.build(metadata);
      this.plans.set(metadata, plan);
      // A plan that could not be built is not kept, so the load works once the table was mended.
      plan.catch(() => this.plans.delete(metadata));
    }
    return plan;
  }

  /** Forgets every plan: the next load of each entity reads the live table again. */
  clear(): void {
    this.plans.clear();
  }

  private async build(metadata: EntityMetadata): Promise<LoadPlan> {
    const schema = metadata.schema ?? defaultSchema(this.dataSource);
    const live = await withClient(this.dataSource, (client) => readLiveTable(client, schema, metadata.tableName));
    const differences = findBreakingDifferences(metadata, live);
    if (live === undefined || differences.length > 0) {
      throw new SchemaMismatchError(differences, remedyFor(metadata));
    }
    return buildLoadPlan(metadata, schema, live);
  }
}

function remedyFor(metadata: EntityMetadata): string {
  const ours = storageEntities.some((entity) => entity === metadata.target);
  return ours
    ? 'npx harbor-storage migrate up (and `migrate status` to see what was applied)'
    : 'npx typeorm migration:generate, review it, then migration:run, with the DataSource of this entity';
}
