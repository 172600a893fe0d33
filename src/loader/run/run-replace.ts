import type { ClientBase } from 'pg';

import { InvalidLoadError } from '../../errors/index.js';
import { type LoadTotals, recordCounts } from '../../stats/load-totals.js';
import type { ObservedLoad } from '../../stats/observe/load-observers.js';
import type { AnySignal } from '../model/any-signal.js';
import type { LoadJob } from '../model/load-job.js';
import { checkInterrupt, unlessInterrupted } from '../model/stop-load.js';
import { type BatchReader, TableReplace } from '../replace/table-replace.js';
import { type LoadSession, WHOLE_LOAD } from '../write/session/load-session.js';
import type { CurrentJob } from './current-job.js';
import type { LoadAccounts } from './load-accounts.js';
import { observedBatch } from './observe/observed-load.js';

/** The input of a replace. */
export interface ReplaceInput {
  /** An array can be read again, so that the load outlives a lost connection. */
  readonly records: object;
  readonly read: BatchReader;
  /** Whether the history shows the load while it runs. */
  readonly showsWhileRunning: boolean;
  /** Undefined where nobody observes the load. */
  readonly observed: ObservedLoad | undefined;
}

/** Replaces the table's content in one transaction. */
export async function runReplace(
  current: CurrentJob,
  session: LoadSession,
  accounts: LoadAccounts,
  signal: AnySignal,
  { records, read, showsWhileRunning, observed }: ReplaceInput,
): Promise<void> {
  const { ledger } = session.context;
  let soFar: LoadTotals | undefined;
  const hooks = {
    readBatches: read,
    signal,
    lockedIn: (client: ClientBase, madeBy: LoadJob) => current.lockedIn(client, madeBy),
    onRead(totals: LoadTotals) {
      soFar = totals;
      accounts.publish('running', totals);
    },
  };
  const work = async (client: ClientBase): Promise<LoadTotals> => {
    await ledger.open(client, session.entry);
    const totals = await new TableReplace(client, session, current.now, hooks).run();
    await session.complete(client, totals);
    return totals;
  };
  const canRead = (): boolean => (Array.isArray(records) || soFar === undefined) && !signal.aborted;
  try {
    checkInterrupt(signal);
    if (showsWhileRunning) {
      await session.open();
    }
    const replace = (): Promise<LoadTotals> => current.withFreshRows(() => session.inReplace(work, canRead), canRead);
    const totals = await observedBatch(observed, session, WHOLE_LOAD, replace);
    accounts.addBatch(totals, WHOLE_LOAD.batchNo);
  } catch (caught) {
    const error = unlessInterrupted(caught, signal);
    if (!(error instanceof InvalidLoadError)) {
      const totals = soFar ?? accounts.totals;
      const received = Array.isArray(records) ? records.length : recordCounts(totals).received;
      accounts.addFailure(error, { ...WHOLE_LOAD, skippedReasons: totals.skippedReasons, received });
    } else if (showsWhileRunning || session.entry.loadKey !== undefined) {
      await session.close('failed', accounts.totals, { error });
    }
    throw error;
  }
}
