import type { UnknownFields } from '../entities/index.js';
import type { LoadJob } from '../loader/model/load-job.js';
import type { ResolvedLoadOptions } from '../loader/model/load-options.js';
import type { LoadPlan } from '../loader/model/load-plan.js';
import type { NormalizedRecords, RecordBytes } from '../loader/model/record-threads.js';
import type { LiveTable } from '../schema/table/live-table.js';

/** What a worker thread needs to make a job. Plain data. */
export interface JobData {
  readonly id: number;
  readonly tables: readonly TableData[];
  readonly options: Omit<ResolvedLoadOptions, 'signal' | 'onProgress' | 'onRows'>;
  readonly unknownFields: UnknownFields;
}

/** What it needs to make the plan of a table. */
export interface TableData {
  readonly entity: string;
  readonly table: string;
  readonly schema: string | undefined;
  readonly live: LiveTable;
  readonly fingerprint: string;
  /** Of the plan as the thread of the load has it; see {@link shapeOf}. */
  readonly shape: string;
}

export interface WorkerRequest {
  readonly id: number;
  readonly job: JobData;
  readonly records: RecordBytes;
}

export interface WorkerReply {
  readonly id: number;
  readonly normalized?: NormalizedRecords;
  /** Why there is no result; an error without a message of ours has only its name. */
  readonly fault?: { readonly code: string; readonly message: string };
}

let jobs = 0;

export function jobDataOf({ targets, options, unknownFields }: LoadJob): JobData {
  const { signal: _signal, onProgress: _onProgress, onRows: _onRows, ...data } = options;
  const tables = targets.map(({ plan }) => {
    const { entityName, table, schema, live, fingerprint } = plan;
    return { entity: entityName, table, schema, live, fingerprint, shape: shapeOf(plan) };
  });
  return { id: (jobs += 1), tables, options: data, unknownFields };
}

/** What rows by a plan look like: the same for two plans only if their rows mean the same. */
export function shapeOf({ columns, fields, primaryKey, extraName, unknownFields }: LoadPlan): string {
  const key = primaryKey.map(({ name }) => name);
  // A load decides what it updates and deletes.
  const ofRows = columns.map(({ updatable: _updatable, ...column }) => column);
  const names = [...fields].filter(([, { kind }]) => kind !== 'deletion').map(([name]) => name);
  return JSON.stringify([ofRows, names, key, extraName, unknownFields]);
}
