import type { ClientBase } from 'pg';

import { describeFault } from '../postgres/database-fault.js';
import { classifyFault } from '../postgres/sqlstate.js';
import { withSavepoint } from '../postgres/with-transaction.js';
import type { RejectedRecord } from '../quarantine/rejected-records.js';
import { foldDuplicates, foldUnits, splitIntoWaves } from './fold-duplicates.js';
import type { LoadJob } from './load-job.js';
import { addTargetTallies, NO_TARGET_COUNTS, type TargetTally } from './load-tally.js';
import { keyValuesOf, type LoadUnit, partsOf, showKey } from './load-unit.js';
import type { MergeSpec } from './merge-spec.js';
import { writeRows } from './write-rows.js';

/** What came of the units of a batch. */
export interface WriteOutcome {
  readonly stored: number;
  readonly duplicates: number;
  readonly targets: readonly TargetTally[];
  readonly rejected: readonly RejectedRecord[];
}

const ON_CONFLICT: Readonly<Record<LoadJob['options']['disposition'], MergeSpec['onConflict']>> = {
  merge: 'merge',
  append: 'insert',
  // Into the table it stages its rows in, where it meets earlier ones of the same load.
  replace: 'merge',
};

/**
 * Writes the units of a batch in the transaction of `client`. A unit that Postgres refuses costs itself only.
 * @param pieces - in how many statements at least; more after one took too long
 * @throws pg's DatabaseError when the fault is not a row's
 */
export async function writeUnits(
  client: ClientBase,
  job: LoadJob,
  loadId: string,
  units: readonly LoadUnit[],
  pieces: number,
): Promise<WriteOutcome> {
  let outcome = emptyOutcome(job);
  for (const wave of arrange(job, units)) {
    const size = Math.ceil(wave.length / pieces);
    for (let start = 0; start < wave.length; start += size) {
      outcome = addOutcomes(outcome, await writeIsolated(client, job, loadId, wave.slice(start, start + size)));
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

/** Halves the units until those at fault stand alone, each attempt under a savepoint. */
async function writeIsolated(
  client: ClientBase,
  job: LoadJob,
  loadId: string,
  units: readonly LoadUnit[],
): Promise<WriteOutcome> {
  try {
    return await withSavepoint(client, () => writeTogether(client, job, loadId, units));
  } catch (error) {
    if (classifyFault(error) !== 'row') {
      throw error;
    }
    const [unit] = units as readonly [LoadUnit];
    if (units.length === 1) {
      return unit.parts.length > 0 ? writeParts(client, job, loadId, unit) : rejectUnit(job, unit, error);
    }
    const middle = Math.ceil(units.length / 2);
    const first = await writeIsolated(client, job, loadId, units.slice(0, middle));
    return addOutcomes(first, await writeIsolated(client, job, loadId, units.slice(middle)));
  }
}

/** Of the records folded into a unit, finds those at fault: each is tried on top of the good ones before it. */
async function writeParts(client: ClientBase, job: LoadJob, loadId: string, unit: LoadUnit): Promise<WriteOutcome> {
  let outcome = emptyOutcome(job);
  let good: LoadUnit | undefined;
  for (const part of unit.parts) {
    const candidate = good === undefined ? part : foldUnits(good, part);
    const error = await tryOut(client, () => writeTogether(client, job, loadId, [candidate]));
    if (error === undefined) {
      good = candidate;
    } else {
      outcome = addOutcomes(outcome, rejectUnit(job, part, error));
    }
  }
  return good === undefined ? outcome : addOutcomes(outcome, await writeTogether(client, job, loadId, [good]));
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

async function writeTogether(
  client: ClientBase,
  job: LoadJob,
  loadId: string,
  units: readonly LoadUnit[],
): Promise<WriteOutcome> {
  const targets: TargetTally[] = [];
  for (const [index, { plan, key, stage }] of job.targets.entries()) {
    const rows = units.map((unit) => unit.rows[index]).filter((row) => row !== undefined);
    const order = { plan, key, stage, loadId, onConflict: ON_CONFLICT[job.options.disposition] };
    const counts = await writeRows(client, order, rows);
    targets.push({ ...NO_TARGET_COUNTS, ...counts, ...countParts(units, index) });
  }
  const records = units.reduce((sum, unit) => sum + partsOf(unit).length, 0);
  return { stored: units.length, duplicates: records - units.length, targets, rejected: [] };
}

/** Of the records folded into each unit, all but one that speak of a table are duplicates there. */
function countParts(units: readonly LoadUnit[], target: number): { duplicates: number; notMeant: number } {
  let duplicates = 0;
  let notMeant = 0;
  for (const unit of units) {
    const parts = partsOf(unit);
    const meant = parts.filter((part) => part.rows[target] !== undefined).length;
    duplicates += Math.max(0, meant - 1);
    notMeant += parts.length - meant;
  }
  return { duplicates, notMeant };
}

function rejectUnit(job: LoadJob, unit: LoadUnit, error: unknown): WriteOutcome {
  const { code, column, message } = describeFault(error);
  const { position, source } = unit;
  const values = keyValuesOf(job, unit.rows);
  const key = values === undefined ? undefined : showKey(values);
  const refusal = { rule: code, column, message };
  return { ...emptyOutcome(job), rejected: [{ position, source, key, refusal }] };
}

function emptyOutcome(job: LoadJob): WriteOutcome {
  return { stored: 0, duplicates: 0, targets: job.targets.map(() => NO_TARGET_COUNTS), rejected: [] };
}

function addOutcomes(a: WriteOutcome, b: WriteOutcome): WriteOutcome {
  return {
    stored: a.stored + b.stored,
    duplicates: a.duplicates + b.duplicates,
    targets: a.targets.map((target, index) => addTargetTallies(target, b.targets[index] ?? NO_TARGET_COUNTS)),
    rejected: [...a.rejected, ...b.rejected],
  };
}
