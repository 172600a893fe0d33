import { AsyncLocalStorage } from 'node:async_hooks';

import type { QueryRunner } from 'typeorm';

import { InvalidLoadError } from '../../errors/index.js';
import { beforeTransactionEnds } from '../../postgres/typeorm-adapter.js';

/** The time in which a load has the connection of a caller's transaction for itself. */
interface Turn {
  readonly runner: QueryRunner;
  /** The turn of the load whose source started this one. */
  readonly outer: Turn | undefined;
  isOver: boolean;
}

/** The loads of one transaction that have not ended. */
interface Waiting {
  readonly loads: Set<Promise<unknown>>;
  /** Aborted when the caller rolls the transaction back. */
  readonly rollback: AbortController;
  readonly release: () => void;
}

const turns = new AsyncLocalStorage<Turn>();

/** Of the module, not of a service: two services may load into one transaction. */
const waiting = new WeakMap<QueryRunner, Waiting>();

/**
 * Runs loads that joined one caller's transaction one after the other, in the order of their calls. They share its
 * connection: side by side, one would roll back to the savepoint of another, and write into its staging tables. The
 * transaction ends after its loads: a statement sent after COMMIT or ROLLBACK would be committed by itself.
 * @param load - its signal is aborted when the caller rolls the transaction back
 * @throws InvalidLoadError when the source of a load started the load, so that each would wait for the other
 */
export async function inTurn<T>(runner: QueryRunner, load: (rollback: AbortSignal) => Promise<T>): Promise<T> {
  if (isInTurn(runner)) {
    throw new InvalidLoadError(
      'The source or onRows of a load started another load in the same transaction. Loads of one transaction run one after the ' +
        'other, so each would wait for the other. Read the records before the load, or load them in a transaction of their own',
    );
  }
  const { loads, rollback, release } = waitingFor(runner);
  const before = [...loads].at(-1);
  const turn: Turn = { runner, outer: turns.getStore(), isOver: false };
  const done = (async (): Promise<T> => {
    // Its own caller learns how it ended.
    await before?.catch(() => {});
    try {
      return await turns.run(turn, () => load(rollback.signal));
    } finally {
      turn.isOver = true;
    }
  })();
  loads.add(done);
  try {
    return await done;
  } finally {
    loads.delete(done);
    if (loads.size === 0) {
      waiting.delete(runner);
      release();
    }
  }
}

/** Calls a listener of a load. It may start further loads, because the load does not wait for them. */
export function outsideTurns(listener: () => void): void {
  turns.exit(listener);
}

/** Whether the caller is the source of a load in this transaction. */
function isInTurn(runner: QueryRunner): boolean {
  for (let turn = turns.getStore(); turn !== undefined; turn = turn.outer) {
    if (turn.runner === runner && !turn.isOver) {
      return true;
    }
  }
  return false;
}

function waitingFor(runner: QueryRunner): Waiting {
  const known = waiting.get(runner);
  if (known !== undefined) {
    return known;
  }
  const loads = new Set<Promise<unknown>>();
  const rollback = new AbortController();
  const release = beforeTransactionEnds(runner, async (how) => {
    if (isInTurn(runner)) {
      return;
    }
    if (how === 'rollback') {
      rollback.abort();
    }
    await Promise.allSettled(loads);
  });
  const started = { loads, rollback, release };
  waiting.set(runner, started);
  return started;
}
