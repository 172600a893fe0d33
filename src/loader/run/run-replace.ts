import type { ClientBase } from 'pg';

import { InvalidLoadError } from '../../errors/index.js';
import type { AnySignal } from '../model/any-signal.js';
import type { CurrentJob } from './current-job.js';
import type { LoadAccounts } from './load-accounts.js';
import type { LoadAttempt } from './load-attempt.js';
import type { LoadContext } from '../model/load-context.js';
import type { LoadTally } from '../model/load-tally.js';
import { WHOLE } from '../write/load-transactions.js';
import { type BatchReader, TableReplace } from '../replace/table-replace.js';
import { checkInterrupt, unlessInterrupted } from '../model/stop-load.js';

/** What a replace is run with. */
interface ReplaceRun {
  readonly context: LoadContext;
  readonly current: CurrentJob;
  readonly attempt: LoadAttempt;
  readonly accounts: LoadAccounts;
  readonly signal: AnySignal;
  readonly readBatches: BatchReader;
}

/**
 * Replaces the table's content in one transaction.
 * @param records - an array can be read again, so that the load outlives a lost connection
 * @param entry - whether the history shows the load while it runs, which may be long where it waits for its source
 */
export async function runReplace(
  { context, current, attempt, accounts, signal, readBatches }: ReplaceRun,
  records: Iterable<unknown> | AsyncIterable<unknown>,
  entry?: 'entered first',
): Promise<void> {
  const { transactions } = attempt;
  const again = Array.isArray(records);
  let read: LoadTally | undefined;
  try {
    checkInterrupt(signal);
    if (entry !== undefined) {
      await attempt.open();
    }
    const replace = {
      ...context,
      entry: attempt.entry,
      transactions,
      checkInterrupt: () => checkInterrupt(signal),
      onRead: (soFar: LoadTally) => {
        read = soFar;
        accounts.publish('running', soFar);
      },
    };
    const work = async (client: ClientBase): Promise<LoadTally> => {
      await context.ledger.open(client, attempt.entry);
      const tally = await new TableReplace(client, { ...replace, job: current.now }).run(readBatches);
      await context.ledger.close(client, attempt.entry, attempt.account('completed', tally));
      return tally;
    };
    const mayRead = (): boolean => (again || read === undefined) && !signal.aborted;
    accounts.addBatch(await current.withFreshPlan(() => transactions.runReplace(mayRead, work), mayRead));
  } catch (caught) {
    const error = unlessInterrupted(caught, signal);
    if (!(error instanceof InvalidLoadError)) {
      const soFar = read ?? accounts.tally;
      accounts.addFailure(error, { ...WHOLE, ...soFar, received: again ? records.length : soFar.received });
    } else if (entry !== undefined || current.now.options.loadKey !== undefined) {
      await attempt.close('failed', accounts.tally, error);
    }
    throw error;
  }
}
