import type { Shard } from '../results/load-result.js';

/** Progress of a load, or of a shard of it. */
export interface LoadProgress {
  readonly loadId: string;
  /** Table name, `hybrid`, or the name of a combined load. */
  readonly table: string;
  /** The options of the same names; undefined if not set. */
  readonly loadKey: string | undefined;
  readonly source: string | undefined;
  /** The share that this counts, where several loaders do the load. */
  readonly shard: Shard | undefined;
  readonly status: 'running' | 'retrying' | 'completed' | 'failed' | 'interrupted';
  readonly received: number;
  /** Of these, records processed by earlier attempts with the same load key. */
  readonly receivedEarlier: number;
  /** inserted + updated + unchanged + deleted + duplicates; for a hybrid or combined load, stored + duplicates. */
  readonly loaded: number;
  readonly skipped: number;
  readonly rejected: number;
  readonly failed: number;
  readonly batches: number;
  /** Number of retries after transient errors; the status is `retrying` right after one. */
  readonly retries: number;
}

/** Selects progress that matches all given criteria. */
export type ProgressFilter = Partial<Pick<LoadProgress, 'loadId' | 'table' | 'loadKey' | 'source' | 'status'>>;
