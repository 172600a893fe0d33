import type { ClientBase } from 'pg';

import { foldUnits } from '../merge/fold-duplicates.js';
import { withoutSharedRows } from '../merge/shared-rows.js';
import type { WriteContext } from '../model/load-context.js';
import type { LoadUnit } from '../model/load-unit.js';
import { StopLoad } from '../model/stop-load.js';
import { summarizeRejects } from '../../stats/load-totals.js';
import { addOutcomes, emptyOutcome, rejectedOutcome, type WriteOutcome } from '../write/write-outcome.js';
import { writeTogether } from '../write/write-together.js';
import { checkFollowsRows, tryOut } from './every-row.js';
import { rejectLone } from './faulty-column.js';
import { halveFaulty } from './halve.js';

/**
 * Writes units that Postgres has rejected together, without those at fault, each attempt under a savepoint. It needs
 * nothing but savepoints from the server, and some twenty round trips for each faulty record.
 * @throws pg's DatabaseError when the fault cannot be a row's
 * @throws EveryRowFault when nothing shows that it is only some rows'
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
        const some = units.slice(first, last + 1);
        const written = await writeTogether(client, context, withoutSharedRows(context.job, some));
        context.evidence.add(some);
        outcome = addOutcomes(outcome, written);
      },
      async atFault(number, error) {
        await checkPasses(client, context, units, error);
        outcome = addOutcomes(outcome, await writeParts(client, context, units, number, error));
        if (outcome.rejected.length > context.maxRejects) {
          throw new StopLoad('rejects', summarizeRejects(outcome.rejected));
        }
      },
    },
  );
  return outcome;
}

/** Of the records folded into one of the units, finds those at fault: tries each one on top of the good ones before it. */
async function writeParts(
  client: ClientBase,
  context: WriteContext,
  units: readonly LoadUnit[],
  number: number,
  error: unknown,
): Promise<WriteOutcome> {
  const unit = units[number] as LoadUnit;
  const { job, evidence } = context;
  if (unit.parts.length === 0) {
    return rejectedOutcome(job, [await rejectLone(client, context, unit, error)]);
  }
  let outcome = emptyOutcome(job);
  let good: LoadUnit | undefined;
  for (const part of unit.parts) {
    const candidate = good === undefined ? part : foldUnits(good, part, job.targets);
    const fault = await tryOut(client, () => writeTogether(client, context, [candidate]));
    if (fault === undefined) {
      good = candidate;
      evidence.add([part]);
    } else {
      await checkPasses(client, context, units, fault);
      outcome = addOutcomes(outcome, rejectedOutcome(job, [await rejectLone(client, context, part, fault)]));
    }
  }
  return good === undefined ? outcome : addOutcomes(outcome, await writeTogether(client, context, [good]));
}

/** Checks that other records pass at the table that has rejected one. */
async function checkPasses(
  client: ClientBase,
  context: WriteContext,
  units: readonly LoadUnit[],
  error: unknown,
): Promise<void> {
  const { evidence } = context;
  const { target } = evidence;
  const candidates = units.flatMap((unit) => [unit, ...unit.parts]).filter(({ rows }) => rows[target] !== undefined);
  await checkFollowsRows(error, evidence, candidates, async (candidate) => {
    const fault = await tryOut(client, () => writeTogether(client, context, [candidate]));
    if (fault === undefined) {
      evidence.add([candidate]);
    }
    return fault === undefined;
  });
}
