import { isDeepStrictEqual } from 'node:util';

import type { ClientBase } from 'pg';

import { FOREIGN_KEY_VIOLATION } from '../../postgres/faults/sqlstate.js';
import { rolledBack } from '../../postgres/with-transaction.js';
import type { RejectedRecord } from '../../quarantine/rejected-records.js';
import { foldUnits, splitIntoWaves } from '../merge/fold-duplicates.js';
import type { LoadJob } from '../model/load-job.js';
import { type LoadUnit, partsOf } from '../model/load-unit.js';
import type { Row } from '../model/row.js';
import { afterRejects } from '../model/stop-load.js';
import { addOutcomes, rejectedOutcome, type WriteOutcome } from '../write/write-outcome.js';
import { EveryRowFault } from './every-row.js';

/** Writes units, without those at fault; of those that may be rejected in all, so many are known already. */
type WriteWithoutFaulty = (units: readonly LoadUnit[], rejectedBefore: number) => Promise<WriteOutcome>;

/** Of records that are only tried, any number may be rejected. */
const WITHOUT_LIMIT = -Infinity;

/**
 * Writes units, some of them folded. Folding hides the fault of a record whose values a later record of its key overwrites
 * or completes. So records that were folded are first written as if each had come alone, wave after wave, and that is
 * rolled back; what was rejected is left out of the units. Records that are equal in all values hide nothing.
 */
export async function writeFolded(
  client: ClientBase,
  job: LoadJob,
  units: readonly LoadUnit[],
  write: WriteWithoutFaulty,
): Promise<WriteOutcome> {
  const hiding = units.filter(mayHideFault);
  if (hiding.length === 0) {
    return write(units, 0);
  }
  const rejected = await rejectedAmong(client, units, hiding, write);
  const certain = rejected.filter(({ rejection }) => rejection.rule !== FOREIGN_KEY_VIOLATION);
  const rest = withoutRecords(job, units, certain);
  const written = await afterRejects(certain, () =>
    certain.length < rejected.length
      ? writeReferring(client, job, rest, withoutRecords(job, hiding, certain), certain.length, write)
      : write(rest, certain.length),
  );
  return addOutcomes(rejectedOutcome(job, certain), written);
}

/** What a record refers to may be among the other units: it is tried once more on top of all of them. */
async function writeReferring(
  client: ClientBase,
  job: LoadJob,
  units: readonly LoadUnit[],
  hiding: readonly LoadUnit[],
  rejectedBefore: number,
  write: WriteWithoutFaulty,
): Promise<WriteOutcome> {
  const hidden = await rolledBack(client, async () => {
    const written = await write(units, WITHOUT_LIMIT);
    const known = new Set(written.rejected.map(({ position }) => position));
    const rejected = await rejectedAlone(client, hiding, write);
    return rejected.filter(
      ({ position, rejection }) => rejection.rule === FOREIGN_KEY_VIOLATION && !known.has(position),
    );
  });
  const written = await afterRejects(hidden, () =>
    write(withoutRecords(job, units, hidden), rejectedBefore + hidden.length),
  );
  return addOutcomes(rejectedOutcome(job, hidden), written);
}

/** Those of the units that hide faults may be the faulty ones only; then the others show that their rows pass. */
async function rejectedAmong(
  client: ClientBase,
  units: readonly LoadUnit[],
  hiding: readonly LoadUnit[],
  write: WriteWithoutFaulty,
): Promise<RejectedRecord[]> {
  try {
    return await rejectedAlone(client, hiding, write);
  } catch (error) {
    if (!(error instanceof EveryRowFault)) {
      throw error;
    }
    await rolledBack(client, () => write(units, WITHOUT_LIMIT));
    return rejectedAlone(client, hiding, write);
  }
}

/** The records of units that Postgres rejects when each comes alone; nothing stays written. */
async function rejectedAlone(
  client: ClientBase,
  units: readonly LoadUnit[],
  write: WriteWithoutFaulty,
): Promise<RejectedRecord[]> {
  return rolledBack(client, async () => {
    const rejected: RejectedRecord[] = [];
    for (const wave of splitIntoWaves(units.flatMap(partsOf))) {
      // What refers to other units is not known to be at fault.
      rejected.push(...(await write(wave, WITHOUT_LIMIT)).rejected);
    }
    return rejected;
  });
}

/** Whether a record of a folded unit may have a fault that the unit does not have. */
export function mayHideFault({ parts }: LoadUnit): boolean {
  return parts.some(({ rows }) => !isDeepStrictEqual(rows.map(contentOf), parts[0]?.rows.map(contentOf)));
}

function contentOf(row: Row | undefined): unknown {
  return row && [row.values, row.fills, row.extra];
}

/** Units without some of their records. */
export function withoutRecords(
  { targets }: LoadJob,
  units: readonly LoadUnit[],
  rejected: readonly RejectedRecord[],
): readonly LoadUnit[] {
  if (rejected.length === 0) {
    return units;
  }
  const positions = new Set(rejected.map(({ position }) => position));
  return units.flatMap((unit) => {
    const parts = partsOf(unit);
    const good = parts.filter(({ position }) => !positions.has(position));
    return good.length === parts.length
      ? [unit]
      : good.length === 0
        ? []
        : [good.reduce((all, part) => foldUnits(all, part, targets))];
  });
}
