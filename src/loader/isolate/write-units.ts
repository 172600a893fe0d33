import type { ClientBase } from 'pg';

import { errorCode } from '../../errors/error-text.js';
import { type DatabaseFault, describeFault } from '../../postgres/faults/database-fault.js';
import type { RejectedRecord } from '../../quarantine/rejected-records.js';
import { INSUFFICIENT_PRIVILEGE, mayBeOfRow } from '../../postgres/faults/sqlstate.js';
import { withSavepoint } from '../../postgres/with-transaction.js';
import { loadedOf } from '../../results/load-counts.js';
import { isDistributed } from '../distributed/mirror-table.js';
import { deletionWaves } from '../merge/deletion-waves.js';
import { foldDuplicates, hidesDefault, splitIntoWaves } from '../merge/fold-duplicates.js';
import { repeatedRow, splitIntoRuns, withoutSharedRows } from '../merge/shared-rows.js';
import { summarizeRejects } from '../../stats/load-totals.js';
import type { WriteContext } from '../model/load-context.js';
import { type LoadJob, mayMakeTemporaryTables } from '../model/load-job.js';
import { isDeletion, type LoadUnit } from '../model/load-unit.js';
import { afterRejects, StopLoad } from '../model/stop-load.js';
import {
  addOutcomes,
  emptyOutcome,
  rejectedOf,
  rejectedOutcome,
  rejectUnit,
  type WriteOutcome,
} from '../write/write-outcome.js';
import { writeFast } from '../write/write-together.js';
import { checkFollowsRows, EveryRowFault } from './every-row.js';
import { rejectLone } from './faulty-column.js';
import { halveUnits } from './halve-units.js';
import { isolateInMirrors } from './isolate-in-mirrors.js';
import { type IsolationOutcome, isolateUnits } from './isolate-units.js';
import { writeFolded } from './write-folded.js';

/**
 * Writes the units of a batch in the transaction of `client`. A unit that Postgres rejects costs only itself.
 * @param pieces - the least number of statements; more after one took too long
 * @throws pg's DatabaseError when the fault cannot be a row's
 * @throws EveryRowFault when nothing shows that it is only some rows'
 * @throws StopLoad when more records are rejected than allowed
 */
export async function writeUnits(
  client: ClientBase,
  context: WriteContext,
  units: readonly LoadUnit[],
  pieces: number,
): Promise<WriteOutcome> {
  const { distinct, repeating } = withoutRepeated(context.job, units);
  let outcome = rejectedOutcome(context.job, repeating);
  for (const wave of arrange(context.job, distinct)) {
    const { rejected } = outcome;
    const written = await afterRejects(rejected, () =>
      writeFolded(client, context.job, wave, (some, rejectedHere) =>
        writeInPieces(client, context, some, { pieces, rejected: rejected.length + rejectedHere }),
      ),
    );
    outcome = addOutcomes(outcome, written);
    if (outcome.rejected.length > context.maxRejects) {
      throw new StopLoad('rejects', summarizeRejects(outcome.rejected));
    }
  }
  return outcome;
}

/** Which keys are equal is known only now; a table has no place for two rows of one record with the same key. */
function withoutRepeated(
  job: LoadJob,
  units: readonly LoadUnit[],
): { readonly distinct: readonly LoadUnit[]; readonly repeating: readonly RejectedRecord[] } {
  if (!job.hasKeysApart) {
    return { distinct: units, repeating: [] };
  }
  const distinct: LoadUnit[] = [];
  const repeating: RejectedRecord[] = [];
  for (const unit of units) {
    const repeated = repeatedRow(unit);
    if (repeated === undefined) {
      distinct.push(unit);
    } else {
      const message = `table ${job.targets[repeated.target]?.plan.table}: two rows of the record have the same key`;
      repeating.push({ ...rejectedOf(job, unit), rejection: { rule: 'repeated_key', message } });
    }
  }
  return { distinct, repeating };
}

async function writeInPieces(
  client: ClientBase,
  context: WriteContext,
  units: readonly LoadUnit[],
  { pieces, rejected }: { readonly pieces: number; readonly rejected: number },
): Promise<WriteOutcome> {
  let outcome = emptyOutcome(context.job);
  const size = Math.ceil(units.length / pieces);
  for (let start = 0; start < units.length; start += size) {
    const maxRejects = context.maxRejects - rejected - outcome.rejected.length;
    const some = units.slice(start, start + size);
    const written = await afterRejects(outcome.rejected, () => writeIsolated(client, { ...context, maxRejects }, some));
    outcome = addOutcomes(outcome, written);
  }
  return outcome;
}

/**
 * Units of each wave have different keys, and all or none of them delete rows; except in an append, where each unit is a row of
 * its own. Or they share equal rows.
 */
