import type { ClientBase } from 'pg';

import { describeFault } from '../../postgres/database-fault.js';
import { classifyFault, mayBeUnsupported } from '../../postgres/sqlstate.js';
import { withSavepoint } from '../../postgres/with-transaction.js';
import { foldDuplicates, splitIntoWaves } from '../merge/fold-duplicates.js';
import type { WriteContext } from '../model/load-context.js';
import { type LoadJob, mayMakeTemporaryTables } from '../model/load-job.js';
import type { LoadUnit } from '../model/load-unit.js';
import { StopLoad } from '../model/stop-load.js';
import { addOutcomes, emptyOutcome, rejectedOutcome, rejectUnit, type WriteOutcome } from '../write/write-outcome.js';
import { writeTogether } from '../write/write-together.js';
import { halveUnits } from './halve-units.js';
import { type IsolationOutcome, isolateUnits } from './isolate-units.js';

/**
 * Writes the units of a batch in the transaction of `client`. A unit that Postgres rejects costs only itself.
 * @param pieces - the least number of statements; more after one took too long
 * @throws pg's DatabaseError when the fault is not a row's
 * @throws StopLoad when more records are rejected than allowed
 */
export async function writeUnits(
  client: ClientBase,
  context: WriteContext,
  units: readonly LoadUnit[],
  pieces: number,
): Promise<WriteOutcome> {
  let outcome = emptyOutcome(context.job);
  for (const wave of arrange(context.job, units)) {
    const size = Math.ceil(wave.length / pieces);
    for (let start = 0; start < wave.length; start += size) {
      const maxRejects = context.maxRejects - outcome.rejected.length;
      const written = await writeIsolated(client, { ...context, maxRejects }, wave.slice(start, start + size));
      outcome = addOutcomes(outcome, written);
    }
  }
  return outcome;
}

/** Units of each wave have different keys, except in an append, where each unit is a row of its own. */
function arrange({ options, targets }: LoadJob, units: readonly LoadUnit[]): LoadUnit[][] {
  if (units.length === 0) {
    return [];
  }
  if (options.disposition === 'append') {
    return [[...units]];
  }
  // Nor can anyone here tell which rows a partial index holds.
  const meetsStored = options.disposition === 'merge' && targets.some(({ plan }) => plan.newerBy ?? plan.keyPredicate);
  return meetsStored ? splitIntoWaves(units) : [foldDuplicates(units)];
}

async function writeIsolated(
  client: ClientBase,
  context: WriteContext,
  units: readonly LoadUnit[],
): Promise<WriteOutcome> {
  let outcome: WriteOutcome;
  try {
    return await writeTogether(client, context, units);
  } catch (error) {
    if (classifyFault(error) !== 'row') {
      throw error;
    }
    const [unit] = units as readonly [LoadUnit];
    const alone = units.length === 1 && unit.parts.length === 0;
    outcome = alone
      ? rejectedOutcome(context.job, [rejectUnit(context.job, unit, describeFault(error))])
      : await isolate(client, context, units);
  }
  if (outcome.rejected.length > context.maxRejects) {
    throw new StopLoad('rejects');
  }
  return outcome;
}

/** Finds the faulty records on the server; where the server cannot do that, from here. */
async function isolate(client: ClientBase, context: WriteContext, units: readonly LoadUnit[]): Promise<WriteOutcome> {
  if (!mayMakeTemporaryTables(context.job)) {
    return halveUnits(client, context, units);
  }
  let isolated: IsolationOutcome;
  try {
    isolated = await withSavepoint(client, () => isolateUnits(client, context, units));
  } catch (error) {
    if (classifyFault(error) !== 'row' && !mayBeUnsupported(error)) {
      throw error;
    }
    return halveUnits(client, context, units);
  }
  const { left, ...outcome } = isolated;
  const maxRejects = context.maxRejects - outcome.rejected.length;
  return left.length === 0 || maxRejects < 0
    ? outcome
    : addOutcomes(outcome, await writeIsolated(client, { ...context, maxRejects }, left));
}
