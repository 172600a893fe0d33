import type { ClientBase } from 'pg';

import { errorCode } from '../../../errors/error-text.js';
import { InvalidLoadError, StorageError } from '../../../errors/index.js';
import { PostgresError } from '../../../postgres/faults/database-fault.js';
import type { LedgerEntry } from '../../../stats/load-ledger.js';
import type { LoadContext } from '../../model/load-context.js';
import { type LoadJob, tallyCount } from '../../model/load-job.js';
import { CommittedBatches } from '../../read/committed-batches.js';

/** A load that has claimed its load key. */
export interface ClaimedKey {
  readonly entry: LedgerEntry;
  /** The load of the key, or the shard of it, has completed: its input is not needed. */
  readonly isCompleted: boolean;
  /** With all of its shards, where it has some. */
  readonly isLoadCompleted: boolean;
  readonly committed: CommittedBatches;
}

const LOCK_NOT_AVAILABLE = '55P03';

/**
 * Claims the load key of a load, if there is one, before the input is read.
 * @param inTransaction - runs work in a transaction
 * @param resumes - whether the load can begin after batches that are committed
 * @throws InvalidLoadError when the key belongs to another load
 * @throws StorageError `LOAD_KEY_BUSY` when another transaction works on the load for too long
 */
export async function claimLoadKey(
  { loadKeys }: Pick<LoadContext, 'loadKeys'>,
  job: LoadJob,
  entry: LedgerEntry,
  inTransaction: (work: (client: ClientBase) => Promise<ClaimedKey>) => Promise<ClaimedKey>,
  resumes: boolean,
): Promise<ClaimedKey> {
  const { loadKey } = entry;
  if (loadKey === undefined) {
    const committed = CommittedBatches.none(tallyCount(job));
    return { entry, isCompleted: false, isLoadCompleted: false, committed };
  }
  try {
    return await inTransaction(async (client) => {
      const { loadId, attempt, isCompleted, isLoadCompleted } = await loadKeys.claim(client, entry);
      const committed = await CommittedBatches.from(
        loadKeys.committed(client, { ...entry, loadId, tables: entry.options?.tables }),
        tallyCount(job),
        entry.shard,
      );
      if (!resumes && !isCompleted && committed.count > 0) {
        throw new InvalidLoadError(
          `loadKey ${JSON.stringify(loadKey)} belongs to load ${loadId}, which was started batch by batch and has ` +
            'not completed. Resume it with loadBatch or storeBatch.',
        );
      }
      return { entry: { ...entry, loadId, attempt }, isCompleted, isLoadCompleted, committed };
    });
  } catch (error) {
    if (errorCode(error) !== LOCK_NOT_AVAILABLE) {
      throw error;
    }
    throw new StorageError(
      'LOAD_KEY_BUSY',
      `Another transaction holds the load key ${JSON.stringify(loadKey)} for longer than loader.lockTimeoutMs. ` +
        'Retry when that load has ended.',
      { cause: PostgresError.from(error) },
    );
  }
}
