import type { ClientBase } from 'pg';

import type { LoadJob } from '../model/load-job.js';
import type { LoadUnit } from '../model/load-unit.js';
import type { MergeSpec } from '../merge/merge-spec.js';
import { storedOutcome, type WriteOutcome } from './write-outcome.js';
import { writeRows } from './write-rows.js';
import type { WriteCounts } from './write-staged.js';

/** The load that units belong to. */
export interface UnitsOrder {
  readonly job: LoadJob;
  readonly loadId: string;
  /** How many records may be rejected. */
  readonly maxRejected: number;
}

/** What each disposition does with a row whose key is stored. */
export const ON_CONFLICT: Readonly<Record<LoadJob['options']['disposition'], MergeSpec['onConflict']>> = {
  merge: 'merge',
  append: 'insert',
  // Into the table it stages its rows in, where it meets earlier ones of the same load.
  replace: 'merge',
};

/**
 * Writes units, table by table: all or none.
 * @throws pg's DatabaseError
 */
export async function writeTogether(
  client: ClientBase,
  { job, loadId }: UnitsOrder,
  units: readonly LoadUnit[],
): Promise<WriteOutcome> {
  const counts: WriteCounts[] = [];
  for (const [index, { plan, key, stage }] of job.targets.entries()) {
    const rows = units.map((unit) => unit.rows[index]).filter((row) => row !== undefined);
    const order = { plan, key, stage, loadId, onConflict: ON_CONFLICT[job.options.disposition] };
    counts.push(await writeRows(client, order, rows));
  }
  return storedOutcome(units, counts);
}
