import type { ClientBase } from 'pg';

import { withSavepoint } from '../../postgres/with-transaction.js';
import type { WriteContext } from '../model/load-context.js';
import { type LoadUnit, rowsFor } from '../model/load-unit.js';
import { storedOutcome, type WriteOutcome } from './write-outcome.js';
import { NotCopiedError } from './direct-writer.js';
import { type AttemptSettings, writeRows } from './write-rows.js';
import { RowsSuppressedError, type StoredRows, type WriteCounts } from './write-staged.js';

/** Attempts in a row that find no fewer new rows than the one before. */
export const ATTEMPTS_WITHOUT_PROGRESS = 3;
/** Attempts that met rows which another transaction deleted before they could be locked. */
export const CONTENDED_ATTEMPTS = 20;

/**
 * Writes units under a savepoint, table by table: all or none. Where another transaction wrote the same keys meanwhile,
 * it does so again: the next snapshot shows what that transaction committed, so there are fewer new rows each time. The
 * last attempt fails on a new row whose key is stored, which by then a trigger must have made equal. Rows that vanish are new
 * in the next attempt, so those that met such rows count for themselves.
 * @throws pg's DatabaseError
 * @throws RowsSuppressedError when the tables do not take all rows
 */
export async function writeTogether(
  client: ClientBase,
  context: WriteContext,
  units: readonly LoadUnit[],
): Promise<WriteOutcome> {
  let fresh = Infinity;
  let contended = 0;
  for (let stalled = 0; ;) {
    const failsOnConflict = stalled === ATTEMPTS_WITHOUT_PROGRESS - 1;
    try {
      return await attempt(client, context, units, { failsOnConflict, updatesAtOnce: false, copiesNewRows: false });
    } catch (error) {
      if (!(error instanceof RowsSuppressedError) || error.fresh === undefined) {
        throw error;
      }
      if (error.vanished > 0 && contended < CONTENDED_ATTEMPTS) {
        contended += 1;
        stalled = 0;
        fresh = Infinity;
        continue;
      }
      if (failsOnConflict) {
        throw error;
      }
      stalled = error.fresh < fresh ? 0 : stalled + 1;
      fresh = error.fresh;
    }
  }
}

/**
 * The same, but a first attempt copies new rows straight into their tables, and updates stored ones without locking them
 * before. Where COPY may fail for a reason of its own, or another transaction writes a row meanwhile, all rows are written as
 * without it: so nothing but the time depends on it.
 */
export async function writeFast(
  client: ClientBase,
  context: WriteContext,
  units: readonly LoadUnit[],
): Promise<WriteOutcome> {
  try {
    return await attempt(client, context, units, { failsOnConflict: false, updatesAtOnce: true, copiesNewRows: true });
  } catch (error) {
    if (error instanceof NotCopiedError || error instanceof RowsSuppressedError) {
      return writeTogether(client, context, units);
    }
    throw error;
  }
}

async function attempt(
  client: ClientBase,
  context: WriteContext,
  units: readonly LoadUnit[],
  how: Omit<AttemptSettings, 'loadId' | 'observers'>,
): Promise<WriteOutcome> {
  const { loadId, observers } = context;
  return withSavepoint(client, () => writeTables(client, context, units, { loadId, observers, ...how }));
}

async function writeTables(
  client: ClientBase,
  { job, evidence }: WriteContext,
  units: readonly LoadUnit[],
  settings: AttemptSettings,
): Promise<WriteOutcome> {
  const counts: WriteCounts[] = [];
  const stored: StoredRows | undefined = job.targets.some(({ returned }) => returned !== undefined)
    ? new Map()
    : undefined;
  for (const [index, target] of job.targets.entries()) {
    evidence.target = index;
    const rows = rowsFor(units, index);
    counts.push(await writeRows(client, target, { ...settings, stored }, rows));
  }
  return storedOutcome(job, units, counts, stored);
}
