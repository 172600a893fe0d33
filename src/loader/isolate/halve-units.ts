import type { ClientBase } from 'pg';

import { describeFault } from '../../postgres/database-fault.js';
import { classifyFault } from '../../postgres/sqlstate.js';
import { foldUnits } from '../merge/fold-duplicates.js';
import type { WriteContext } from '../model/load-context.js';
import type { LoadUnit } from '../model/load-unit.js';
import { StopLoad } from '../model/stop-load.js';
import { addOutcomes, emptyOutcome, rejectedOutcome, rejectUnit, type WriteOutcome } from '../write/write-outcome.js';
import { writeTogether } from '../write/write-together.js';
import { halveFaulty } from './halve.js';

/**
 * Writes units that Postgres has rejected together, without those at fault, each attempt under a savepoint. It needs
 * nothing but savepoints from the server, and some twenty round trips for each faulty record.
 * @throws pg's DatabaseError when the fault is not a row's
 * @throws StopLoad when more records are rejected than allowed
 */
export async function halveUnits(
  client: ClientBase,
  context: WriteContext,
  units: readonly LoadUnit[],
): Promise<WriteOutcome> {
  let outcome = emptyOutcome(context.job);
  await halveFaulty(
    { first: 0, last: units.length - 1 },
    {
      async attempt({ first, last }) {
        outcome = addOutcomes(outcome, await writeTogether(client, context, units.slice(first, last + 1)));
      },
      async atFault(number, error) {
        outcome = addOutcomes(outcome, await writeParts(client, context, units[number] as LoadUnit, error));
        if (outcome.rejected.length > context.maxRejects) {
          throw new StopLoad('rejects');
        }
      },
    },
  );
  return outcome;
}

/** Of the records folded into a unit, finds those at fault: tries each one on top of the good ones before it. */
async function writeParts(
  client: ClientBase,
  context: WriteContext,
  unit: LoadUnit,
  error: unknown,
): Promise<WriteOutcome> {
  const { job } = context;
  if (unit.parts.length === 0) {
    return rejectedOutcome(job, [rejectUnit(job, unit, describeFault(error))]);
  }
  let outcome = emptyOutcome(job);
  let good: LoadUnit | undefined;
  for (const part of unit.parts) {
    const candidate = good === undefined ? part : foldUnits(good, part);
    const fault = await tryOut(client, () => writeTogether(client, context, [candidate]));
    if (fault === undefined) {
      good = candidate;
    } else {
      outcome = addOutcomes(outcome, rejectedOutcome(job, [rejectUnit(job, part, describeFault(fault))]));
    }
  }
  return good === undefined ? outcome : addOutcomes(outcome, await writeTogether(client, context, [good]));
}

/** Does `work` and rolls it back; returns the fault of a row, if there was one. */
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
