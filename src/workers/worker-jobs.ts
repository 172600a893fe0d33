import { pathToFileURL } from 'node:url';

import { type EntityMetadata, EntitySchema } from 'typeorm';

import { enrichmentEntities } from '../entities/enrichment/index.js';
import { storageEntities } from '../entities/index.js';
import { errorCode } from '../errors/error-text.js';
import { StorageError } from '../errors/index.js';
import { hybridJob } from '../hybrid/hybrid-job.js';
import type { LoadJob } from '../loader/model/load-job.js';
import type { LoadPlan } from '../loader/model/load-plan.js';
import { buildLoadPlan } from '../loader/plan/build-load-plan.js';
import { entityJob } from '../loader/plan/entity-job.js';
import { metadatasOf } from '../postgres/typeorm-adapter.js';
import { schemaOf } from '../schema/table/entity-metadata.js';
import { type JobData, shapeOf, type TableData } from './worker-job.js';

/** Jobs that are kept; a load needs another one only when its table is altered. */
const MAX_KEPT = 16;

/** Makes the jobs of loads in a worker thread, without a connection. */
export class WorkerJobs {
  private readonly known = new Map<number, LoadJob>();
  private readonly metadatas: Promise<EntityMetadata[]>;

  /** @param entities - path of the module that exports the application's entities */
  constructor(entities: string | undefined) {
    this.metadatas = entitiesOf(entities).then((own) =>
      metadatasOf([...storageEntities, ...enrichmentEntities, ...own]),
    );
    // Each job reports it.
    this.metadatas.catch(() => {});
  }

  /** @throws StorageError `WORKER_ENTITIES` when this thread has not the entity of the load */
  async of(data: JobData): Promise<LoadJob> {
    const known = this.known.get(data.id);
    if (known !== undefined) {
      return known;
    }
    const metadatas = await this.metadatas;
    const plans = await Promise.all(data.tables.map((table) => planOf(table, metadatas)));
    const job = makeJob(data, plans);
    this.known.set(data.id, job);
    const [oldest] = this.known.keys();
    if (this.known.size > MAX_KEPT && oldest !== undefined) {
      this.known.delete(oldest);
    }
    return job;
  }
}

/** @throws StorageError `WORKER_ENTITIES` when the module cannot be imported */
async function entitiesOf(path: string | undefined): Promise<(Function | EntitySchema)[]> {
  if (path === undefined) {
    return [];
  }
  try {
    const exported = (await import(pathToFileURL(path).href)) as Readonly<Record<string, unknown>>;
    return Object.values(exported)
      .flat()
      .filter((value) => typeof value === 'function' || value instanceof EntitySchema);
  } catch (cause) {
    const why = errorCode(cause) ?? (cause instanceof Error ? cause.name : typeof cause);
    throw new StorageError(
      'WORKER_ENTITIES',
      `A worker thread could not import loader.workerEntities, ${JSON.stringify(path)}: ${why}`,
      { cause },
    );
  }
}

function makeJob({ options, unknownFields }: JobData, [first, second]: readonly LoadPlan[]): LoadJob {
  return second === undefined
    ? entityJob(first as LoadPlan, options, unknownFields)
    : hybridJob(first as LoadPlan, second, options, unknownFields);
}

async function planOf(
  { entity, table, schema, live, fingerprint, shape }: TableData,
  metadatas: EntityMetadata[],
): Promise<LoadPlan> {
  const metadata = metadatas.find(
    (known) => known.name === entity && known.tableName === table && known.schema === schema,
  );
  if (metadata === undefined) {
    throw new StorageError(
      'WORKER_ENTITIES',
      `The worker threads have no entity ${entity}: set loader.workerEntities to the path of the module that exports it, ` +
        'or loader.workers to 1.',
    );
  }
  // Only statements name the schema, and none is made here.
  const plan = buildLoadPlan(metadata, schemaOf(metadata), live, fingerprint);
  if (shapeOf(plan) !== shape) {
    throw new StorageError(
      'WORKER_ENTITIES',
      `The entity ${entity} of the worker threads differs from that of the application: loader.workerEntities must name ` +
        'the module that the application has it from.',
    );
  }
  return plan;
}
