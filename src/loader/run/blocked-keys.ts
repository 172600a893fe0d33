import { StorageError } from '../../errors/index.js';
import { isWrittenInOrder } from '../merge/write-order.js';
import type { LoadJob } from '../model/load-job.js';
import { haveCommon } from './in-flight.js';

/** A batch that was skipped, because it shares keys with a failed batch. */
export class BlockedKeysError extends StorageError {
  override readonly name = 'BlockedKeysError';

  constructor() {
    super(
      'BLOCKED_KEYS',
      'Skipped: shares keys with a failed batch. The next load with this load key retries both in order.',
    );
  }
}

/**
 * The keys of failed batches of a load with a load key. The next load with the key retries a failed batch; if a later
 * record of the same key were committed before, it would lose to the earlier one.
 */
export class BlockedKeys {
  private readonly keys = new Set<string>();

  /** @param current - the job by the plans of now */
  constructor(private readonly current: () => LoadJob) {}

  /**
   * Blocks the keys of a failed batch.
   * @returns false where batches are written in order, so that no batch may follow
   */
  add(keys: ReadonlySet<string>): boolean {
    keys.forEach((key) => this.keys.add(key));
    return !isWrittenInOrder(this.current());
  }

  /** @throws BlockedKeysError when one of the keys is blocked */
  check(keys: ReadonlySet<string>): void {
    if (haveCommon(this.keys, keys)) {
      throw new BlockedKeysError();
    }
  }
}
