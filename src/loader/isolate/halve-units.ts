import type { ClientBase } from 'pg';

import { classifyFault } from '../../postgres/sqlstate.js';
import { withSavepoint } from '../../postgres/with-transaction.js';
import { foldUnits } from '../merge/fold-duplicates.js';
import type { LoadUnit } from '../model/load-unit.js';
import { StopLoad } from '../model/stop-load.js';
import { addOutcomes, emptyOutcome, rejectedOutcome, type WriteOutcome } from '../write/write-outcome.js';
import { type UnitsOrder, writeTogether } from '../write/write-together.js';

/**
 * Halves units that Postgres has rejected together until those at fault stand alone, each attempt under a savepoint.
 * Needs nothing of the server but savepoints, and some twenty round trips for each record at fault.
 * @throws pg's DatabaseError when the fault is not a row's
 * @throws StopLoad when more records are rejected than may be
 */
export async function halveUnits(
  client: ClientBase,
  order: UnitsOrder,
  units: readonly LoadUnit[],
): Promise<WriteOutcome> {
  const middle = Math.ceil(units.length / 2);
  let outcome = emptyOutcome(order.job);
  for (const half of [units.slice(0, middle), units.slice(middle)].filter(({ length }) => length > 0)) {
    const allowed = { ...order, maxRejected: order.maxRejected - outcome.rejected.length };
    outcome = addOutcomes(outcome, await writeHalf(client, allowed, half));
  }
  return outcome;
}

async function writeHalf(client: ClientBase, order: UnitsOrder, units: readonly LoadUnit[]): Promise<WriteOutcome> {
  try {
    return await withSavepoint(client, () => writeTogether(client, order, units));
  } catch (error) {
    if (classifyFault(error) !== 'row') {
      throw error;
    }
    const [unit] = units as readonly [LoadUnit];
    const outcome =
      units.length > 1
        ? await halveUnits(client, order, units)
        : unit.parts.length > 0
          ? await writeParts(client, order, unit)
          : rejectedOutcome(order.job, unit, error);
    if (outcome.rejected.length > order.maxRejected) {
      throw new StopLoad('rejects');
    }
    return outcome;
  }
}

/** Of the records folded into a unit, finds those at fault: each is tried on top of the good ones before it. */
async function writeParts(client: ClientBase, order: UnitsOrder, unit: LoadUnit): Promise<WriteOutcome> {
  let outcome = emptyOutcome(order.job);
  let good: LoadUnit | undefined;
  for (const part of unit.parts) {
    const candidate = good === undefined ? part : foldUnits(good, part);
    const error = await tryOut(client, () => writeTogether(client, order, [candidate]));
    if (error === undefined) {
      good = candidate;
    } else {
      outcome = addOutcomes(outcome, rejectedOutcome(order.job, part, error));
    }
  }
  return good === undefined ? outcome : addOutcomes(outcome, await writeTogether(client, order, [good]));
}

/** Does `work` and takes it back; returns the row's fault it met. */
async function tryOut(client: ClientBase, work: () => Promise<unknown>): Promise<unknown> {
  await client.query('SAVEPOINT harbor_trial');
  let fault: unknown;
  try {
    await work();
  } catch (error) {
    if (classifyFault(error) !== 'row') {
      throw error;
    }
    fault = error;
  }
  await client.query('ROLLBACK TO SAVEPOINT harbor_trial; RELEASE SAVEPOINT harbor_trial');
  return fault;
}
