import { StorageError } from '../../errors/index.js';
import { hasLooseKey } from '../merge/identify-keys.js';
import { haveCommon } from './in-flight.js';
import type { LoadJob } from '../model/load-job.js';

/** A batch that was not tried, because one it must not overtake has failed. */
export class BlockedKeysError extends StorageError {
  override readonly name = 'BlockedKeysError';

  constructor() {
    super(
      'BLOCKED_KEYS',
      'not tried: it has keys of a batch that failed before it, which the next load with this load key does first',
    );
  }
}

/**
 * What a load with a load key may not commit any more after a batch of it has failed. The next load with the key comes
 * back to the failed batch; had a later record of the same key been written meanwhile, it would lose to the earlier one.
 */
export class BlockedKeys {
  private readonly keys = new Set<string>();

  constructor(private readonly job: LoadJob) {}

  /**
   * Notes a batch that has failed.
   * @returns false where nobody here can tell which batches share a key with it, so that none may follow
   */
  add(keys: ReadonlySet<string>): boolean {
    keys.forEach((key) => this.keys.add(key));
    return !hasLooseKey(this.job);
  }

  /** @throws BlockedKeysError when a batch of these keys must not be written */
  check(keys: ReadonlySet<string>): void {
    if (haveCommon(this.keys, keys)) {
      throw new BlockedKeysError();
    }
  }
}