export function arrange({ options, targets, hasKeysApart }: LoadJob, units: readonly LoadUnit[]): LoadUnit[][] {
  if (units.length === 0) {
    return [];
  }
  if (options.disposition === 'append') {
    return [[...units]];
  }
  if (hasKeysApart) {
    return splitIntoRuns(units);
  }
  // Only the database knows which rows are stored, for an update, and which ones a partial index holds.
  const meetsStored =
    options.disposition !== 'replace' &&
    targets.some(({ plan, keyPredicate, onConflict }) => onConflict === 'update' || (plan.newerBy ?? keyPredicate));
  const isEachMet = meetsStored || hidesDefault(units, targets);
  if (options.deleteWhen !== undefined && units.some(isDeletion)) {
    return deletionWaves(targets, units, !isEachMet);
  }
  return isEachMet ? splitIntoWaves(units) : [foldDuplicates(units, targets)];
}

async function writeIsolated(
  client: ClientBase,
  context: WriteContext,
  units: readonly LoadUnit[],
): Promise<WriteOutcome> {
  const { job, evidence } = context;
  let outcome: WriteOutcome;
  try {
    const written = await writeFast(client, context, withoutSharedRows(job, units));
    evidence.add(units);
    return written;
  } catch (error) {
    if (!mayBeOfRow(error)) {
      throw error;
    }
    if (errorCode(error) === INSUFFICIENT_PRIVILEGE && units.some(isDeletion)) {
      // That the table takes other records does not show that the role may delete.
      throw new EveryRowFault(describeFault(error));
    }
    const [unit] = units as readonly [LoadUnit];
    if (units.length === 1 && unit.parts.length === 0) {
      await checkFollowsRows(error, evidence, [], async () => false);
      outcome = rejectedOutcome(job, [await rejectLone(client, context, unit, error)]);
    } else {
      outcome = job.hasKeysApart ? await halveUnits(client, context, units) : await isolate(client, context, units);
    }
  }
  if (outcome.rejected.length > context.maxRejects) {
    throw new StopLoad('rejects', summarizeRejects(outcome.rejected));
  }
  return outcome;
}

/** Finds the faulty records on the server; where the server cannot do that, from here. */
async function isolate(client: ClientBase, context: WriteContext, units: readonly LoadUnit[]): Promise<WriteOutcome> {
  let outcome = emptyOutcome(context.job);
  /** Units whose reference is missing, each tried since a unit was stored last. */
  const waiting = new Map<LoadUnit, DatabaseFault>();
  for (let left = units; ;) {
    const maxRejects = context.maxRejects - outcome.rejected.length;
    const isolated = await isolateOnServer(client, { ...context, maxRejects }, left);
    if (isolated === undefined) {
      const halved = await afterRejects(outcome.rejected, () => halveUnits(client, { ...context, maxRejects }, left));
      return addOutcomes(outcome, halved);
    }
    outcome = addOutcomes(outcome, isolated);
    if (isolated.tables.some((counts) => loadedOf(counts) > 0)) {
      waiting.clear();
    }
    isolated.waiting.forEach((fault, unit) => waiting.set(unit, fault));
    // What was not tried comes first: it may hold what the others wait for.
    left = [...isolated.untried, ...isolated.waiting.keys()].sort(
      (a, b) => Number(waiting.has(a)) - Number(waiting.has(b)),
    );
    if (outcome.rejected.length > context.maxRejects) {
      return outcome;
    }
    if (left.every((unit) => waiting.has(unit))) {
      const folded = left.filter(({ parts }) => parts.length > 0);
      const single = left.filter(({ parts }) => parts.length === 0);
      outcome = addOutcomes(outcome, rejectWaiting(context.job, single, waiting));
      return folded.length === 0 ? outcome : addOutcomes(outcome, await halveUnits(client, context, folded));
    }
  }
}

/** Undefined where the server cannot do it: it lacks PL/pgSQL or temporary tables for this role, or COPY rejects a row. */
async function isolateOnServer(
  client: ClientBase,
  context: WriteContext,
  units: readonly LoadUnit[],
): Promise<IsolationOutcome | undefined> {
  if (!mayMakeTemporaryTables(context.job)) {
    return undefined;
  }
  try {
    return await (context.job.targets.some(isDistributed)
      ? isolateInMirrors(client, context, units)
      : withSavepoint(client, () => isolateUnits(client, context, units)));
  } catch (error) {
    if (error instanceof EveryRowFault || !mayBeOfRow(error)) {
      throw error;
    }
    return undefined;
  }
}

/** Rejects units that wait for each other, or for nothing that comes. */
function rejectWaiting(
  job: LoadJob,
  units: readonly LoadUnit[],
  faults: ReadonlyMap<LoadUnit, DatabaseFault>,
): WriteOutcome {
  return rejectedOutcome(
    job,
    units.map((unit) => rejectUnit(job, unit, faults.get(unit) as DatabaseFault)),
  );
}
