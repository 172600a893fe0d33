import { InvalidLoadError } from '../../../errors/index.js';
import { hasOtherKey, refersToItself } from '../../merge/write-order.js';
import type { LoadJob, Target } from '../../model/load-job.js';
import type { ReportingLoadOptions } from '../../model/load-options.js';
import { shardColumnsOf } from '../../read/shard-owner.js';

/** @throws InvalidLoadError when a load in one transaction has the option */
export function checkNoShard(options: ReportingLoadOptions): void {
  if (options?.shard !== undefined) {
    throw new InvalidLoadError('shard goes with loadBatch and storeBatch: load and store are one transaction');
  }
}

/**
 * Checks that loaders can share out the records of a load: no record may depend on one of another shard.
 * @returns the job
 * @throws InvalidLoadError
 */
export function shardable(job: LoadJob, { isJoined }: { readonly isJoined: boolean }): LoadJob {
  if (job.options.shard === undefined) {
    return job;
  }
  if (isJoined) {
    throw new InvalidLoadError(
      "shard does not go with a caller's transaction (withManager): each shard commits its own batches",
    );
  }
  const reason = reasonAgainst(job);
  if (reason !== undefined) {
    throw new InvalidLoadError(`${job.name} cannot be loaded in shards: ${reason}. Load it without the option shard`);
  }
  return job;
}

function reasonAgainst(job: LoadJob): string | undefined {
  if (job.hasKeysApart) {
    return 'records of a combined load may share rows, whose order only one loader keeps';
  }
  if (refersToItself(job)) {
    return 'its rows refer to rows of the same load, which another shard may load later';
  }
  const other = job.targets.find(hasOtherKey);
  if (other !== undefined) {
    return `${other.plan.table} has another unique or exclusion key, under which records of two shards may be in conflict`;
  }
  const { key } = job.targets.at(-1) as Target;
  if (key.length > 0 && shardColumnsOf({ key }).length === 0) {
    const names = key.map(({ name, type }) => `${name} (${type})`).join(', ');
    return `only Postgres can tell which values of its key are equal: ${names}`;
  }
  return undefined;
}
