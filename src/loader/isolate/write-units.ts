import type { ClientBase } from 'pg';

import { classifyFault, mayBeUnsupported } from '../../postgres/sqlstate.js';
import { withSavepoint } from '../../postgres/with-transaction.js';
import { foldDuplicates, splitIntoWaves } from '../merge/fold-duplicates.js';
import { halveUnits } from './halve-units.js';
import { type IsolationOutcome, isolateUnits } from './isolate-units.js';
import type { LoadJob } from '../model/load-job.js';
import type { LoadUnit } from '../model/load-unit.js';
import { StopLoad } from '../model/stop-load.js';
import { addOutcomes, emptyOutcome, rejectedOutcome, type WriteOutcome } from '../write/write-outcome.js';
import { type UnitsOrder, writeTogether } from '../write/write-together.js';

/**
 * Writes the units of a batch in the transaction of `client`. A unit that Postgres rejects costs itself only.
 * @param pieces - in how many statements at least; more after one took too long
 * @throws pg's DatabaseError when the fault is not a row's
 * @throws StopLoad when more records are rejected than may be
 */
export async function writeUnits(
  client: ClientBase,
  order: UnitsOrder,
  units: readonly LoadUnit[],
  pieces: number,
): Promise<WriteOutcome> {
  let outcome = emptyOutcome(order.job);
  for (const wave of arrange(order.job, units)) {
    const size = Math.ceil(wave.length / pieces);
    for (let start = 0; start < wave.length; start += size) {
      const allowed = { ...order, maxRejected: order.maxRejected - outcome.rejected.length };
      outcome = addOutcomes(outcome, await writeIsolated(client, allowed, wave.slice(start, start + size)));
    }
  }
  return outcome;
}

function arrange(job: LoadJob, units: readonly LoadUnit[]): LoadUnit[][] {
  if (units.length === 0) {
    return [];
  }
  if (job.options.disposition === 'append') {
    return [[...units]];
  }
  const mayBeOlder = job.options.disposition === 'merge' && job.targets.some(({ plan }) => plan.newerBy !== undefined);
  return mayBeOlder ? splitIntoWaves(units) : [foldDuplicates(units)];
}

async function writeIsolated(client: ClientBase, order: UnitsOrder, units: readonly LoadUnit[]): Promise<WriteOutcome> {
  let outcome: WriteOutcome;
  try {
    return await withSavepoint(client, () => writeTogether(client, order, units));
  } catch (error) {
    if (classifyFault(error) !== 'row') {
      throw error;
    }
    const [unit] = units as readonly [LoadUnit];
    const alone = units.length === 1 && unit.parts.length === 0;
    outcome = alone ? rejectedOutcome(order.job, unit, error) : await isolate(client, order, units);
  }
  if (outcome.rejected.length > order.maxRejected) {
    throw new StopLoad('rejects');
  }
  return outcome;
}

/** Finds the records at fault on the server; where it cannot do that, from here. */
async function isolate(client: ClientBase, order: UnitsOrder, units: readonly LoadUnit[]): Promise<WriteOutcome> {
  let isolated: IsolationOutcome;
  try {
    isolated = await withSavepoint(client, () => isolateUnits(client, order, units));
  } catch (error) {
    if (classifyFault(error) !== 'row' && !mayBeUnsupported(error)) {
      throw error;
    }
    return halveUnits(client, order, units);
  }
  const { left, ...outcome } = isolated;
  const maxRejected = order.maxRejected - outcome.rejected.length;
  return left.length === 0 || maxRejected < 0
    ? outcome
    : addOutcomes(outcome, await writeIsolated(client, { ...order, maxRejected }, left));
}
