import { InvalidArgumentError } from 'commander';

import { MAX_SHARDS } from '../../loader/model/load-options.js';
import type { Shard } from '../../results/load-result.js';

/** Parses a shard such as `0/4`: its index, from 0, and how many shards there are. */
export function parseShard(text: string): Shard {
  const [, index, count] = (/^(\d+)\/(\d+)$/.exec(text) ?? []).map(Number);
  if (index === undefined || count === undefined || count === 0 || count > MAX_SHARDS) {
    throw new InvalidArgumentError(`expected index/count, for example 0/4, with a count from 1 to ${MAX_SHARDS}`);
  }
  if (index >= count) {
    throw new InvalidArgumentError(`indexes of ${count} shards go from 0 to ${count - 1}`);
  }
  return { index, count };
}
